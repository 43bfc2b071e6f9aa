"""Every deployed store of data is in the register of personal data, which may say that it has none."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

import pulumi
import pytest

from operations.privacy.register import PLACES
from tests.stacks.conftest import Programs
from tests.stacks.recording import record_program

KINDS = {
    "aws:cloudwatch/eventBus:EventBus": "event bus",
    "aws:cloudwatch/logGroup:LogGroup": "log group",
    "aws:dynamodb/table:Table": "table",
    "aws:sns/topic:Topic": "topic",
    "aws:sqs/queue:Queue": "queue",
}
"""The types of resources that hold data, and their kinds in the register."""
TYPES_WITHOUT_DATA = (
    "aws:apigateway/*",
    "aws:budgets/*",
    "aws:cloudwatch/compositeAlarm:*",
    "aws:cloudwatch/dashboard:*",
    "aws:cloudwatch/eventRule:*",
    "aws:cloudwatch/eventTarget:*",
    "aws:cloudwatch/metricAlarm:*",
    "aws:ec2/*",
    "aws:iam/*",
    "aws:kms/*",
    "aws:lambda/*",
    "aws:pipes/pipe:*",
    "aws:s3/bucketObjectv2:*",
    "aws:signer/*",
    "aws:sns/topicPolicy:*",
    "aws:sns/topicSubscription:*",
    "aws:sqs/queuePolicy:*",
    "aws:sqs/redriveAllowPolicy:*",
    "aws:vpc/*",
    "aws:wafv2/*",
    "aws:xray/samplingRule:*",
    "fraud:*",
)
"""Patterns of the types that hold settings or code. Their logs, queues and events are stores of their own."""


def list_deployed(programs: Programs) -> Iterator[str]:
    """The stores by kind and name. Raises KeyError for a type that may hold data and is not in KINDS."""
    for program in programs.values():
        for resource in program.resources:
            if not any(fnmatchcase(resource.type, pattern) for pattern in TYPES_WITHOUT_DATA):
                yield f"{KINDS[resource.type]} {resource['name']}"


def list_registered() -> Iterator[str]:
    """The stores in the names of places. A name may be a pattern."""
    for place in PLACES:
        store = place.name.partition(":")[0]
        for kind in KINDS.values():
            if store.startswith(kind):
                yield from (f"{kind} {name}" for name in re.findall("`(.+?)`", store))


def is_registered(store: str) -> bool:
    return any(fnmatchcase(store, pattern) for pattern in list_registered())


@pytest.fixture(scope="module")
def deployed(guarded: Programs, signed: Programs) -> set[str]:
    """The stores with all settings that declare further resources."""
    return {*list_deployed(guarded), *list_deployed(signed)}


def test_every_store_is_in_the_register(deployed: set[str]) -> None:
    assert [store for store in sorted(deployed) if not is_registered(store)] == []


def test_every_store_in_the_register_is_deployed(deployed: set[str]) -> None:
    registered = list(list_registered())
    assert len(registered) >= len(KINDS)
    unknown = [name for name in registered if not any(fnmatchcase(store, name) for store in deployed)]
    assert unknown == []


def record_resource(type_: str) -> Programs:
    def declare() -> None:
        pulumi.CustomResource(type_, "new", {"name": "new"})

    return {"test": record_program(declare)}


def test_new_store_is_not_in_the_register() -> None:
    [store] = list_deployed(record_resource("aws:sqs/queue:Queue"))
    assert not is_registered(store)


def test_new_type_of_resource_is_noticed() -> None:
    with pytest.raises(KeyError):
        list(list_deployed(record_resource("aws:s3/bucket:Bucket")))
