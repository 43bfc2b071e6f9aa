"""The ARNs of each registered resource by the types of the Service Authorization Reference.

A new resource type needs an entry in `TARGETS`, and in `KEYS` or `ROLES` if it uses a key or passes a role.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.stacks.mocked_aws import ACCOUNT, CODE_SIGNING_CONFIG, REGION, arn
from tests.stacks.recording import RecordedResource

API = f"arn:aws:apigateway:{REGION}::"


@dataclass(frozen=True)
class Target:
    """`own`: the ARNs of the resource. `others`: the ARNs of other resources that its requests name."""

    own: Mapping[str, str]
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def _name_target(
    service: str, type_: str, prefix: str = "", key: str = "name"
) -> Callable[[RecordedResource], Target]:
    return lambda resource: Target({type_: arn(service, f"{prefix}{_last_part(resource[key])}")})


def _last_part(value: str) -> str:
    """The name at the end of a URL or ARN."""
    return value.rpartition("/")[2] if value.startswith("https:") else value.rpartition(":")[2]


def _global_target(service: str, type_: str) -> Callable[[RecordedResource], Target]:
    """A resource without a region."""
    return lambda resource: Target({type_: f"arn:aws:{service}::{ACCOUNT}:{type_}/{resource['name']}"})


def _ec2_target(type_: str, **others: str) -> Callable[[RecordedResource], Target]:
    """A resource with a generated ID. `others`: the inputs with the IDs of other resources, by type."""

    def make_target(resource: RecordedResource) -> Target:
        ids_by_type = {kind.replace("_", "-"): _ids(resource, key) for kind, key in others.items()}
        return Target(
            {type_: arn("ec2", f"{type_}/{resource.name}-id")},
            {kind: tuple(arn("ec2", f"{kind}/{id_}") for id_ in ids) for kind, ids in ids_by_type.items()},
        )

    return make_target


def _ids(resource: RecordedResource, key: str) -> tuple[str, ...]:
    value = resource.inputs.get(key, ())
    return (value,) if isinstance(value, str) else tuple(value)


def _route_table_association_target(resource: RecordedResource) -> Target:
    return Target(
        {},
        {
            "route-table": (arn("ec2", f"route-table/{resource['routeTableId']}"),),
            "subnet": (arn("ec2", f"subnet/{resource['subnetId']}"),),
        },
    )


def _default_security_group_target(resource: RecordedResource) -> Target:
    return Target({"security-group": arn("ec2", "security-group/default-id")})


def _rule_target(resource: RecordedResource, key: str = "name") -> Target:
    bus = resource.inputs.get("eventBusName")
    if bus in (None, "default"):
        return Target({"rule-on-default-event-bus": arn("events", f"rule/{resource[key]}")})
    return Target({"rule-on-custom-event-bus": arn("events", f"rule/{bus}/{resource[key]}")})


def _log_group_target(resource: RecordedResource) -> Target:
    return Target({"log-group": arn("logs", f"log-group:{resource['name']}")})


def _alias_target(resource: RecordedResource) -> Target:
    return Target(
        {"alias": arn("kms", str(resource["name"]))},
        {"key": (arn("kms", f"key/{resource['targetKeyId']}"),)},
    )


def _mapping_target(resource: RecordedResource) -> Target:
    return Target({"eventSourceMapping": arn("lambda", f"event-source-mapping:{resource.name}-id")})


def _role_policy_target(resource: RecordedResource) -> Target:
    return Target({}, {"role": (f"arn:aws:iam::{ACCOUNT}:role/{resource['role']}",)})


def _api_part_target(collection: str, key: str | None = None) -> Callable[[RecordedResource], Target]:
    """A part of a REST API: AWS checks `POST` on the collection and every other verb on the part."""

    def make_target(resource: RecordedResource) -> Target:
        path = f"{API}/restapis/{_api_id(resource)}/{collection}"
        item = resource.inputs[key] if key else f"{resource.name}-id"
        return Target({"POST": path, "": f"{path}/{item}"})

    return make_target


def _api_id(part: RecordedResource) -> str:
    return str(part.inputs.get("restApi") or part["restApiId"])


def _rest_api_target(resource: RecordedResource) -> Target:
    api = f"{API}/restapis/{resource.name}-id"
    return Target({"POST": f"{API}/restapis", "PUT": f"{API}/tags/{api.replace(':', '%3A')}", "": api})


def _stage_target(resource: RecordedResource) -> Target:
    stages = f"{API}/restapis/{_api_id(resource)}/stages"
    stage = f"{stages}/{resource['stageName']}"
    return Target({"POST": stages, "PUT": f"{API}/tags/{stage.replace(':', '%3A')}", "": stage})


def _method_target(resource: RecordedResource) -> Target:
    part, verb = resource["resourceId"], resource["httpMethod"]
    return Target({"": f"{API}/restapis/{_api_id(resource)}/resources/{part}/methods/{verb}"})


def _method_settings_target(resource: RecordedResource) -> Target:
    return Target({"": f"{API}/restapis/{_api_id(resource)}/stages/{resource['stageName']}"})


def _web_acl_target(resource: RecordedResource) -> Target:
    acl = arn("wafv2", f"regional/webacl/{resource['name']}/{resource.name}-id")
    return Target(
        {"webacl": acl},
        {
            "managedruleset": (
                arn("wafv2", "regional/managedruleset/"),
                arn("wafv2", "regional/managedruleset/CommonRules/1"),
            )
        },
    )


def _web_acl_association_target(resource: RecordedResource) -> Target:
    """API Gateway checks `SetWebACL` on the stage, too."""
    stage = resource["resourceArn"]
    return Target({"": stage, "apigateway": stage}, {"webacl": (resource["webAclArn"],)})


def _function_target(resource: RecordedResource) -> Target:
    """A function, and the signed package and the configuration that its requests name."""
    own = {"function": arn("lambda", f"function:{resource['name']}")}
    if not resource.inputs.get("s3Key"):
        return Target(own)
    return Target(
        own,
        {
            "code signing config": (resource["codeSigningConfigArn"],),
            "object": (f"arn:aws:s3:::{resource['s3Bucket']}/{resource['s3Key']}",),
        },
    )


def _object_target(resource: RecordedResource) -> Target:
    bucket = f"arn:aws:s3:::{resource['bucket']}"
    return Target({"object": f"{bucket}/{resource['key']}"}, {"bucket": (bucket,)})


def _signing_job_target(resource: RecordedResource) -> Target:
    """A job with a generated ID, which reads one object and writes another."""
    source, destination = resource["source"]["s3"], resource["destination"]["s3"]
    bucket = f"arn:aws:s3:::{source['bucket']}"
    return Target(
        {"signing-job": arn("signer", f"/signing-jobs/{resource.name}-id")},
        {
            "signing-profile": (arn("signer", f"/signing-profiles/{resource['profileName']}"),),
            "bucket": (bucket,),
            "object": (
                f"{bucket}/{source['key']}",
                f"{bucket}/{destination['prefix']}{resource.name}-id.zip",
            ),
        },
    )


def _signing_profile_target(resource: RecordedResource) -> Target:
    return Target({"signing-profile": arn("signer", f"/signing-profiles/{resource['namePrefix']}{'0' * 26}")})


TARGETS: Mapping[str, Callable[[RecordedResource], Target]] = {
    "apigateway/account:Account": lambda _: Target({"": f"{API}/account"}),
    "apigateway/deployment:Deployment": _api_part_target("deployments"),
    "apigateway/integration:Integration": _method_target,
    "apigateway/integrationResponse:IntegrationResponse": _method_target,
    "apigateway/method:Method": _method_target,
    "apigateway/methodResponse:MethodResponse": _method_target,
    "apigateway/methodSettings:MethodSettings": _method_settings_target,
    "apigateway/model:Model": _api_part_target("models", "name"),
    "apigateway/requestValidator:RequestValidator": _api_part_target("requestvalidators"),
    "apigateway/resource:Resource": _api_part_target("resources"),
    "apigateway/response:Response": _api_part_target("gatewayresponses", "responseType"),
    "apigateway/restApi:RestApi": _rest_api_target,
    "apigateway/restApiPolicy:RestApiPolicy": lambda resource: Target(
        {"": f"{API}/restapis/{resource['restApiId']}"}
    ),
    "apigateway/stage:Stage": _stage_target,
    "budgets/budget:Budget": _global_target("budgets", "budget"),
    "cloudwatch/compositeAlarm:CompositeAlarm": _name_target("cloudwatch", "alarm", "alarm:", "alarmName"),
    "cloudwatch/dashboard:Dashboard": lambda resource: Target(
        {"dashboard": f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{resource['dashboardName']}"}
    ),
    "cloudwatch/eventBus:EventBus": _name_target("events", "event-bus", "event-bus/"),
    "cloudwatch/eventRule:EventRule": _rule_target,
    "cloudwatch/eventTarget:EventTarget": lambda resource: _rule_target(resource, "rule"),
    "cloudwatch/logGroup:LogGroup": _log_group_target,
    "cloudwatch/metricAlarm:MetricAlarm": _name_target("cloudwatch", "alarm", "alarm:", "name"),
    "dynamodb/table:Table": _name_target("dynamodb", "table", "table/"),
    "ec2/defaultSecurityGroup:DefaultSecurityGroup": _default_security_group_target,
    "ec2/routeTable:RouteTable": _ec2_target("route-table", vpc="vpcId"),
    "ec2/routeTableAssociation:RouteTableAssociation": _route_table_association_target,
    "ec2/securityGroup:SecurityGroup": _ec2_target("security-group", vpc="vpcId"),
    "ec2/subnet:Subnet": _ec2_target("subnet", vpc="vpcId"),
    "ec2/vpc:Vpc": _ec2_target("vpc"),
    "ec2/vpcEndpoint:VpcEndpoint": _ec2_target(
        "vpc-endpoint",
        vpc="vpcId",
        subnet="subnetIds",
        security_group="securityGroupIds",
        route_table="routeTableIds",
    ),
    "iam/policy:Policy": _global_target("iam", "policy"),
    "iam/role:Role": _global_target("iam", "role"),
    "iam/rolePolicy:RolePolicy": _role_policy_target,
    "kms/alias:Alias": _alias_target,
    "kms/key:Key": lambda resource: Target({"key": arn("kms", f"key/{resource.name}")}),
    "lambda/eventSourceMapping:EventSourceMapping": _mapping_target,
    "lambda/codeSigningConfig:CodeSigningConfig": lambda _: Target(
        {"code signing config": CODE_SIGNING_CONFIG}
    ),
    "lambda/function:Function": _function_target,
    "lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": _name_target(
        "lambda", "function", "function:", "functionName"
    ),
    "lambda/permission:Permission": _name_target("lambda", "function", "function:", "function"),
    "pipes/pipe:Pipe": _name_target("pipes", "pipe", "pipe/"),
    "s3/bucketObjectv2:BucketObjectv2": _object_target,
    "signer/signingJob:SigningJob": _signing_job_target,
    "signer/signingProfile:SigningProfile": _signing_profile_target,
    "sns/topic:Topic": _name_target("sns", "topic"),
    "sns/topicPolicy:TopicPolicy": _name_target("sns", "topic", key="arn"),
    "sns/topicSubscription:TopicSubscription": _name_target("sns", "topic", key="topic"),
    "sqs/queue:Queue": _name_target("sqs", "queue"),
    "sqs/queuePolicy:QueuePolicy": _name_target("sqs", "queue", key="queueUrl"),
    "sqs/redriveAllowPolicy:RedriveAllowPolicy": _name_target("sqs", "queue", key="queueUrl"),
    "vpc/securityGroupEgressRule:SecurityGroupEgressRule": _ec2_target(
        "security-group-rule", security_group="securityGroupId"
    ),
    "vpc/securityGroupIngressRule:SecurityGroupIngressRule": _ec2_target(
        "security-group-rule", security_group="securityGroupId"
    ),
    "wafv2/webAcl:WebAcl": _web_acl_target,
    "wafv2/webAclAssociation:WebAclAssociation": _web_acl_association_target,
    "wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": lambda resource: Target(
        {"webacl": resource["resourceArn"]}
    ),
    "xray/samplingRule:SamplingRule": _name_target("xray", "sampling-rule", "sampling-rule/", key="ruleName"),
}


@dataclass(frozen=True)
class KeyUse:
    """The key of a resource, the service that uses it, and the encryption context.

    `alias`: the alias of a key that the recorded programs do not declare.
    """

    key: str
    service: str
    context: Mapping[str, str]
    alias: str = ""


def _function_key(function: RecordedResource) -> KeyUse:
    function_arn = arn("lambda", f"function:{function['name']}")
    return KeyUse(function["kmsKeyArn"], "lambda", {"aws:lambda:FunctionArn": function_arn})


def _table_key(table: RecordedResource) -> KeyUse:
    context = {"aws:dynamodb:tableName": table["name"], "aws:dynamodb:subscriberId": ACCOUNT}
    return KeyUse(table["serverSideEncryption"]["kmsKeyArn"], "dynamodb", context)


def _bus_key(bus: RecordedResource) -> KeyUse:
    bus_arn = arn("events", f"event-bus/{bus['name']}")
    return KeyUse(bus["kmsKeyIdentifier"], "events", {"aws:events:event-bus:arn": bus_arn})


def _state_key(bucket: str) -> KeyUse:
    """The key of Pulumi's state. With a bucket key, the context is the bucket."""
    context = {"aws:s3:arn": f"arn:aws:s3:::{bucket}"}
    return KeyUse(arn("kms", "key/state"), "s3", context, alias="alias/fraud-pipeline-state")


# The types whose handlers use a key.
KEYS: Mapping[str, Callable[[RecordedResource], KeyUse]] = {
    "cloudwatch/eventBus:EventBus": _bus_key,
    "dynamodb/table:Table": _table_key,
    "lambda/function:Function": _function_key,
    "s3/bucketObjectv2:BucketObjectv2": lambda resource: _state_key(resource["bucket"]),
    "signer/signingJob:SigningJob": lambda resource: _state_key(resource["source"]["s3"]["bucket"]),
}

# The input with the role that is passed with a type, and the service that assumes the role.
ROLES: Mapping[str, tuple[str, str]] = {
    "apigateway/account:Account": ("cloudwatchRoleArn", "apigateway"),
    "lambda/function:Function": ("role", "lambda"),
    "pipes/pipe:Pipe": ("roleArn", "pipes"),
}
