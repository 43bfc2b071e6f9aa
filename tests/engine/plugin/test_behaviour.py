"""The plugin with drift, unsupported properties, protected resources and wrong settings."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pytest
from pulumi import automation as auto

from local.embedded import EmbeddedAws
from tests.engine.plugin.engine import ACCOUNT, EngineUnderTest, Operations, Stack

TAGS = {"aws:defaultTags": json.dumps({"tags": {"Project": "plugin-test"}})}


def program() -> None:
    queue = aws.sqs.Queue("queue", name="drift", visibility_timeout_seconds=360, tags={"Own": "yes"})
    aws.sqs.Queue("lost", name="lost")
    aws.dynamodb.Table(
        "table",
        name="protected",
        billing_mode="PAY_PER_REQUEST",
        hash_key="id",
        attributes=[{"name": "id", "type": "S"}],
        deletion_protection_enabled=True,
    )
    pulumi.export("url", queue.url)
    pulumi.export("account", aws.get_caller_identity().account_id)
    pulumi.export("region", aws.get_region().region)
    pulumi.export("partition", aws.get_partition().partition)


@dataclass(frozen=True)
class DeployedStack:
    """A stack and its outputs."""

    stack: Stack
    outputs: dict[str, str]

    @property
    def url(self) -> str:
        """The URL of the queue that the tests do not delete."""
        return self.outputs["url"]


@pytest.fixture(scope="module")
def deployed(engine: EngineUnderTest) -> Iterator[DeployedStack]:
    with engine.stack("behaviour", TAGS) as stack:
        stack.up(program)
        yield DeployedStack(stack, stack.outputs())
        engine.client("dynamodb").update_table(TableName="protected", DeletionProtectionEnabled=False)
        stack.destroy()


@pytest.fixture(scope="module")
def drift_preview(deployed: DeployedStack) -> Operations:
    """A preview with a refresh, after one queue was changed and another deleted outside of Pulumi."""
    sqs = deployed.stack.client("sqs")
    sqs.set_queue_attributes(QueueUrl=deployed.url, Attributes={"VisibilityTimeout": "5"})
    sqs.delete_queue(QueueUrl=deployed.url.replace("drift", "lost"))
    return deployed.stack.preview(program, refresh=True)


def test_refresh_detects_changes_outside_of_pulumi(drift_preview: Operations) -> None:
    assert drift_preview.drifted == {"queue", "lost"}
    assert drift_preview.changes == {"queue": "update", "lost": "create"}


@pytest.mark.usefixtures("drift_preview")
def test_update_reverts_changes_outside_of_pulumi(deployed: DeployedStack) -> None:
    deployed.stack.up(program, refresh=True)
    sqs = deployed.stack.client("sqs")
    response = sqs.get_queue_attributes(QueueUrl=deployed.url, AttributeNames=["VisibilityTimeout"])
    assert response["Attributes"] == {"VisibilityTimeout": "360"}


def test_data_sources_describe_the_embedded_aws(deployed: DeployedStack) -> None:
    values = {name: deployed.outputs[name] for name in ("account", "region", "partition")}
    assert values == {"account": ACCOUNT, "region": "us-east-1", "partition": "aws"}


def test_default_tags_are_on_every_resource(deployed: DeployedStack) -> None:
    tags = deployed.stack.client("sqs").list_queue_tags(QueueUrl=deployed.url)["Tags"]
    assert tags == {"Project": "plugin-test", "Own": "yes"}


def test_protected_table_is_not_deleted(deployed: DeployedStack) -> None:
    stack = deployed.stack
    with pytest.raises(auto.errors.CommandError, match=r"Table: DeleteTable: .*protected against deletion"):
        stack.stack.destroy(target=[stack.resources()["table"]["urn"]])
    assert "protected" in stack.client("dynamodb").list_tables()["TableNames"]


def test_unsupported_property_stops_the_preview(engine: EngineUnderTest) -> None:
    with (
        engine.stack("strict") as stack,
        pytest.raises(auto.errors.CommandError, match=r"aws:sqs/queue:Queue: deduplicationScope"),
    ):
        stack.preview(lambda: aws.sqs.Queue("queue", deduplication_scope="queue") and None)


def test_endpoint_that_is_not_loopback_stops_the_preview(engine: EngineUnderTest, aws: EmbeddedAws) -> None:
    url = "https://sqs.us-east-1.amazonaws.com"
    engine_of_real_aws = EngineUnderTest(
        engine.cli, engine.folder, {**engine.variables, "AWS_ENDPOINT_URL": url}, aws.client
    )
    with (
        engine_of_real_aws.stack("abroad") as stack,
        pytest.raises(auto.errors.CommandError, match=rf"AWS_ENDPOINT_URL={url}"),
    ):
        stack.preview(program)


def test_account_that_the_settings_do_not_allow_stops_the_preview(engine: EngineUnderTest) -> None:
    with (
        engine.stack("elsewhere", {"aws:allowedAccountIds": '["111111111111"]'}) as stack,
        pytest.raises(auto.errors.CommandError, match=rf"{ACCOUNT}.*aws:allowedAccountIds.*111111111111"),
    ):
        stack.preview(program)


def test_account_that_the_settings_allow_is_accepted(engine: EngineUnderTest) -> None:
    with engine.stack("here", {"aws:allowedAccountIds": f'["{ACCOUNT}"]'}) as stack:
        stack.preview(program)
