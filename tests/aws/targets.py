"""What IAM sees of each registered resource: ARNs by the types of the Service Authorization Reference.

A resource type that the stacks begin to use needs an entry in `TARGETS`, and one in `KEYS` or `ROLES` if a
key or a role is passed with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.stacks.mocked_aws import ACCOUNT, REGION, arn
from tests.stacks.recording import Recorded

API = f"arn:aws:apigateway:{REGION}::"


@dataclass(frozen=True)
class Target:
    """`own`: the ARNs of the resource itself. `others`: those of existing resources that calls name, too."""

    own: Mapping[str, str]
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def _named(service: str, type_: str, prefix: str = "", key: str = "name") -> Callable[[Recorded], Target]:
    return lambda resource: Target({type_: arn(service, f"{prefix}{_last_part(resource[key])}")})


def _last_part(value: str) -> str:
    """The name at the end of a queue's URL, or of the ARN of a topic or a function."""
    return value.rpartition("/")[2] if value.startswith("https:") else value.rpartition(":")[2]


def _global(service: str, type_: str) -> Callable[[Recorded], Target]:
    """A resource of the account, not of a region."""
    return lambda resource: Target({type_: f"arn:aws:{service}::{ACCOUNT}:{type_}/{resource['name']}"})


def _ec2(type_: str, **others: str) -> Callable[[Recorded], Target]:
    """One with an id that EC2 makes up; `others`: the inputs with the ids of others, by their type."""

    def target(resource: Recorded) -> Target:
        named = {kind.replace("_", "-"): _ids(resource, key) for kind, key in others.items()}
        return Target(
            {type_: arn("ec2", f"{type_}/{resource.name}-id")},
            {kind: tuple(arn("ec2", f"{kind}/{id_}") for id_ in ids) for kind, ids in named.items()},
        )

    return target


def _ids(resource: Recorded, key: str) -> tuple[str, ...]:
    value = resource.inputs.get(key, ())
    return (value,) if isinstance(value, str) else tuple(value)


def _route_table_association(resource: Recorded) -> Target:
    return Target(
        {},
        {
            "route-table": (arn("ec2", f"route-table/{resource['routeTableId']}"),),
            "subnet": (arn("ec2", f"subnet/{resource['subnetId']}"),),
        },
    )


def _default_security_group(resource: Recorded) -> Target:
    return Target({"security-group": arn("ec2", "security-group/default-id")})


def _rule(resource: Recorded, key: str = "name") -> Target:
    bus = resource.inputs.get("eventBusName")
    if bus in (None, "default"):
        return Target({"rule-on-default-event-bus": arn("events", f"rule/{resource[key]}")})
    return Target({"rule-on-custom-event-bus": arn("events", f"rule/{bus}/{resource[key]}")})


def _log_group(resource: Recorded) -> Target:
    return Target({"log-group": arn("logs", f"log-group:{resource['name']}")})


def _alias(resource: Recorded) -> Target:
    return Target(
        {"alias": arn("kms", str(resource["name"]))},
        {"key": (arn("kms", f"key/{resource['targetKeyId']}"),)},
    )


def _mapping(resource: Recorded) -> Target:
    return Target({"eventSourceMapping": arn("lambda", f"event-source-mapping:{resource.name}-id")})


def _role_policy(resource: Recorded) -> Target:
    return Target({}, {"role": (f"arn:aws:iam::{ACCOUNT}:role/{resource['role']}",)})


def _api_part(collection: str, key: str | None = None) -> Callable[[Recorded], Target]:
    """Part of a REST API: `POST` checks the collection, every other verb the part."""

    def target(resource: Recorded) -> Target:
        path = f"{API}/restapis/{_api_id(resource)}/{collection}"
        item = resource.inputs[key] if key else f"{resource.name}-id"
        return Target({"POST": path, "": f"{path}/{item}"})

    return target


def _api_id(part: Recorded) -> str:
    return str(part.inputs.get("restApi") or part["restApiId"])


def _rest_api(resource: Recorded) -> Target:
    api = f"{API}/restapis/{resource.name}-id"
    return Target({"POST": f"{API}/restapis", "PUT": f"{API}/tags/{api.replace(':', '%3A')}", "": api})


def _stage(resource: Recorded) -> Target:
    stages = f"{API}/restapis/{_api_id(resource)}/stages"
    stage = f"{stages}/{resource['stageName']}"
    return Target({"POST": stages, "PUT": f"{API}/tags/{stage.replace(':', '%3A')}", "": stage})


def _method(resource: Recorded) -> Target:
    part, verb = resource["resourceId"], resource["httpMethod"]
    return Target({"": f"{API}/restapis/{_api_id(resource)}/resources/{part}/methods/{verb}"})


def _method_settings(resource: Recorded) -> Target:
    return Target({"": f"{API}/restapis/{_api_id(resource)}/stages/{resource['stageName']}"})


TARGETS: Mapping[str, Callable[[Recorded], Target]] = {
    "apigateway/account:Account": lambda _: Target({"": f"{API}/account"}),
    "apigateway/deployment:Deployment": _api_part("deployments"),
    "apigateway/integration:Integration": _method,
    "apigateway/integrationResponse:IntegrationResponse": _method,
    "apigateway/method:Method": _method,
    "apigateway/methodResponse:MethodResponse": _method,
    "apigateway/methodSettings:MethodSettings": _method_settings,
    "apigateway/model:Model": _api_part("models", "name"),
    "apigateway/requestValidator:RequestValidator": _api_part("requestvalidators"),
    "apigateway/resource:Resource": _api_part("resources"),
    "apigateway/response:Response": _api_part("gatewayresponses", "responseType"),
    "apigateway/restApi:RestApi": _rest_api,
    "apigateway/stage:Stage": _stage,
    "budgets/budget:Budget": _global("budgets", "budget"),
    "cloudwatch/compositeAlarm:CompositeAlarm": _named("cloudwatch", "alarm", "alarm:", "alarmName"),
    "cloudwatch/dashboard:Dashboard": lambda resource: Target(
        {"dashboard": f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{resource['dashboardName']}"}
    ),
    "cloudwatch/eventBus:EventBus": _named("events", "event-bus", "event-bus/"),
    "cloudwatch/eventRule:EventRule": _rule,
    "cloudwatch/eventTarget:EventTarget": lambda resource: _rule(resource, "rule"),
    "cloudwatch/logGroup:LogGroup": _log_group,
    "cloudwatch/metricAlarm:MetricAlarm": _named("cloudwatch", "alarm", "alarm:", "name"),
    "dynamodb/table:Table": _named("dynamodb", "table", "table/"),
    "ec2/defaultSecurityGroup:DefaultSecurityGroup": _default_security_group,
    "ec2/routeTable:RouteTable": _ec2("route-table", vpc="vpcId"),
    "ec2/routeTableAssociation:RouteTableAssociation": _route_table_association,
    "ec2/securityGroup:SecurityGroup": _ec2("security-group", vpc="vpcId"),
    "ec2/subnet:Subnet": _ec2("subnet", vpc="vpcId"),
    "ec2/vpc:Vpc": _ec2("vpc"),
    "ec2/vpcEndpoint:VpcEndpoint": _ec2(
        "vpc-endpoint",
        vpc="vpcId",
        subnet="subnetIds",
        security_group="securityGroupIds",
        route_table="routeTableIds",
    ),
    "iam/policy:Policy": _global("iam", "policy"),
    "iam/role:Role": _global("iam", "role"),
    "iam/rolePolicy:RolePolicy": _role_policy,
    "kms/alias:Alias": _alias,
    "kms/key:Key": lambda resource: Target({"key": arn("kms", f"key/{resource.name}")}),
    "lambda/eventSourceMapping:EventSourceMapping": _mapping,
    "lambda/function:Function": _named("lambda", "function", "function:"),
    "lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": _named(
        "lambda", "function", "function:", "functionName"
    ),
    "lambda/permission:Permission": _named("lambda", "function", "function:", "function"),
    "pipes/pipe:Pipe": _named("pipes", "pipe", "pipe/"),
    "sns/topic:Topic": _named("sns", "topic"),
    "sns/topicPolicy:TopicPolicy": _named("sns", "topic", key="arn"),
    "sns/topicSubscription:TopicSubscription": _named("sns", "topic", key="topic"),
    "sqs/queue:Queue": _named("sqs", "queue"),
    "sqs/queuePolicy:QueuePolicy": _named("sqs", "queue", key="queueUrl"),
    "sqs/redriveAllowPolicy:RedriveAllowPolicy": _named("sqs", "queue", key="queueUrl"),
    "vpc/securityGroupEgressRule:SecurityGroupEgressRule": _ec2(
        "security-group-rule", security_group="securityGroupId"
    ),
    "vpc/securityGroupIngressRule:SecurityGroupIngressRule": _ec2(
        "security-group-rule", security_group="securityGroupId"
    ),
}


@dataclass(frozen=True)
class KeyUse:
    """The key of a resource, the service that uses it for the caller, and its encryption context."""

    key: str
    service: str
    context: Mapping[str, str]


def _function_key(function: Recorded) -> KeyUse:
    own = arn("lambda", f"function:{function['name']}")
    return KeyUse(function["kmsKeyArn"], "lambda", {"aws:lambda:FunctionArn": own})


def _table_key(table: Recorded) -> KeyUse:
    context = {"aws:dynamodb:tableName": table["name"], "aws:dynamodb:subscriberId": ACCOUNT}
    return KeyUse(table["serverSideEncryption"]["kmsKeyArn"], "dynamodb", context)


def _bus_key(bus: Recorded) -> KeyUse:
    own = arn("events", f"event-bus/{bus['name']}")
    return KeyUse(bus["kmsKeyIdentifier"], "events", {"aws:events:event-bus:arn": own})


# The types whose handlers use a key for the caller.
KEYS: Mapping[str, Callable[[Recorded], KeyUse]] = {
    "cloudwatch/eventBus:EventBus": _bus_key,
    "dynamodb/table:Table": _table_key,
    "lambda/function:Function": _function_key,
}

# The input with the role that is passed with a type, and the service that the role is passed to.
ROLES: Mapping[str, tuple[str, str]] = {
    "apigateway/account:Account": ("cloudwatchRoleArn", "apigateway"),
    "lambda/function:Function": ("role", "lambda"),
    "pipes/pipe:Pipe": ("roleArn", "pipes"),
}
