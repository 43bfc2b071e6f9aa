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

    def __init__(self, region: str, references: Mapping[str, Properties]) -> None:
        self._region = region
        self._references = references

    def call(self, args: mocks.MockCallArgs) -> tuple[Properties, list[tuple[str, str]]]:
        return _ANSWERS[args.token](self._region), []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, Properties]:
        if args.typ == "pulumi:pulumi:StackReference":
            return args.name, {**args.inputs, "outputs": self._references[args.inputs["name"]]}
        made = _MADE.get(args.typ.removeprefix("aws:"))
        return f"{args.name}-id", {**args.inputs, **(made(self._arn, args) if made else {})}

    def _arn(self, service: str, resource: str) -> str:
        region = "" if service == "iam" else self._region
        return f"arn:{PARTITION}:{service}:{region}:{ACCOUNT}:{resource}"


_ANSWERS: dict[str, Callable[[str], Properties]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": lambda _: {"accountId": ACCOUNT},
    "aws:index/getRegion:getRegion": lambda region: {"region": region},
    "aws:index/getPartition:getPartition": lambda _: {"partition": PARTITION},
    "aws:index/getAvailabilityZones:getAvailabilityZones": lambda region: {
        "names": [f"{region}{zone}" for zone in "abcd"]
    },
}

Arn = Callable[[str, str], str]


def _function(arn: Arn, args: mocks.MockResourceArgs) -> Properties:
    own = arn("lambda", f"function:{args.inputs['name']}")
    return {"arn": own, "invokeArn": f"{arn('apigateway', 'lambda')}:path/{own}/invocations"}


def _table(arn: Arn, args: mocks.MockResourceArgs) -> Properties:
    own = arn("dynamodb", f"table/{args.inputs['name']}")
    return {"arn": own, "streamArn": f"{own}/stream/2026-01-01T00:00:00.000"}


def _named(service: str, prefix: str = "") -> Callable[[Arn, mocks.MockResourceArgs], Properties]:
    return lambda arn, args: {"arn": arn(service, f"{prefix}{args.inputs['name']}")}


_MADE: dict[str, Callable[[Arn, mocks.MockResourceArgs], Properties]] = {
    "kms/key:Key": lambda arn, args: {"arn": arn("kms", f"key/{args.name}"), "keyId": args.name},
    "ec2/vpcEndpoint:VpcEndpoint": lambda arn, args: {"prefixListId": f"pl-{args.name}"},
    "iam/role:Role": _named("iam", "role/"),
    "iam/policy:Policy": _named("iam", "policy/"),
    "dynamodb/table:Table": _table,
    "sqs/queue:Queue": lambda arn, args: {
        "arn": arn("sqs", args.inputs["name"]),
        "url": f"https://sqs.example/{ACCOUNT}/{args.inputs['name']}",
    },
    "sns/topic:Topic": _named("sns"),
    "cloudwatch/eventBus:EventBus": _named("events", "event-bus/"),
    "cloudwatch/eventRule:EventRule": lambda arn, args: {
        "arn": arn("events", f"rule/{args.inputs['eventBusName']}/{args.inputs['name']}")
    },
    "cloudwatch/logGroup:LogGroup": _named("logs", "log-group:"),
    "lambda/function:Function": _function,
    "apigateway/restApi:RestApi": lambda arn, args: {"rootResourceId": "root"},
    "apigateway/stage:Stage": lambda arn, args: {
        "invokeUrl": f"https://api.example/{args.inputs['stageName']}",
        "executionArn": arn("execute-api", f"api/{args.inputs['stageName']}"),
    },
}
