"""What AWS does now and then, and the embedded one never: be busy, be late, let somebody else be faster."""

from collections.abc import Iterator, Sequence
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from orchestration.bootstrap.github_oidc import AUDIENCE, ISSUER, CiIdentity
from orchestration.bootstrap.resource import TRIES, Finding, Part, Setting, settled, wait_until_right
from orchestration.bootstrap.state_bucket import StateBucket
from orchestration.bootstrap.state_key import StateKey
from shared.arns import Arns
from shared.names import Names
from terminal.errors import UserError

ARNS = Arns("aws", "111111111111", "eu-west-1", Names())
TAGS = {"project": "fraud-pipeline"}
PROVIDER = f"arn:aws:iam::111111111111:oidc-provider/{ISSUER}"


def client(service: str) -> Any:
    """One that has no way to any AWS: answers are put into it."""
    session = boto3.Session("none", "none")
    return session.client(service, region_name="eu-west-1")  # type: ignore[call-overload]


@pytest.fixture
def s3() -> Iterator[tuple[Any, Stubber]]:
    yield from stubbed("s3")


@pytest.fixture
def iam() -> Iterator[tuple[Any, Stubber]]:
    yield from stubbed("iam")


@pytest.fixture
def kms() -> Iterator[tuple[Any, Stubber]]:
    yield from stubbed("kms")


def stubbed(service: str) -> Iterator[tuple[Any, Stubber]]:
    made = client(service)
    with Stubber(made) as stub:
        yield made, stub
        stub.assert_no_pending_responses()


class Busy:
    """Fails as often as it is told, as S3 does while it works on an earlier change."""

    def __init__(self, times: int, code: str = "OperationAborted") -> None:
        self.left = times
        self.code = code

    def __call__(self) -> str:
        if self.left:
            self.left -= 1
            raise ClientError({"Error": {"Code": self.code}}, "PutBucketPolicy")
        return "done"


def test_what_aws_is_too_busy_for_is_tried_again() -> None:
    waited: list[float] = []
    assert settled(Busy(2), waited.append) == "done"
    assert len(waited) == 2


@pytest.mark.parametrize("busy", [Busy(TRIES), Busy(1, "AccessDenied")])
def test_what_does_not_pass_is_raised(busy: Busy) -> None:
    with pytest.raises(ClientError):
        settled(busy, lambda _: None)


class Toy(Part):
    """Keeps in which order it was made and set."""

    kind = name = "toy"

    def __init__(self) -> None:
        self.done: list[str] = []

    def is_there(self) -> bool:
        return "made" in self.done

    def make(self) -> None:
        self.done.append("made")

    def settings(self) -> Sequence[Setting]:
        return [self._setting("first"), self._setting("second")]

    def _setting(self, name: str) -> Setting:
        return Setting(name, lambda: name in self.done, lambda: self.done.append(name))


def test_a_part_is_made_first_and_then_set_in_order() -> None:
    part = Toy()
    assert part.look() == Finding("toy", "toy", False)
    part.put_right()
    assert part.done == ["made", "first", "second"]
    assert part.look().is_right


def test_only_what_is_wrong_is_put_right() -> None:
    part = Toy()
    part.done = ["made", "first"]
    assert part.look().wrong == ("second",)
    part.put_right()
    assert part.done == ["made", "first", "second"]


def test_a_setting_that_aws_shows_late_is_waited_for() -> None:
    shown = iter([("policy",), ("policy",), ()])
    waited: list[float] = []
    wait_until_right(lambda: [Finding("bucket", "b", True, next(shown))], waited.append)
    assert len(waited) == 2


def test_a_setting_that_aws_never_shows_is_named() -> None:
    with pytest.raises(UserError, match="does not show them: bucket b: policy"):
        wait_until_right(lambda: [Finding("bucket", "b", True, ("policy",))], lambda _: None)


def bucket_of(s3: Any) -> StateBucket:
    return StateBucket(s3, ARNS, StateKey(client("kms"), ARNS, TAGS), TAGS)


def test_a_bucket_that_was_made_meanwhile_is_as_good(s3: tuple[Any, Stubber]) -> None:
    s3[1].add_client_error("create_bucket", "BucketAlreadyOwnedByYou", http_status_code=409)
    bucket_of(s3[0]).make()


def test_a_bucket_of_somebody_else_is_said_to_be_one(s3: tuple[Any, Stubber]) -> None:
    s3[1].add_client_error("create_bucket", "BucketAlreadyExists", http_status_code=409)
    with pytest.raises(UserError, match="belongs to another AWS account"):
        bucket_of(s3[0]).make()


def test_an_identity_that_was_made_meanwhile_is_as_good(iam: tuple[Any, Stubber]) -> None:
    iam[1].add_client_error("create_open_id_connect_provider", "EntityAlreadyExists")
    CiIdentity(iam[0], ARNS, TAGS).make()


def test_an_identity_for_something_else_is_made_one_for_aws_too(iam: tuple[Any, Stubber]) -> None:
    listed = {"OpenIDConnectProviderList": [{"Arn": PROVIDER}]}
    named = {"OpenIDConnectProviderArn": PROVIDER}
    iam[1].add_response("list_open_id_connect_providers", listed)
    iam[1].add_response("get_open_id_connect_provider", {"ClientIDList": ["theirs"]}, named)
    iam[1].add_response("add_client_id_to_open_id_connect_provider", {}, {**named, "ClientID": AUDIENCE})
    CiIdentity(iam[0], ARNS, TAGS).put_right()


def test_who_is_slower_takes_the_others_key_and_gives_up_its_own(kms: tuple[Any, Stubber]) -> None:
    alias = "alias/fraud-pipeline-state"
    ours, theirs = (
        {"KeyMetadata": {"KeyId": one, "Arn": f"arn:aws:kms:::key/{one}"}} for one in ("ours", "theirs")
    )
    key = StateKey(kms[0], ARNS, TAGS)
    kms[1].add_response("list_keys", {"Keys": []})
    kms[1].add_response("create_key", ours)
    kms[1].add_client_error("create_alias", "AlreadyExistsException")
    kms[1].add_response(
        "schedule_key_deletion", {}, {"KeyId": ours["KeyMetadata"]["Arn"], "PendingWindowInDays": 7}
    )
    kms[1].add_response("describe_key", theirs, {"KeyId": alias})
    key.make()
    assert key.arn == theirs["KeyMetadata"]["Arn"]


def test_a_key_that_is_to_be_deleted_is_kept_and_then_enabled(kms: tuple[Any, Stubber]) -> None:
    # AWS enables no key that is to be deleted, and leaves one disabled that no longer is.
    named = {"KeyId": "arn:aws:kms:::key/number-one"}
    found = {"KeyMetadata": {"KeyId": "1", "Arn": named["KeyId"], "KeyState": "PendingDeletion"}}
    kms[1].add_response("describe_key", found)
    kms[1].add_response("list_aliases", {"Aliases": [{"AliasName": "alias/fraud-pipeline-state"}]}, named)
    kms[1].add_response("describe_key", found)
    kms[1].add_response("cancel_key_deletion", {}, named)
    kms[1].add_response("enable_key", {}, named)
    key = StateKey(kms[0], ARNS, TAGS)
    assert key.is_there()
    [state] = [setting for setting in key.settings() if setting.name == "state"]
    state.put_right()
