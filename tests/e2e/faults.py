"""Faults of the deployed pipeline, each for the length of a block."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from operations.monitoring.dead_letters import depths
from operations.monitoring.queues import RETRY, Queue, failure_queues, retry_queue
from shared.names import Names
from tests.e2e.pipeline import Pipeline
from tests.waiting import wait_for

_NAMES = Names()


def queue(pipeline: Pipeline, name: str) -> Queue:
    """The queue with that short name."""
    queues = [*failure_queues(pipeline.deployed), retry_queue(pipeline.deployed)]
    return next(queue for queue in queues if queue.name == name)


def messages(pipeline: Pipeline, name: str) -> int:
    """How many messages a queue holds."""
    return depths(pipeline.aws.client("sqs"), {name: queue(pipeline, name).url})[name]


def wait_for_messages(pipeline: Pipeline, name: str, count: int) -> None:
    wait_for(lambda: messages(pipeline, name) == count, seconds=60, what=f"{count} messages in {name}")


@contextmanager
def forbidden(pipeline: Pipeline, role: str, *actions: str, resource: str = "*") -> Iterator[None]:
    """A role loses permissions."""
    iam = pipeline.aws.client("iam")
    denial = {"Effect": "Deny", "Action": list(actions), "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [denial]})
    name = _NAMES.role(role)
    iam.put_role_policy(RoleName=name, PolicyName="fault", PolicyDocument=document)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="fault")


@contextmanager
def impatient(pipeline: Pipeline, url: str) -> Iterator[None]:
    """A source queue gives up a message after one attempt, and soon."""
    sqs = pipeline.aws.client("sqs")
    names = ["RedrivePolicy", "VisibilityTimeout"]
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    once = json.dumps({**json.loads(before["RedrivePolicy"]), "maxReceiveCount": 1})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": once, "VisibilityTimeout": "1"})
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes=before)


@contextmanager
def rule_without_permission(pipeline: Pipeline) -> Iterator[None]:
    """The rule may not invoke the fraud function."""
    client, name = pipeline.aws.client("lambda"), pipeline.deployed.functions()["fraud"]
    (statement,) = json.loads(client.get_policy(FunctionName=name)["Policy"])["Statement"]
    client.remove_permission(FunctionName=name, StatementId=statement["Sid"])
    try:
        yield
    finally:
        client.add_permission(
            FunctionName=name,
            StatementId=statement["Sid"],
            Action=statement["Action"],
            Principal=statement["Principal"]["Service"],
            SourceArn=_source_arn(statement["Condition"]),
        )


@contextmanager
def pipe_without_patience(pipeline: Pipeline) -> Iterator[None]:
    """The pipe may not put events, and gives a record up after one attempt."""
    pipes = pipeline.aws.client("pipes")
    described = pipes.describe_pipe(Name=_NAMES.pipe)
    stream = dict(described["SourceParameters"]["DynamoDBStreamParameters"])
    stream.pop("StartingPosition", None)

    def update(parameters: dict[str, Any]) -> None:
        pipes.update_pipe(
            Name=_NAMES.pipe,
            RoleArn=described["RoleArn"],
            SourceParameters={"DynamoDBStreamParameters": parameters},
        )

    with forbidden(pipeline, "pipe", "events:PutEvents"):
        update({**stream, "MaximumRetryAttempts": 0})
        try:
            yield
        finally:
            update(stream)


@contextmanager
def rule_disabled(pipeline: Pipeline) -> Iterator[None]:
    """Events match no rule: they are lost."""
    events = pipeline.aws.client("events")
    events.disable_rule(Name=_NAMES.rule, EventBusName=_NAMES.bus)
    try:
        yield
    finally:
        events.enable_rule(Name=_NAMES.rule, EventBusName=_NAMES.bus)


def _source_arn(condition: dict[str, Any]) -> str:
    (values,) = condition.values()
    return str(next(value for key, value in values.items() if key.lower() == "aws:sourcearn"))


def empty(pipeline: Pipeline) -> None:
    """Delete whatever a test left in the failure queues and the retry queue."""
    sqs = pipeline.aws.client("sqs")
    for left in [*failure_queues(pipeline.deployed), queue(pipeline, RETRY)]:
        sqs.purge_queue(QueueUrl=left.url)
