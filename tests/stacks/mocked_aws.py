"""Stands in for AWS under Pulumi's mocks: answers data sources, gives resources ids, ARNs and addresses."""

from collections.abc import Callable, Mapping
from typing import Any

from pulumi.runtime import mocks

ACCOUNT = "123456789012"
REGION = "us-east-1"
PARTITION = "aws"

Properties = dict[str, Any]


class MockedAws(mocks.Mocks):
    """`references` are the outputs of other stacks, by `organization/project/stack`."""

    def __init__(self, references: Mapping[str, Properties]) -> None:
        self._references = references

    def call(self, args: mocks.MockCallArgs) -> tuple[Properties, list[tuple[str, str]]]:
        return ANSWERS[args.token], []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, Properties]:
        if args.typ == "pulumi:pulumi:StackReference":
            return args.name, {**args.inputs, "outputs": self._references[args.inputs["name"]]}
        made = _MADE.get(args.typ.removeprefix("aws:"))
        return f"{args.name}-id", {**args.inputs, **(made(args) if made else {})}


def arn(service: str, resource: str) -> str:
    """An ARN in the mocked account and region."""
    return f"arn:{PARTITION}:{service}:{'' if service == 'iam' else REGION}:{ACCOUNT}:{resource}"


ANSWERS: dict[str, Properties] = {
    "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT},
    "aws:index/getRegion:getRegion": {"region": REGION},
    "aws:index/getPartition:getPartition": {"partition": PARTITION},
    # As in many accounts, the first name is not the first id.
    "aws:index/getAvailabilityZones:getAvailabilityZones": {
        "names": [f"{REGION}{zone}" for zone in "abcd"],
        "zoneIds": ["use1-az3", "use1-az2", "use1-az10", "use1-az1"],
    },
    "aws:ec2/getVpcEndpointService:getVpcEndpointService": {
        "availabilityZones": [f"{REGION}{zone}" for zone in "abcd"]
    },
}


def _function(args: mocks.MockResourceArgs) -> Properties:
    own = arn("lambda", f"function:{args.inputs['name']}")
    return {"arn": own, "invokeArn": f"{arn('apigateway', 'lambda')}:path/{own}/invocations"}


def _table(args: mocks.MockResourceArgs) -> Properties:
    own = arn("dynamodb", f"table/{args.inputs['name']}")
    return {"arn": own, "streamArn": f"{own}/stream/2026-01-01T00:00:00.000"}


def _named(service: str, prefix: str = "") -> Callable[[mocks.MockResourceArgs], Properties]:
    return lambda args: {"arn": arn(service, f"{prefix}{args.inputs['name']}")}


def _bus(args: mocks.MockResourceArgs) -> list[str]:
    """The bus of a rule, as its ARN has it: the default bus is left out."""
    bus = args.inputs.get("eventBusName")
    return [bus] if bus else []


_MADE: dict[str, Callable[[mocks.MockResourceArgs], Properties]] = {
    "kms/key:Key": lambda args: {"arn": arn("kms", f"key/{args.name}"), "keyId": args.name},
    "ec2/vpcEndpoint:VpcEndpoint": lambda args: {"prefixListId": f"pl-{args.name}"},
    "iam/role:Role": _named("iam", "role/"),
    "iam/policy:Policy": _named("iam", "policy/"),
    "dynamodb/table:Table": _table,
    "sqs/queue:Queue": lambda args: {
        "arn": arn("sqs", args.inputs["name"]),
        "url": f"https://sqs.example/{ACCOUNT}/{args.inputs['name']}",
    },
    "sns/topic:Topic": _named("sns"),
    "cloudwatch/eventBus:EventBus": _named("events", "event-bus/"),
    "cloudwatch/eventRule:EventRule": lambda args: {
        "arn": arn("events", "/".join(["rule", *_bus(args), args.inputs["name"]]))
    },
    "cloudwatch/logGroup:LogGroup": _named("logs", "log-group:"),
    "lambda/function:Function": _function,
    "cloudwatch/metricAlarm:MetricAlarm": _named("cloudwatch", "alarm:"),
    "cloudwatch/compositeAlarm:CompositeAlarm": lambda args: {
        "arn": arn("cloudwatch", f"alarm:{args.inputs['alarmName']}")
    },
    "apigateway/restApi:RestApi": lambda args: {"rootResourceId": "root"},
    "apigateway/stage:Stage": lambda args: {
        "invokeUrl": f"https://api.example/{args.inputs['stageName']}",
        "executionArn": arn("execute-api", f"api/{args.inputs['stageName']}"),
    },
}
