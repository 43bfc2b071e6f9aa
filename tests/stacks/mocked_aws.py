"""Pulumi mocks of AWS: data sources, and the IDs, ARNs and URLs of resources."""

from collections.abc import Callable, Mapping
from typing import Any

from pulumi.runtime import mocks

ACCOUNT = "123456789012"
REGION = "us-east-1"
PARTITION = "aws"

Properties = dict[str, Any]


class MockedAws(mocks.Mocks):
    """`references`: the outputs of other stacks by `organization/project/stack`."""

    def __init__(self, references: Mapping[str, Properties]) -> None:
        self._references = references

    def call(self, args: mocks.MockCallArgs) -> tuple[Properties, list[tuple[str, str]]]:
        return DATA_SOURCES[args.token], []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, Properties]:
        if args.typ == "pulumi:pulumi:StackReference":
            return args.name, {**args.inputs, "outputs": self._references[args.inputs["name"]]}
        generate = _GENERATED_PROPERTIES.get(args.typ.removeprefix("aws:"))
        return f"{args.name}-id", {**args.inputs, **(generate(args) if generate else {})}


def arn(service: str, resource: str) -> str:
    """An ARN in the mocked account and region."""
    return f"arn:{PARTITION}:{service}:{'' if service == 'iam' else REGION}:{ACCOUNT}:{resource}"


DATA_SOURCES: dict[str, Properties] = {
    "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT},
    "aws:index/getRegion:getRegion": {"region": REGION},
    "aws:index/getPartition:getPartition": {"partition": PARTITION},
    # As in many accounts, names and IDs have a different order.
    "aws:index/getAvailabilityZones:getAvailabilityZones": {
        "names": [f"{REGION}{zone}" for zone in "abcd"],
        "zoneIds": ["use1-az3", "use1-az2", "use1-az10", "use1-az1"],
    },
    "aws:ec2/getVpcEndpointService:getVpcEndpointService": {
        "availabilityZones": [f"{REGION}{zone}" for zone in "abcd"]
    },
}


CODE_SIGNING_CONFIG = arn("lambda", f"code-signing-config:csc-{'0' * 17}")


def _function_properties(args: mocks.MockResourceArgs) -> Properties:
    resource_arn = arn("lambda", f"function:{args.inputs['name']}")
    return {
        "arn": resource_arn,
        "invokeArn": f"{arn('apigateway', 'lambda')}:path/{resource_arn}/invocations",
    }


def _table_properties(args: mocks.MockResourceArgs) -> Properties:
    resource_arn = arn("dynamodb", f"table/{args.inputs['name']}")
    return {"arn": resource_arn, "streamArn": f"{resource_arn}/stream/2026-01-01T00:00:00.000"}


def _signing_profile_properties(args: mocks.MockResourceArgs) -> Properties:
    # The provider adds 26 digits to the prefix.
    name = f"{args.inputs['namePrefix']}{'0' * 26}"
    resource_arn = arn("signer", f"/signing-profiles/{name}")
    return {"name": name, "arn": resource_arn, "versionArn": f"{resource_arn}/0123456789"}


def _signing_job_properties(args: mocks.MockResourceArgs) -> Properties:
    """The signed object: AWS Signer names it by the prefix and the ID of the job."""
    destination = args.inputs["destination"]["s3"]
    signed = {"bucket": destination["bucket"], "key": f"{destination['prefix']}{args.name}-id.zip"}
    return {"signedObjects": [{"s3s": [signed]}]}


def _arn_properties(service: str, prefix: str = "") -> Callable[[mocks.MockResourceArgs], Properties]:
    return lambda args: {"arn": arn(service, f"{prefix}{args.inputs['name']}")}


def _rule_bus(args: mocks.MockResourceArgs) -> list[str]:
    """The part of a rule's ARN that names its bus. The ARN omits the default bus."""
    bus = args.inputs.get("eventBusName")
    return [bus] if bus else []


_GENERATED_PROPERTIES: dict[str, Callable[[mocks.MockResourceArgs], Properties]] = {
    "kms/key:Key": lambda args: {"arn": arn("kms", f"key/{args.name}"), "keyId": args.name},
    "ec2/vpcEndpoint:VpcEndpoint": lambda args: {"prefixListId": f"pl-{args.name}"},
    "iam/role:Role": _arn_properties("iam", "role/"),
    "iam/policy:Policy": _arn_properties("iam", "policy/"),
    "dynamodb/table:Table": _table_properties,
    "sqs/queue:Queue": lambda args: {
        "arn": arn("sqs", args.inputs["name"]),
        "url": f"https://sqs.example/{ACCOUNT}/{args.inputs['name']}",
    },
    "sns/topic:Topic": _arn_properties("sns"),
    "cloudwatch/eventBus:EventBus": _arn_properties("events", "event-bus/"),
    "cloudwatch/eventRule:EventRule": lambda args: {
        "arn": arn("events", "/".join(["rule", *_rule_bus(args), args.inputs["name"]]))
    },
    "cloudwatch/logGroup:LogGroup": _arn_properties("logs", "log-group:"),
    "lambda/function:Function": _function_properties,
    "cloudwatch/metricAlarm:MetricAlarm": _arn_properties("cloudwatch", "alarm:"),
    "cloudwatch/compositeAlarm:CompositeAlarm": lambda args: {
        "arn": arn("cloudwatch", f"alarm:{args.inputs['alarmName']}")
    },
    "apigateway/restApi:RestApi": lambda args: {
        "rootResourceId": "root",
        "executionArn": arn("execute-api", "api"),
    },
    "lambda/codeSigningConfig:CodeSigningConfig": lambda _: {"arn": CODE_SIGNING_CONFIG},
    "s3/bucketObjectv2:BucketObjectv2": lambda args: {"versionId": f"version-of-{args.name}"},
    "signer/signingJob:SigningJob": _signing_job_properties,
    "signer/signingProfile:SigningProfile": _signing_profile_properties,
    "wafv2/webAcl:WebAcl": lambda args: {
        "arn": arn("wafv2", f"regional/webacl/{args.inputs['name']}/{args.name}-id")
    },
    "apigateway/stage:Stage": lambda args: {
        "arn": f"arn:{PARTITION}:apigateway:{REGION}::/restapis/api/stages/{args.inputs['stageName']}",
        "invokeUrl": f"https://api.example/{args.inputs['stageName']}",
        "executionArn": arn("execute-api", f"api/{args.inputs['stageName']}"),
    },
}
