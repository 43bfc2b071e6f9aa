"""An account that is empty, half done, spoilt or right becomes right, and then the engine uses it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from orchestration.bootstrap.bootstrap import bootstrap
from orchestration.environments import LOCAL, Environment
from orchestration.pulumi.pulumi_cli import Cli
from orchestration.pulumi.results import Changes
from terminal.errors import UserError
from tests.engine.orchestration.toy_account import LAYERS, SETTINGS, ToyAccount, an_account
from tests.engine.orchestration.toy_stacks import FIRST, SECOND

ALIAS = "alias/fraud-pipeline-state"
TAGS = {"project": "fraud-pipeline", "environment": "dev", "layer": "bootstrap", "owner": "platform"}

pytestmark = [pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.usefixtures("swept")]


@pytest.fixture
def bare(toy: ToyAccount) -> ToyAccount:
    """An account that is ready, but for the stacks, which take their time."""
    toy.bootstrap()
    return toy


def test_an_empty_account_becomes_ready_and_stays_as_it_is(toy: ToyAccount) -> None:
    toy.bootstrap(layers=LAYERS)
    assert toy.questions == [f"Make or correct this in the account {toy.account}?"]
    toy.bootstrap(layers=LAYERS)
    assert toy.questions == []


def test_nothing_is_made_without_consent(toy: ToyAccount) -> None:
    with pytest.raises(UserError, match="Nothing was changed"):
        toy.bootstrap(agree=False, layers=LAYERS)
    assert toy.client("s3").list_buckets()["Buckets"] == []
    assert toy.usable_keys() == []
    assert toy.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    assert toy.settings("first").read_text() == SETTINGS


def test_the_bucket_is_versioned_encrypted_and_private(bare: ToyAccount) -> None:
    s3, named = bare.client("s3"), {"Bucket": bare.bucket}
    [key] = bare.usable_keys()
    assert s3.get_bucket_versioning(**named)["Status"] == "Enabled"
    assert s3.get_bucket_encryption(**named)["ServerSideEncryptionConfiguration"]["Rules"] == [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key["Arn"]},
            "BucketKeyEnabled": True,
        }
    ]
    assert set(s3.get_public_access_block(**named)["PublicAccessBlockConfiguration"].values()) == {True}
    assert s3.get_bucket_ownership_controls(**named)["OwnershipControls"]["Rules"] == [
        {"ObjectOwnership": "BucketOwnerEnforced"}
    ]
    assert TAGS.items() <= tags(s3.get_bucket_tagging(**named)["TagSet"]).items()


def test_the_bucket_forgets_what_is_old(bare: ToyAccount) -> None:
    rules = bare.client("s3").get_bucket_lifecycle_configuration(Bucket=bare.bucket)["Rules"]
    versions, ours, pulumis = sorted(rules, key=lambda rule: str(rule["Filter"]["Prefix"]))[0:1] + [
        next(rule for rule in rules if rule["Filter"]["Prefix"] == prefix)
        for prefix in ("backups/", ".pulumi/backups/")
    ]
    assert versions["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
    assert versions["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert ours["Expiration"] == pulumis["Expiration"] == {"Days": 90}
    assert {rule["Status"] for rule in rules} == {"Enabled"}


def test_the_bucket_takes_what_is_encrypted_with_its_key_and_nothing_else(bare: ToyAccount) -> None:
    s3, [key] = bare.as_user("s3:PutObject"), bare.usable_keys()
    assert s3.put_object(Bucket=bare.bucket, Key="right", Body=b"")["SSEKMSKeyId"] == key["Arn"]
    for other in ("AES256", "aws:kms"):
        with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
            s3.put_object(Bucket=bare.bucket, Key="wrong", Body=b"", ServerSideEncryption=other)


def test_the_bucket_denies_other_keys(bare: ToyAccount) -> None:
    # The embedded AWS does not know the key of a request when it looks at the policy.
    header = "s3:x-amz-server-side-encryption-aws-kms-key-id"
    [key] = bare.usable_keys()
    assert statement(bare, "DenyOtherKeys")["Condition"] == {
        "Null": {header: "false"},
        "StringNotEquals": {header: key["Arn"]},
    }


def test_the_bucket_is_denied_to_whom_does_not_use_tls(bare: ToyAccount) -> None:
    arn = f"arn:aws:s3:::{bare.bucket}"
    assert statement(bare, "DenyWithoutTls") == {
        "Sid": "DenyWithoutTls",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": ["s3:*"],
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def test_the_key_rotates_and_is_for_whom_the_account_allows(bare: ToyAccount) -> None:
    kms, [key] = bare.client("kms"), bare.usable_keys()
    assert [one["TargetKeyId"] for one in aliases(bare)] == [key["KeyId"]]
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]
    policy = json.loads(kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"])
    root = {"AWS": f"arn:aws:iam::{bare.account}:root"}
    assert {(one["Sid"], one["Effect"]) for one in policy["Statement"]} == {
        ("Administer", "Allow"),
        ("Use", "Allow"),
    }
    assert all(one["Principal"] == root for one in policy["Statement"])
    assert not any("*" in action for one in policy["Statement"] for action in one["Action"])
    found = kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]
    assert TAGS.items() <= {tag["TagKey"]: tag["TagValue"] for tag in found}.items()


def test_CI_has_an_identity_for_signing_in(bare: ToyAccount) -> None:
    iam = bare.client("iam")
    [provider] = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider["Arn"])
    assert found["Url"].removeprefix("https://") == "token.actions.githubusercontent.com"
    assert found["ClientIDList"] == ["sts.amazonaws.com"]
    assert TAGS.items() <= tags(found["Tags"]).items()


Spoil = Callable[[ToyAccount, Any], object]

SPOILT_BUCKET: dict[str, Spoil] = {
    "public access": lambda toy, s3: s3.delete_public_access_block(Bucket=toy.bucket),
    "ownership": lambda toy, s3: s3.put_bucket_ownership_controls(
        Bucket=toy.bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    ),
    "encryption": lambda toy, s3: s3.delete_bucket_encryption(Bucket=toy.bucket),
    "versioning": lambda toy, s3: s3.put_bucket_versioning(
        Bucket=toy.bucket, VersioningConfiguration={"Status": "Suspended"}
    ),
    "policy": lambda toy, s3: s3.delete_bucket_policy(Bucket=toy.bucket),
    "lifecycle": lambda toy, s3: s3.delete_bucket_lifecycle(Bucket=toy.bucket),
    "tags": lambda toy, s3: s3.delete_bucket_tagging(Bucket=toy.bucket),
}
SPOILT_KEY: dict[str, Spoil] = {
    "state": lambda toy, kms: kms.disable_key(KeyId=key_of(toy)),
    "rotation": lambda toy, kms: kms.disable_key_rotation(KeyId=key_of(toy)),
    "policy": lambda toy, kms: kms.put_key_policy(
        KeyId=key_of(toy), PolicyName="default", Policy=other_policy(toy)
    ),
    "tags": lambda toy, kms: kms.untag_resource(KeyId=key_of(toy), TagKeys=["owner"]),
}


@pytest.mark.parametrize("setting", SPOILT_BUCKET)
def test_a_setting_of_the_bucket_that_was_changed_is_named_and_put_back(
    bare: ToyAccount, capsys: pytest.CaptureFixture[str], setting: str
) -> None:
    SPOILT_BUCKET[setting](bare, bare.client("s3"))
    bare.bootstrap()
    assert row(capsys, "bucket").endswith(f"to be corrected │ {setting}")
    bare.bootstrap()
    assert bare.questions == []


@pytest.mark.parametrize("setting", SPOILT_KEY)
def test_a_setting_of_the_key_that_was_changed_is_named_and_put_back(
    bare: ToyAccount, capsys: pytest.CaptureFixture[str], setting: str
) -> None:
    SPOILT_KEY[setting](bare, bare.client("kms"))
    bare.bootstrap()
    assert row(capsys, "key").endswith(f"to be corrected │ {setting}")
    bare.bootstrap()
    assert bare.questions == []


def test_a_key_that_is_to_be_deleted_is_saved(bare: ToyAccount) -> None:
    key = key_of(bare)
    bare.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    bare.bootstrap()
    assert [(one["KeyId"], one["KeyState"]) for one in bare.usable_keys()] == [(key, "Enabled")]


def test_what_others_added_to_the_bucket_stays(bare: ToyAccount) -> None:
    s3, named = bare.client("s3"), {"Bucket": bare.bucket}
    s3.put_bucket_tagging(**named, Tagging={"TagSet": [{"Key": "cost", "Value": "1"}]})
    rule = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "x"}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(**named, LifecycleConfiguration={"Rules": [rule]})
    bare.bootstrap()
    assert tags(s3.get_bucket_tagging(**named)["TagSet"]) == {**TAGS, "cost": "1"}
    rules = s3.get_bucket_lifecycle_configuration(**named)["Rules"]
    assert "theirs" in {found["ID"] for found in rules}
    assert len(rules) == 4


def test_a_run_that_broke_off_after_the_key_is_finished_with_that_key(bare: ToyAccount) -> None:
    key = key_of(bare)
    bare.client("kms").delete_alias(AliasName=ALIAS)
    bare.client("s3").delete_bucket_tagging(Bucket=bare.bucket)
    bare.bootstrap()
    assert [one["KeyId"] for one in bare.usable_keys()] == [key]
    assert [one["TargetKeyId"] for one in aliases(bare)] == [key]


def test_a_bucket_that_was_only_just_made_is_finished(toy: ToyAccount) -> None:
    toy.client("s3").create_bucket(Bucket=toy.bucket)
    toy.bootstrap()
    toy.bootstrap()
    assert toy.questions == []


def test_a_bucket_outside_us_east_1_is_in_its_region(
    tmp_path: Path, cli: Cli, aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ToyAccount.make(tmp_path, cli, an_account(), region="eu-west-1")
    toy = made.enter(aws, monkeypatch)
    toy.bootstrap(layers=LAYERS)
    location = toy.client("s3").get_bucket_location(Bucket=toy.bucket)["LocationConstraint"]
    assert location == "eu-west-1"
    assert toy.engine().up(FIRST).changes == Changes(create=2)


def test_credentials_of_another_account_are_refused(toy: ToyAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    other = an_account()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", other)
    with pytest.raises(UserError, match=f"are for the AWS account {other}, and 'dev' is {toy.account}"):
        toy.bootstrap()
    assert toy.client("s3").list_buckets()["Buckets"] == []


def test_a_bucket_that_somebody_else_made_first_is_refused(
    toy: ToyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", an_account())
    toy.client("s3").create_bucket(Bucket=toy.bucket)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", toy.account)
    with pytest.raises(UserError, match=f"{toy.bucket} belongs to another AWS account"):
        toy.bootstrap()


def test_local_needs_none_of_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'local' is no AWS account"):
        bootstrap(Environment(LOCAL, tmp_path), lambda: pytest.fail("asked"), lambda _: None)


def test_the_settings_say_how_secrets_are_encrypted_and_are_otherwise_as_they_were(
    ready: ToyAccount,
) -> None:
    text = ready.settings("first").read_text()
    assert text.startswith(SETTINGS)
    assert f"secretsprovider: awskms://{ALIAS}?region=us-east-1\nencryptedkey: " in text


def test_settings_that_were_not_committed_are_written_again(ready: ToyAccount) -> None:
    file = ready.settings("first")
    written = file.read_text()
    file.write_text(SETTINGS)
    ready.bootstrap(layers=LAYERS)
    assert file.read_text() == written


def test_the_engine_then_keeps_state_and_secrets_there(ready: ToyAccount) -> None:
    before = ready.settings("first").read_text()
    assert ready.engine().up(FIRST).changes == Changes(create=2)
    assert ready.engine().up(SECOND).outputs == {"read": "thing"}
    assert ready.engine().up(FIRST).changes == Changes(same=2)
    assert len(ready.engine().history(FIRST)) == 2
    listed = ready.client("s3").list_objects_v2(Bucket=ready.bucket, Prefix=".pulumi/stacks/toy-first/")
    assert ".pulumi/stacks/toy-first/dev.json" in {one["Key"] for one in listed["Contents"]}
    assert ready.engine().exported(FIRST)["secrets_providers"]["type"] == "cloud"
    assert ready.settings("first").read_text() == before


def test_on_a_backend_of_the_users_there_is_no_bucket(
    toy: ToyAccount, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state = toy.root / "state"
    state.mkdir()
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{state}")
    toy.bootstrap(layers=LAYERS)
    assert toy.client("s3").list_buckets()["Buckets"] == []
    assert "as you have set; no bucket is made" in capsys.readouterr().err
    assert len(toy.usable_keys()) == 1
    assert toy.engine().up(FIRST).changes == Changes(create=2)


def test_with_pulumi_cloud_the_account_needs_the_identity_of_CI_only(
    toy: ToyAccount, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "set")
    toy.bootstrap()
    assert toy.client("s3").list_buckets()["Buckets"] == []
    assert toy.usable_keys() == []
    assert len(toy.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]) == 1
    assert "State: Pulumi Cloud, as you have set" in capsys.readouterr().err


def tags(found: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in found}


def statement(toy: ToyAccount, sid: str) -> Any:
    """A statement of the bucket's policy."""
    policy = json.loads(toy.client("s3").get_bucket_policy(Bucket=toy.bucket)["Policy"])
    [found] = [one for one in policy["Statement"] if one["Sid"] == sid]
    return found


def aliases(toy: ToyAccount) -> list[Any]:
    return [one for one in toy.client("kms").list_aliases()["Aliases"] if one["AliasName"] == ALIAS]


def key_of(toy: ToyAccount) -> str:
    [alias] = aliases(toy)
    return str(alias["TargetKeyId"])


def other_policy(toy: ToyAccount) -> str:
    root = {"AWS": f"arn:aws:iam::{toy.account}:root"}
    statement = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def row(capsys: pytest.CaptureFixture[str], kind: str) -> str:
    """The line of the table of the last run."""
    lines = capsys.readouterr().out.splitlines()
    found = [line.strip("│ ") for line in lines if line.strip("│ ").startswith(kind)]
    return " │ ".join(cell.strip() for cell in found[-1].split("│"))
