"""Responses of AWS that the embedded AWS never gives: transient errors, delays and concurrent changes."""

from collections.abc import Iterator, Sequence
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from orchestration.bootstrap.github_oidc import AUDIENCE, ISSUER, GithubOidcProvider
from orchestration.bootstrap.resource import (
    MAX_ATTEMPTS,
    Check,
    Resource,
    Setting,
    retry_transient,
    wait_until_consistent,
)
from orchestration.bootstrap.state_bucket import StateBucket
from orchestration.bootstrap.state_key import StateKey
from shared.arns import Arns
from shared.names import Names
from terminal.errors import UserError

ARNS = Arns("aws", "111111111111", "eu-west-1", Names())
TAGS = {"project": "fraud-pipeline"}
PROVIDER = f"arn:aws:iam::111111111111:oidc-provider/{ISSUER}"


def create_client(service: str) -> Any:
    """A client without access to AWS, for stubbed responses."""
    session = boto3.Session("none", "none")
    return session.client(service, region_name="eu-west-1")  # type: ignore[call-overload]


@pytest.fixture
def s3() -> Iterator[tuple[Any, Stubber]]:
    yield from stub_client("s3")


@pytest.fixture
def iam() -> Iterator[tuple[Any, Stubber]]:
    yield from stub_client("iam")


@pytest.fixture
def kms() -> Iterator[tuple[Any, Stubber]]:
    yield from stub_client("kms")


def stub_client(service: str) -> Iterator[tuple[Any, Stubber]]:
    client = create_client(service)
    with Stubber(client) as stub:
        yield client, stub
        stub.assert_no_pending_responses()


class BusyCall:
    """A call that fails a number of times, like S3 while it processes an earlier change."""

    def __init__(self, times: int, code: str = "OperationAborted") -> None:
        self.failures = times
        self.code = code

    def __call__(self) -> str:
        if self.failures:
            self.failures -= 1
            raise ClientError({"Error": {"Code": self.code}}, "PutBucketPolicy")
        return "done"


def test_transient_error_is_retried() -> None:
    pauses: list[float] = []
    assert retry_transient(BusyCall(2), pauses.append) == "done"
    assert len(pauses) == 2


@pytest.mark.parametrize("busy", [BusyCall(MAX_ATTEMPTS), BusyCall(1, "AccessDenied")])
def test_persistent_or_other_error_is_raised(busy: BusyCall) -> None:
    with pytest.raises(ClientError):
        retry_transient(busy, lambda _: None)


class FakeResource(Resource):
    """Records the order of its creation and its settings."""

    kind = name = "fake"

    def __init__(self) -> None:
        self.steps: list[str] = []

    def exists(self) -> bool:
        return "created" in self.steps

    def create(self) -> None:
        self.steps.append("created")

    def settings(self) -> Sequence[Setting]:
        return [self._setting("first"), self._setting("second")]

    def _setting(self, name: str) -> Setting:
        return Setting(name, lambda: name in self.steps, lambda: self.steps.append(name))


def test_resource_is_created_before_its_settings_are_applied_in_order() -> None:
    resource = FakeResource()
    assert resource.check() == Check("fake", "fake", False)
    resource.ensure()
    assert resource.steps == ["created", "first", "second"]
    assert resource.check().is_correct


def test_only_incorrect_settings_are_applied() -> None:
    resource = FakeResource()
    resource.steps = ["created", "first"]
    assert resource.check().incorrect == ("second",)
    resource.ensure()
    assert resource.steps == ["created", "first", "second"]


def test_eventually_consistent_setting_is_awaited() -> None:
    results = iter([("policy",), ("policy",), ()])
    pauses: list[float] = []
    wait_until_consistent(lambda: [Check("bucket", "b", True, next(results))], pauses.append)
    assert len(pauses) == 2


def test_setting_that_never_becomes_consistent_is_named() -> None:
    with pytest.raises(UserError, match="bucket b: policy"):
        wait_until_consistent(lambda: [Check("bucket", "b", True, ("policy",))], lambda _: None)


def create_bucket_resource(s3: Any) -> StateBucket:
    return StateBucket(s3, ARNS, StateKey(create_client("kms"), ARNS, TAGS), TAGS)


def test_bucket_that_another_run_created_is_accepted(s3: tuple[Any, Stubber]) -> None:
    s3[1].add_client_error("create_bucket", "BucketAlreadyOwnedByYou", http_status_code=409)
    create_bucket_resource(s3[0]).create()


def test_bucket_of_another_account_is_refused(s3: tuple[Any, Stubber]) -> None:
    s3[1].add_client_error("create_bucket", "BucketAlreadyExists", http_status_code=409)
    with pytest.raises(UserError, match="fraud-pipeline-state-111111111111-eu-west-1"):
        create_bucket_resource(s3[0]).create()


def test_identity_provider_that_another_run_created_is_accepted(iam: tuple[Any, Stubber]) -> None:
    iam[1].add_client_error("create_open_id_connect_provider", "EntityAlreadyExists")
    GithubOidcProvider(iam[0], ARNS, TAGS).create()


def test_missing_audience_is_added_to_an_existing_identity_provider(iam: tuple[Any, Stubber]) -> None:
    listed = {"OpenIDConnectProviderList": [{"Arn": PROVIDER}]}
    named = {"OpenIDConnectProviderArn": PROVIDER}
    iam[1].add_response("list_open_id_connect_providers", listed)
    iam[1].add_response("get_open_id_connect_provider", {"ClientIDList": ["theirs"]}, named)
    iam[1].add_response("add_client_id_to_open_id_connect_provider", {}, {**named, "ClientID": AUDIENCE})
    GithubOidcProvider(iam[0], ARNS, TAGS).ensure()


def test_slower_of_two_runs_uses_the_other_key_and_deletes_its_own(kms: tuple[Any, Stubber]) -> None:
    alias = "alias/fraud-pipeline-state"
    ours, theirs = (
        {"KeyMetadata": {"KeyId": key_id, "Arn": f"arn:aws:kms:::key/{key_id}"}}
        for key_id in ("ours", "theirs")
    )
    key = StateKey(kms[0], ARNS, TAGS)
    kms[1].add_response("list_keys", {"Keys": []})
    kms[1].add_response("create_key", ours)
    kms[1].add_client_error("create_alias", "AlreadyExistsException")
    kms[1].add_response(
        "schedule_key_deletion", {}, {"KeyId": ours["KeyMetadata"]["Arn"], "PendingWindowInDays": 7}
    )
    kms[1].add_response("describe_key", theirs, {"KeyId": alias})
    key.create()
    assert key.arn == theirs["KeyMetadata"]["Arn"]


def test_deletion_of_a_key_is_cancelled_before_it_is_enabled(kms: tuple[Any, Stubber]) -> None:
    # AWS does not enable a key with a pending deletion, and a key with a cancelled deletion is disabled.
    named = {"KeyId": "arn:aws:kms:::key/number-one"}
    response = {"KeyMetadata": {"KeyId": "1", "Arn": named["KeyId"], "KeyState": "PendingDeletion"}}
    kms[1].add_response("describe_key", response)
    kms[1].add_response("list_aliases", {"Aliases": [{"AliasName": "alias/fraud-pipeline-state"}]}, named)
    kms[1].add_response("describe_key", response)
    kms[1].add_response("cancel_key_deletion", {}, named)
    kms[1].add_response("enable_key", {}, named)
    key = StateKey(kms[0], ARNS, TAGS)
    assert key.exists()
    [state] = [setting for setting in key.settings() if setting.name == "state"]
    state.apply()
