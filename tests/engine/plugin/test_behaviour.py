"""What the plugin does when something is not as declared: outside changes, refusals, protection."""

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
class Deployed:
    """The stack, and its outputs."""

    stack: Stack
    outputs: dict[str, str]

    @property
    def url(self) -> str:
        """Of the queue that is there all the time."""
        return self.outputs["url"]


@pytest.fixture(scope="module")
def deployed(engine: EngineUnderTest) -> Iterator[Deployed]:
    with engine.stack("behaviour", TAGS) as stack:
        stack.up(program)
        yield Deployed(stack, stack.outputs())
        engine.client("dynamodb").update_table(TableName="protected", DeletionProtectionEnabled=False)
        stack.destroy()


@pytest.fixture(scope="module")
def drifted(deployed: Deployed) -> Operations:
    """What a refreshing preview says after one queue was changed and another deleted by hand."""
    sqs = deployed.stack.client("sqs")
    sqs.set_queue_attributes(QueueUrl=deployed.url, Attributes={"VisibilityTimeout": "5"})
    sqs.delete_queue(QueueUrl=deployed.url.replace("drift", "lost"))
    return deployed.stack.preview(program, refresh=True)


def test_what_was_changed_outside_is_found(drifted: Operations) -> None:
    assert drifted.found == {"queue", "lost"}
    assert drifted.changes == {"queue": "update", "lost": "create"}


@pytest.mark.usefixtures("drifted")
def test_what_was_changed_outside_is_put_right(deployed: Deployed) -> None:
    deployed.stack.up(program, refresh=True)
    sqs = deployed.stack.client("sqs")
    found = sqs.get_queue_attributes(QueueUrl=deployed.url, AttributeNames=["VisibilityTimeout"])
    assert found["Attributes"] == {"VisibilityTimeout": "360"}


def test_data_sources_answer_about_the_embedded_aws(deployed: Deployed) -> None:
    answers = {name: deployed.outputs[name] for name in ("account", "region", "partition")}
    assert answers == {"account": ACCOUNT, "region": "us-east-1", "partition": "aws"}


def test_default_tags_are_on_every_resource(deployed: Deployed) -> None:
    tags = deployed.stack.client("sqs").list_queue_tags(QueueUrl=deployed.url)["Tags"]
    assert tags == {"Project": "plugin-test", "Own": "yes"}


def test_protected_table_is_not_deleted(deployed: Deployed) -> None:
    stack = deployed.stack
    with pytest.raises(auto.errors.CommandError, match=r"Table: DeleteTable: .*protected against deletion"):
        stack.stack.destroy(target=[stack.resources()["table"]["urn"]])
    assert "protected" in stack.client("dynamodb").list_tables()["TableNames"]


def test_property_that_is_not_applied_stops_the_preview(engine: EngineUnderTest) -> None:
    with (
        engine.stack("strict") as stack,
        pytest.raises(
            auto.errors.CommandError, match=r"aws:sqs/queue:Queue: deduplicationScope is not supported"
        ),
    ):
        stack.preview(lambda: aws.sqs.Queue("queue", deduplication_scope="queue") and None)


def test_endpoint_that_is_not_loopback_stops_the_preview(engine: EngineUnderTest, aws: EmbeddedAws) -> None:
    elsewhere = {**engine.variables, "AWS_ENDPOINT_URL": "https://sqs.us-east-1.amazonaws.com"}
    abroad = EngineUnderTest(engine.cli, engine.folder, elsewhere, aws.client)
    with (
        abroad.stack("abroad") as stack,
        pytest.raises(auto.errors.CommandError, match="only talks to a loopback address"),
    ):
        stack.preview(program)


def test_account_that_the_settings_do_not_allow_stops_the_preview(engine: EngineUnderTest) -> None:
    with (
        engine.stack("elsewhere", {"aws:allowedAccountIds": '["111111111111"]'}) as stack,
        pytest.raises(auto.errors.CommandError, match=rf"account {ACCOUNT} is not one of .*111111111111"),
    ):
        stack.preview(program)


def test_account_that_the_settings_allow_is_taken(engine: EngineUnderTest) -> None:
    with engine.stack("here", {"aws:allowedAccountIds": f'["{ACCOUNT}"]'}) as stack:
        stack.preview(program)
