"""Faults of the deployed pipeline, each a context manager that repairs the fault at its end."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from operations.monitoring.queues import (
    RETRY,
    Queue,
    count_queue_messages,
    find_failure_queues,
    find_retry_queue,
)
from shared.names import Names
from tests.e2e.pipeline import PipelineClient
from tests.waiting import wait_for

_NAMES = Names()


def find_queue(pipeline: PipelineClient, name: str) -> Queue:
    """Return the queue with the short name `name`."""
    queues = [*find_failure_queues(pipeline.deployed), find_retry_queue(pipeline.deployed)]
    return next(queue for queue in queues if queue.name == name)


def count_messages_in(pipeline: PipelineClient, name: str) -> int:
    """Return the number of messages in a queue."""
    return count_queue_messages(pipeline.aws.client("sqs"), find_queue(pipeline, name))


def wait_for_messages(pipeline: PipelineClient, name: str, count: int) -> None:
    wait_for(
        lambda: count_messages_in(pipeline, name) == count, seconds=60, what=f"{count} messages in {name}"
    )


@contextmanager
def deny_actions(pipeline: PipelineClient, role: str, *actions: str, resource: str = "*") -> Iterator[None]:
    """Deny actions to a role."""
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
def limit_to_one_attempt(pipeline: PipelineClient, url: str) -> Iterator[None]:
    """Let a source queue give up each message after one attempt of a second."""
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
def revoke_rule_permission(pipeline: PipelineClient) -> Iterator[None]:
    """Remove the rule's permission to invoke the fraud function."""
    client, name = pipeline.aws.client("lambda"), pipeline.deployed.function_names()["fraud"]
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
def make_pipe_give_up(pipeline: PipelineClient) -> Iterator[None]:
    """Deny the pipe to put events, and let it give up each record after one attempt."""
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

    with deny_actions(pipeline, "pipe", "events:PutEvents"):
        update({**stream, "MaximumRetryAttempts": 0})
        try:
            yield
        finally:
            update(stream)


def restart_pipe(pipeline: PipelineClient) -> None:
    """Stop and start the pipe. It goes on where it stopped."""
    pipes = pipeline.aws.client("pipes")
    pipes.stop_pipe(Name=_NAMES.pipe)
    pipes.start_pipe(Name=_NAMES.pipe)


def restart_mapping(pipeline: PipelineClient, purpose: str) -> None:
    """Disable and enable the mapping from the stream to a function. It goes on where it stopped."""
    client = pipeline.aws.client("lambda")
    function = pipeline.deployed.function_names()[purpose]
    (mapping,) = [
        mapping
        for mapping in client.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
        if ":dynamodb:" in mapping["EventSourceArn"]
    ]
    for enabled in (False, True):
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)


@contextmanager
def disable_rule(pipeline: PipelineClient) -> Iterator[None]:
    """Disable the rule, so that events are lost."""
    events = pipeline.aws.client("events")
    events.disable_rule(Name=_NAMES.rule, EventBusName=_NAMES.bus)
    try:
        yield
    finally:
        events.enable_rule(Name=_NAMES.rule, EventBusName=_NAMES.bus)


def _source_arn(condition: dict[str, Any]) -> str:
    (values,) = condition.values()
    return str(next(value for key, value in values.items() if key.lower() == "aws:sourcearn"))


def purge_queues(pipeline: PipelineClient) -> None:
    """Delete the messages in the failure queues and the retry queue."""
    sqs = pipeline.aws.client("sqs")
    for entry in [*find_failure_queues(pipeline.deployed), find_queue(pipeline, RETRY)]:
        sqs.purge_queue(QueueUrl=entry.url)
