"""AWS's limits on the registered resources, and their usage."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.stacks.recording import RecordedProgram, RecordedResource


@dataclass(frozen=True)
class Usage:
    """The usage of a limit by one resource."""

    limit: str
    name: str
    used: int
    allowed: int

    def __str__(self) -> str:
        free = 100 * (self.allowed - self.used) / self.allowed
        return f"{self.limit}: {self.used} of {self.allowed}, {free:.0f} % free ({self.name})"


# The input with a policy by type, the name of the limit, and its size. IAM does not count white space.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
# https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html
# https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html
_POLICIES = {
    "iam/policy:Policy": ("policy", "managed policy (characters)", 6144),
    "iam/role:Role": ("assumeRolePolicy", "trust policy (characters)", 2048),
    "kms/key:Key": ("policy", "key policy (bytes)", 32_768),
    "sqs/queuePolicy:QueuePolicy": ("policy", "queue policy (bytes)", 8192),
    "sns/topicPolicy:TopicPolicy": ("policy", "topic policy (bytes)", 30_720),
    "ec2/vpcEndpoint:VpcEndpoint": ("policy", "VPC endpoint policy (characters)", 20_480),
}
INLINE_POLICIES = ("inline policies of a role (characters)", 10_240)
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
ENVIRONMENT = ("environment of a function (bytes)", 4096)
FUNCTION_POLICY = ("resource policy of a function (bytes)", 20_480)

# The input with a name by type, and AWS's limit on its length.
NAMES: Mapping[str, tuple[str, int]] = {
    "budgets/budget:Budget": ("name", 100),
    "cloudwatch/compositeAlarm:CompositeAlarm": ("alarmName", 255),
    "cloudwatch/dashboard:Dashboard": ("dashboardName", 255),
    "cloudwatch/eventBus:EventBus": ("name", 256),
    "cloudwatch/eventRule:EventRule": ("name", 64),
    "cloudwatch/eventTarget:EventTarget": ("targetId", 64),
    "cloudwatch/logGroup:LogGroup": ("name", 512),
    "cloudwatch/metricAlarm:MetricAlarm": ("name", 255),
    "dynamodb/table:Table": ("name", 255),
    "iam/policy:Policy": ("name", 128),
    "iam/role:Role": ("name", 64),
    "iam/rolePolicy:RolePolicy": ("name", 128),
    "kms/alias:Alias": ("name", 256),
    "lambda/function:Function": ("name", 64),
    "pipes/pipe:Pipe": ("name", 64),
    "sns/topic:Topic": ("name", 256),
    "sqs/queue:Queue": ("name", 80),
    "xray/samplingRule:SamplingRule": ("ruleName", 32),
}
# Other limits on texts.
_TEXTS = (
    ("cloudwatch/compositeAlarm:CompositeAlarm", "alarmRule", "rule of a composite alarm (bytes)", 10_240),
    ("cloudwatch/compositeAlarm:CompositeAlarm", "alarmDescription", "description of an alarm", 1024),
    ("cloudwatch/eventRule:EventRule", "eventPattern", "event pattern (bytes)", 4096),
    ("cloudwatch/eventRule:EventRule", "description", "description of a rule", 512),
    ("cloudwatch/metricAlarm:MetricAlarm", "alarmDescription", "description of an alarm", 1024),
    ("iam/policy:Policy", "description", "description of a policy", 1000),
    ("iam/role:Role", "description", "description of a role", 1000),
    ("kms/key:Key", "description", "description of a key", 8192),
    ("lambda/function:Function", "description", "description of a function", 256),
    ("pipes/pipe:Pipe", "description", "description of a pipe", 512),
)

# Limits on numbers in an account and region, or of a parent, without a quota increase.
# https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html
_COUNTS = (
    ("apigateway/resource:Resource", "restApi", "resources of an API", 300),
    ("apigateway/model:Model", "restApi", "models of an API", 60),
    ("cloudwatch/compositeAlarm:CompositeAlarm", "", "composite alarms", 5000),
    ("cloudwatch/eventRule:EventRule", "eventBusName", "rules of a bus", 100),
    ("cloudwatch/eventTarget:EventTarget", "rule", "targets of a rule", 5),
    ("cloudwatch/metricAlarm:MetricAlarm", "", "metric alarms", 5000),
    ("dynamodb/table:Table", "", "tables", 2500),
    ("ec2/vpc:Vpc", "", "VPCs", 5),
    ("ec2/vpcEndpoint:VpcEndpoint", "vpcId", "endpoints of a VPC", 50),
    ("iam/policy:Policy", "", "managed policies", 1500),
    ("iam/role:Role", "", "roles", 1000),
    ("kms/key:Key", "", "keys", 100_000),
    ("lambda/eventSourceMapping:EventSourceMapping", "functionName", "mappings of a function", 100),
    ("pipes/pipe:Pipe", "", "pipes", 1000),
    ("sns/topicSubscription:TopicSubscription", "topic", "subscriptions of a topic", 12_500_000),
    ("vpc/securityGroupEgressRule:SecurityGroupEgressRule", "securityGroupId", "rules of a group", 60),
    ("vpc/securityGroupIngressRule:SecurityGroupIngressRule", "securityGroupId", "rules of a group", 60),
)
# Limits on the entries of a list in one resource.
_LISTS = (
    ("cloudwatch/metricAlarm:MetricAlarm", "alarmActions", "actions of an alarm", 5),
    ("cloudwatch/metricAlarm:MetricAlarm", "metricQueries", "metrics of an alarm", 10),
    ("lambda/function:Function", "layers", "layers of a function", 5),
    ("lambda/function:Function", "vpcConfig.securityGroupIds", "security groups of a function", 5),
    ("lambda/function:Function", "vpcConfig.subnetIds", "subnets of a function", 16),
)
TAGS = ("tags of a resource", 50)


def measure_usage(programs: Mapping[str, RecordedProgram]) -> list[Usage]:
    """The usage of every limit by the resources of the layers."""
    resources = [resource for program in programs.values() for resource in program.resources]
    return [
        *_policy_usage(resources),
        *_inline_policy_usage(resources),
        *_function_usage(resources),
        *_text_usage(resources),
        *_count_usage(resources),
        *_list_usage(resources),
    ]


def select_tightest(usages: Iterable[Usage]) -> list[Usage]:
    """The largest usage of each limit, in descending order of the share."""
    largest: dict[str, Usage] = {}
    for usage in usages:
        if usage.limit not in largest or largest[usage.limit].used < usage.used:
            largest[usage.limit] = usage
    return sorted(largest.values(), key=lambda usage: usage.used / usage.allowed, reverse=True)


def count_characters(policy: str) -> int:
    """The size of a policy as IAM counts it, if no ARN contains a space."""
    return len(re.sub(r"\s", "", policy))


def _policy_usage(resources: Iterable[RecordedResource]) -> Iterator[Usage]:
    for resource in resources:
        if entry := _POLICIES.get(_short_type(resource)):
            key, limit, allowed = entry
            yield Usage(limit, resource.name, count_characters(resource[key]), allowed)


def _inline_policy_usage(resources: Iterable[RecordedResource]) -> Iterator[Usage]:
    sizes: dict[str, int] = {}
    for resource in _select_type(resources, "iam/rolePolicy:RolePolicy"):
        sizes[resource["role"]] = sizes.get(resource["role"], 0) + count_characters(resource["policy"])
    for role, size in sizes.items():
        yield Usage(INLINE_POLICIES[0], role, size, INLINE_POLICIES[1])


def _function_usage(resources: Sequence[RecordedResource]) -> Iterator[Usage]:
    for function in _select_type(resources, "lambda/function:Function"):
        variables = function["environment"]["variables"]
        yield Usage(ENVIRONMENT[0], function.name, len(json.dumps(variables).encode()), ENVIRONMENT[1])
    sizes: dict[str, int] = {}
    for permission in _select_type(resources, "lambda/permission:Permission"):
        # Lambda stores each permission as a statement.
        size = len(json.dumps(dict(permission.inputs))) + 200
        sizes[permission["function"]] = sizes.get(permission["function"], 0) + size
    for name, size in sizes.items():
        yield Usage(FUNCTION_POLICY[0], name, size, FUNCTION_POLICY[1])


def _text_usage(resources: Sequence[RecordedResource]) -> Iterator[Usage]:
    for resource in resources:
        if entry := NAMES.get(_short_type(resource)):
            key, allowed = entry
            kind = _short_type(resource).partition(":")[2]
            yield Usage(f"name of a {kind}", resource.name, len(str(resource[key])), allowed)
        if tags := resource.inputs.get("tags"):
            yield Usage(TAGS[0], resource.name, len(tags), TAGS[1])
    for type_, key, limit, allowed in _TEXTS:
        for resource in _select_type(resources, type_):
            yield Usage(limit, resource.name, len(str(resource.inputs.get(key, "")).encode()), allowed)


def _count_usage(resources: Sequence[RecordedResource]) -> Iterator[Usage]:
    for type_, parent, limit, allowed in _COUNTS:
        numbers: dict[str, int] = {}
        for resource in _select_type(resources, type_):
            name = str(resource.inputs.get(parent, "")) if parent else "account"
            numbers[name] = numbers.get(name, 0) + 1
        yield from (Usage(limit, name, number, allowed) for name, number in numbers.items())


def _list_usage(resources: Sequence[RecordedResource]) -> Iterator[Usage]:
    for type_, path, limit, allowed in _LISTS:
        for resource in _select_type(resources, type_):
            value: object = resource.inputs
            for key in path.split("."):
                value = value.get(key) if isinstance(value, Mapping) else None
            yield Usage(limit, resource.name, len(value) if isinstance(value, Sequence) else 0, allowed)


def _select_type(resources: Iterable[RecordedResource], type_: str) -> list[RecordedResource]:
    return [resource for resource in resources if _short_type(resource) == type_]


def _short_type(resource: RecordedResource) -> str:
    return resource.type.removeprefix("aws:")
