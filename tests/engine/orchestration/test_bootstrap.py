"""Bootstrap of an empty, unfinished, changed or correct account, and its use by the engine."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from orchestration.bootstrap.bootstrap import bootstrap_account
from orchestration.environments import LOCAL, Environment
from orchestration.pulumi.pulumi_cli import PulumiCli
from orchestration.pulumi.results import Changes
from terminal.errors import UserError
from tests.engine.orchestration.sample_account import LAYERS, SETTINGS, SampleAccount, create_account_id
from tests.engine.orchestration.sample_stacks import FIRST, SECOND

ALIAS = "alias/fraud-pipeline-state"
TAGS = {"project": "fraud-pipeline", "environment": "dev", "layer": "bootstrap", "owner": "platform"}

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.usefixtures("collect_garbage"),
]


@pytest.fixture
def bare_account(empty_account: SampleAccount) -> SampleAccount:
    """The account after a bootstrap without stacks, which take long."""
    empty_account.bootstrap()
    return empty_account


def test_empty_account_is_prepared_once(empty_account: SampleAccount) -> None:
    empty_account.bootstrap(layers=LAYERS)
    [question] = empty_account.questions
    assert empty_account.account in question
    empty_account.bootstrap(layers=LAYERS)
    assert empty_account.questions == []


def test_nothing_is_created_without_confirmation(empty_account: SampleAccount) -> None:
    with pytest.raises(UserError):
        empty_account.bootstrap(agree=False, layers=LAYERS)
    assert empty_account.client("s3").list_buckets()["Buckets"] == []
    assert empty_account.usable_keys() == []
    assert empty_account.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    assert empty_account.settings("first").read_text() == SETTINGS


def test_bucket_is_versioned_encrypted_and_private(bare_account: SampleAccount) -> None:
    s3, named = bare_account.client("s3"), {"Bucket": bare_account.bucket}
    [key] = bare_account.usable_keys()
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
    assert TAGS.items() <= read_tags(s3.get_bucket_tagging(**named)["TagSet"]).items()


def test_bucket_expires_old_versions_and_backups(bare_account: SampleAccount) -> None:
    rules = bare_account.client("s3").get_bucket_lifecycle_configuration(Bucket=bare_account.bucket)["Rules"]
    versions, own_backups, pulumi_backups = sorted(rules, key=lambda rule: str(rule["Filter"]["Prefix"]))[
        0:1
    ] + [
        next(rule for rule in rules if rule["Filter"]["Prefix"] == prefix)
        for prefix in ("backups/", ".pulumi/backups/")
    ]
    assert versions["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
    assert versions["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert own_backups["Expiration"] == pulumi_backups["Expiration"] == {"Days": 90}
    assert {rule["Status"] for rule in rules} == {"Enabled"}


def test_bucket_accepts_only_uploads_encrypted_with_its_key(bare_account: SampleAccount) -> None:
    s3, [key] = bare_account.as_user("s3:PutObject"), bare_account.usable_keys()
    assert s3.put_object(Bucket=bare_account.bucket, Key="right", Body=b"")["SSEKMSKeyId"] == key["Arn"]
    for algorithm in ("AES256", "aws:kms"):
        with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
            s3.put_object(Bucket=bare_account.bucket, Key="wrong", Body=b"", ServerSideEncryption=algorithm)


def test_bucket_denies_other_keys(bare_account: SampleAccount) -> None:
    # The embedded AWS evaluates the policy without the key of the request.
    header = "s3:x-amz-server-side-encryption-aws-kms-key-id"
    [key] = bare_account.usable_keys()
    assert find_statement(bare_account, "DenyOtherKeys")["Condition"] == {
        "Null": {header: "false"},
        "StringNotEquals": {header: key["Arn"]},
    }


def test_bucket_denies_connections_without_tls(bare_account: SampleAccount) -> None:
    arn = f"arn:aws:s3:::{bare_account.bucket}"
    assert find_statement(bare_account, "DenyWithoutTls") == {
        "Sid": "DenyWithoutTls",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": ["s3:*"],
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def test_key_rotates_and_delegates_access_to_iam_policies(bare_account: SampleAccount) -> None:
    kms, [key] = bare_account.client("kms"), bare_account.usable_keys()
    assert [alias["TargetKeyId"] for alias in list_aliases(bare_account)] == [key["KeyId"]]
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]
    policy = json.loads(kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"])
    root = {"AWS": f"arn:aws:iam::{bare_account.account}:root"}
    assert {(entry["Sid"], entry["Effect"]) for entry in policy["Statement"]} == {
        ("Administer", "Allow"),
        ("Use", "Allow"),
    }
    assert all(entry["Principal"] == root for entry in policy["Statement"])
    assert not any("*" in action for entry in policy["Statement"] for action in entry["Action"])
    key_tags = kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]
    assert TAGS.items() <= {tag["TagKey"]: tag["TagValue"] for tag in key_tags}.items()


def test_account_has_the_identity_provider_of_ci(bare_account: SampleAccount) -> None:
    iam = bare_account.client("iam")
    [provider] = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    response = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider["Arn"])
    assert response["Url"].removeprefix("https://") == "token.actions.githubusercontent.com"
    assert response["ClientIDList"] == ["sts.amazonaws.com"]
    assert TAGS.items() <= read_tags(response["Tags"]).items()


Change = Callable[[SampleAccount, Any], object]

BUCKET_CHANGES: dict[str, Change] = {
    "public access": lambda account, s3: s3.delete_public_access_block(Bucket=account.bucket),
    "ownership": lambda account, s3: s3.put_bucket_ownership_controls(
        Bucket=account.bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    ),
    "encryption": lambda account, s3: s3.delete_bucket_encryption(Bucket=account.bucket),
    "versioning": lambda account, s3: s3.put_bucket_versioning(
        Bucket=account.bucket, VersioningConfiguration={"Status": "Suspended"}
    ),
    "policy": lambda account, s3: s3.delete_bucket_policy(Bucket=account.bucket),
    "lifecycle": lambda account, s3: s3.delete_bucket_lifecycle(Bucket=account.bucket),
    "tags": lambda account, s3: s3.delete_bucket_tagging(Bucket=account.bucket),
}
KEY_CHANGES: dict[str, Change] = {
    "state": lambda account, kms: kms.disable_key(KeyId=find_key_id(account)),
    "rotation": lambda account, kms: kms.disable_key_rotation(KeyId=find_key_id(account)),
    "policy": lambda account, kms: kms.put_key_policy(
        KeyId=find_key_id(account), PolicyName="default", Policy=create_other_policy(account)
    ),
    "tags": lambda account, kms: kms.untag_resource(KeyId=find_key_id(account), TagKeys=["owner"]),
}


@pytest.mark.parametrize("setting", BUCKET_CHANGES)
def test_changed_setting_of_the_bucket_is_named_and_corrected(
    bare_account: SampleAccount, capsys: pytest.CaptureFixture[str], setting: str
) -> None:
    BUCKET_CHANGES[setting](bare_account, bare_account.client("s3"))
    bare_account.bootstrap()
    assert find_row(capsys, "bucket").endswith(f"to be corrected │ {setting}")
    bare_account.bootstrap()
    assert bare_account.questions == []


@pytest.mark.parametrize("setting", KEY_CHANGES)
def test_changed_setting_of_the_key_is_named_and_corrected(
    bare_account: SampleAccount, capsys: pytest.CaptureFixture[str], setting: str
) -> None:
    KEY_CHANGES[setting](bare_account, bare_account.client("kms"))
    bare_account.bootstrap()
    assert find_row(capsys, "key").endswith(f"to be corrected │ {setting}")
    bare_account.bootstrap()
    assert bare_account.questions == []


def test_pending_deletion_of_the_key_is_cancelled(bare_account: SampleAccount) -> None:
    key = find_key_id(bare_account)
    bare_account.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    bare_account.bootstrap()
    assert [(item["KeyId"], item["KeyState"]) for item in bare_account.usable_keys()] == [(key, "Enabled")]


def test_tags_and_rules_of_others_are_kept(bare_account: SampleAccount) -> None:
    s3, named = bare_account.client("s3"), {"Bucket": bare_account.bucket}
    s3.put_bucket_tagging(**named, Tagging={"TagSet": [{"Key": "cost", "Value": "1"}]})
    rule = {"ID": "other-rule", "Status": "Enabled", "Filter": {"Prefix": "x"}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(**named, LifecycleConfiguration={"Rules": [rule]})
    bare_account.bootstrap()
    assert read_tags(s3.get_bucket_tagging(**named)["TagSet"]) == {**TAGS, "cost": "1"}
    rules = s3.get_bucket_lifecycle_configuration(**named)["Rules"]
    assert "other-rule" in {rule["ID"] for rule in rules}
    assert len(rules) == 4


def test_key_of_an_interrupted_run_is_used(bare_account: SampleAccount) -> None:
    key = find_key_id(bare_account)
    bare_account.client("kms").delete_alias(AliasName=ALIAS)
    bare_account.client("s3").delete_bucket_tagging(Bucket=bare_account.bucket)
    bare_account.bootstrap()
    assert [item["KeyId"] for item in bare_account.usable_keys()] == [key]
    assert [alias["TargetKeyId"] for alias in list_aliases(bare_account)] == [key]


def test_bucket_of_an_interrupted_run_is_configured(empty_account: SampleAccount) -> None:
    empty_account.client("s3").create_bucket(Bucket=empty_account.bucket)
    empty_account.bootstrap()
    empty_account.bootstrap()
    assert empty_account.questions == []


def test_bucket_is_in_the_region_of_the_account(
    tmp_path: Path, cli: PulumiCli, aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = SampleAccount.create(tmp_path, cli, create_account_id(), region="eu-west-1")
    empty_account = account.enter(aws, monkeypatch)
    empty_account.bootstrap(layers=LAYERS)
    location = empty_account.client("s3").get_bucket_location(Bucket=empty_account.bucket)[
        "LocationConstraint"
    ]
    assert location == "eu-west-1"
    assert empty_account.engine().up(FIRST).changes == Changes(create=2)


def test_credentials_of_another_account_are_refused(
    empty_account: SampleAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_account = create_account_id()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", other_account)
    with pytest.raises(UserError) as refused:
        empty_account.bootstrap()
    assert other_account in refused.value.message
    assert empty_account.account in refused.value.message
    assert empty_account.client("s3").list_buckets()["Buckets"] == []


def test_bucket_of_another_account_is_refused(
    empty_account: SampleAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", create_account_id())
    empty_account.client("s3").create_bucket(Bucket=empty_account.bucket)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", empty_account.account)
    with pytest.raises(UserError, match=empty_account.bucket):
        empty_account.bootstrap()


def test_bootstrap_of_local_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'local'"):
        bootstrap_account(
            Environment(LOCAL, tmp_path), lambda: pytest.fail("an engine was opened"), lambda _: None
        )


def test_encryption_settings_are_appended_to_the_settings_file(
    ready_account: SampleAccount,
) -> None:
    text = ready_account.settings("first").read_text()
    assert text.startswith(SETTINGS)
    assert f"secretsprovider: awskms://{ALIAS}?region=us-east-1\nencryptedkey: " in text


def test_missing_encryption_settings_are_written_again(ready_account: SampleAccount) -> None:
    file = ready_account.settings("first")
    written = file.read_text()
    file.write_text(SETTINGS)
    ready_account.bootstrap(layers=LAYERS)
    assert file.read_text() == written


def test_engine_uses_the_bucket_and_the_key(ready_account: SampleAccount) -> None:
    before = ready_account.settings("first").read_text()
    assert ready_account.engine().up(FIRST).changes == Changes(create=2)
    assert ready_account.engine().up(SECOND).outputs == {"read": "thing"}
    assert ready_account.engine().up(FIRST).changes == Changes(same=2)
    assert len(ready_account.engine().history(FIRST)) == 2
    listed = ready_account.client("s3").list_objects_v2(
        Bucket=ready_account.bucket, Prefix=".pulumi/stacks/sample-first/"
    )
    assert ".pulumi/stacks/sample-first/dev.json" in {item["Key"] for item in listed["Contents"]}
    assert ready_account.engine().export_deployment(FIRST)["secrets_providers"]["type"] == "cloud"
    assert ready_account.settings("first").read_text() == before


def test_no_bucket_is_created_for_a_backend_of_the_user(
    empty_account: SampleAccount, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state = empty_account.root / "state"
    state.mkdir()
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{state}")
    empty_account.bootstrap(layers=LAYERS)
    assert empty_account.client("s3").list_buckets()["Buckets"] == []
    assert f"file://{state}" in capsys.readouterr().err
    assert len(empty_account.usable_keys()) == 1
    assert empty_account.engine().up(FIRST).changes == Changes(create=2)


def test_with_pulumi_cloud_only_the_identity_provider_is_created(
    empty_account: SampleAccount, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "set")
    empty_account.bootstrap()
    assert empty_account.client("s3").list_buckets()["Buckets"] == []
    assert empty_account.usable_keys() == []
    assert len(empty_account.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]) == 1
    assert "Pulumi Cloud" in capsys.readouterr().err


def read_tags(response: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in response}


def find_statement(empty_account: SampleAccount, sid: str) -> Any:
    """Return a statement of the bucket policy."""
    policy = json.loads(empty_account.client("s3").get_bucket_policy(Bucket=empty_account.bucket)["Policy"])
    [match] = [entry for entry in policy["Statement"] if entry["Sid"] == sid]
    return match


def list_aliases(empty_account: SampleAccount) -> list[Any]:
    return [
        alias
        for alias in empty_account.client("kms").list_aliases()["Aliases"]
        if alias["AliasName"] == ALIAS
    ]


def find_key_id(empty_account: SampleAccount) -> str:
    [alias] = list_aliases(empty_account)
    return str(alias["TargetKeyId"])


def create_other_policy(empty_account: SampleAccount) -> str:
    root = {"AWS": f"arn:aws:iam::{empty_account.account}:root"}
    statement = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def find_row(capsys: pytest.CaptureFixture[str], kind: str) -> str:
    """Return the row of the table in the last run."""
    lines = capsys.readouterr().out.splitlines()
    rows = [line.strip("│ ") for line in lines if line.strip("│ ").startswith(kind)]
    return " │ ".join(cell.strip() for cell in rows[-1].split("│"))
