"""The permissions on wildcard resources that policies may contain, each with its reason.

Where AWS generates the IDs of resources, a pattern covers them and a condition restricts it to the intended
ones. tests/aws/test_wildcards.py checks each cause against AWS's Service Authorization Reference.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

Conditions = Mapping[str, Mapping[str, Any]]

# Operators that are true only for the named values. A negated operator would invert a guard.
_POSITIVE_OPERATORS = (
    "ArnEquals",
    "ArnLike",
    "ForAnyValue:StringEquals",
    "StringEquals",
    "StringEqualsIfExists",
)


class Cause(Enum):
    """The cause for which a permission cannot name its resource."""

    NO_CONTROL = "AWS does not check the action against a resource."
    WHOLE_SERVICE = "AWS accepts the action only for all resources, according to its API reference."
    GENERATED_ID = "AWS generates a part of the ARN."
    PREFIX = "The names have a common prefix and their number grows."


@dataclass(frozen=True, kw_only=True)
class WildcardException:
    """Actions that a policy may allow on wildcard resources.

    `resource`: a regular expression for the resources, by default "*" itself. `guards`: condition keys; the
    statement must test at least one. `boundary_only`: the exception applies to boundaries, which are one
    policy of at most 6144 characters. A role's own policy must name the resources.
    """

    cause: Cause
    actions: tuple[str, ...]
    resource: str = r"\*"
    reason: str
    guards: tuple[str, ...] = ()
    boundary_only: bool = False

    def covers(self, action: str, resource: str, conditions: Conditions) -> bool:
        """Whether the exception permits the action on a wildcard resource under these conditions."""
        if action not in self.actions or not re.fullmatch(self.resource, resource):
            return False
        tested = {key for operator in _POSITIVE_OPERATORS for key in conditions.get(operator, {})}
        return not self.guards or not tested.isdisjoint(self.guards)


def is_exempt(action: str, resource: str, conditions: Conditions, *, in_boundary: bool = True) -> bool:
    """Whether EXCEPTIONS permits the action on a wildcard resource under these conditions.

    A boundary combines several services in one statement. An action does not apply to resources of another
    service, so such a pair needs no exception. A boundary may omit the region of a resource.
    """
    if in_boundary:
        resource = re.sub(r"^(arn:[a-z-]+:[a-z0-9-]+:)\*(:\d{12}:)", r"\1any-region\2", resource)
        if "*" not in resource and "?" not in resource:
            return True
    if resource != "*" and resource.split(":")[2:3] != [action.partition(":")[0]]:
        return True
    return any(
        exception.covers(action, resource, conditions)
        for exception in EXCEPTIONS
        if in_boundary or not exception.boundary_only
    )


def _action_names(service: str, names: str) -> tuple[str, ...]:
    return tuple(f"{service}:{name}" for name in names.split())


def _arn_pattern(service: str, resource: str) -> str:
    """A pattern for ARNs of one account and region."""
    return rf"arn:[a-z-]+:{service}:[a-z0-9-]+:\d{{12}}:{resource}"


_NAME = r"[a-z][a-z0-9-]*"
# The setting nameSuffix at the end of a name.
_SUFFIX = r"(-[a-z0-9-]+)?"
_READ_FUNCTION = _action_names(
    "lambda",
    "GetFunction GetFunctionCodeSigningConfig GetFunctionConfiguration GetFunctionEventInvokeConfig"
    " GetPolicy ListTags ListVersionsByFunction",
)
_CHANGE_ROLE = _action_names(
    "iam",
    "DeleteRole GetRole GetRolePolicy ListAttachedRolePolicies ListInstanceProfilesForRole"
    " ListRolePolicies TagRole UntagRole UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription",
)
_LIMIT_ROLE = _action_names("iam", "CreateRole DeleteRolePolicy PutRolePermissionsBoundary PutRolePolicy")
_CONSUMER_ROLES = rf"arn:[a-z-]+:iam::\d{{12}}:role/fraud-pipeline-consumer-\*{_SUFFIX}"
_LAYER_TAG = ("aws:ResourceTag/layer", "aws:RequestTag/layer")

# Roles of the functions, the pipe and API Gateway.
_RUNTIME_EXCEPTIONS = (
    WildcardException(
        cause=Cause.NO_CONTROL,
        actions=_action_names("xray", "PutTraceSegments PutTelemetryRecords"),
        reason="X-Ray has no resource-level control for sending traces.",
    ),
    WildcardException(
        cause=Cause.NO_CONTROL,
        actions=_action_names(
            "ec2",
            "DescribeAvailabilityZones DescribeNetworkAcls DescribeNetworkInterfaces DescribePrefixLists"
            " DescribeRouteTables DescribeSecurityGroupRules DescribeSecurityGroups DescribeSubnets"
            " DescribeVpcEndpointServices DescribeVpcEndpoints DescribeVpcs",
        ),
        reason=(
            "EC2 has no resource-level control for Describe actions. Lambda needs them to join a VPC, the"
            " provider to find its resources."
        ),
    ),
    WildcardException(
        cause=Cause.NO_CONTROL,
        actions=_action_names("dynamodb", "ListStreams"),
        reason="A pipe and Lambda list the streams of tables before they read one.",
    ),
    WildcardException(
        cause=Cause.GENERATED_ID,
        actions=_action_names("dynamodb", "DescribeStream GetRecords GetShardIterator"),
        resource=_arn_pattern("dynamodb", r"table/[\w-]+/stream/\*"),
        reason="DynamoDB names streams by creation time. The boundary names the table, the role the stream.",
    ),
    WildcardException(
        cause=Cause.GENERATED_ID,
        actions=_action_names(
            "ec2",
            "CreateNetworkInterface DeleteNetworkInterface AssignPrivateIpAddresses"
            " UnassignPrivateIpAddresses",
        ),
        resource=_arn_pattern("ec2", r"network-interface/\*"),
        reason=(
            "Lambda creates and deletes the interfaces, and EC2 generates their IDs. Subnets and security"
            " group are named, and the function's own code is denied these actions."
        ),
    ),
    WildcardException(
        cause=Cause.GENERATED_ID,
        actions=_action_names("logs", "CreateLogStream PutLogEvents"),
        resource=_arn_pattern("logs", r"log-group:[\w/-]+:\*"),
        reason="Lambda generates the names of the log streams. Their log group is named.",
    ),
    WildcardException(
        cause=Cause.GENERATED_ID,
        actions=_action_names(
            "logs",
            "CreateLogGroup CreateLogStream DescribeLogStreams PutLogEvents GetLogEvents FilterLogEvents",
        ),
        resource=_arn_pattern("logs", r"\*"),
        reason="API Gateway has one logging role for all APIs of an account and refuses a narrower one.",
    ),
    WildcardException(
        cause=Cause.GENERATED_ID,
        actions=("execute-api:Invoke",),
        resource=_arn_pattern("execute-api", r"\*/v1/POST/\*"),
        reason="API Gateway generates the ID of the API. A consumer's own policy names its routes.",
        boundary_only=True,
    ),
)

# Roles of CI.
_DEPLOYMENT_EXCEPTIONS = (
    WildcardException(
        cause=Cause.NO_CONTROL,
        actions=(
            "kms:ListAliases",
            "logs:DescribeLogGroups",
            "sns:GetSubscriptionAttributes",
            "xray:GetSamplingRules",
        ),
        reason="The provider finds aliases, log groups, subscriptions and sampling rules with these actions.",
    ),
    WildcardException(
        cause=Cause.NO_CONTROL,
        actions=("lambda:ListFunctions",),
        reason="Before a network is deleted, a check lists the functions that still use it.",
    ),
    WildcardException(
        cause=Cause.NO_CONTROL,
        actions=("lambda:GetAccountSettings", "servicequotas:GetAWSDefaultServiceQuota"),
        reason="Quotas belong to the account. A check compares them with the declared resources.",
    ),
    WildcardException(
        cause=Cause.NO_CONTROL,
        actions=_action_names(
            "logs", "CreateLogDelivery DeleteLogDelivery DescribeResourcePolicies PutResourcePolicy"
        ),
        reason="AWS WAF sets up its log with the permissions of its caller.",
    ),
    WildcardException(
        cause=Cause.GENERATED_ID,
        actions=_action_names(
            "wafv2",
            "AssociateWebACL CreateWebACL DeleteLoggingConfiguration DeleteWebACL GetLoggingConfiguration"
            " GetWebACL GetWebACLForResource ListTagsForResource PutLoggingConfiguration TagResource"
            " UntagResource UpdateWebACL",
        ),
        resource=_arn_pattern("wafv2", r"regional/(webacl/[a-z0-9-]+|managedruleset)/\*"),
        reason="AWS WAF adds an ID to the name of a web ACL. It also checks changes on AWS's rule groups,"
        " whose ARNs are not published.",
    ),
    WildcardException(
        cause=Cause.NO_CONTROL,
        actions=_action_names("sns", "SetSubscriptionAttributes Unsubscribe"),
        reason="IAM has no resource type for subscriptions. Subscribe applies to the topic, which is named.",
    ),
    WildcardException(
        cause=Cause.GENERATED_ID,
        actions=("route53:AssociateVPCWithHostedZone",),
        resource=r"arn:[a-z-]+:route53:::hostedzone/\*",
        reason="Private DNS of an endpoint uses a hosted zone that AWS owns and associates with the VPC.",
    ),
    WildcardException(
        cause=Cause.NO_CONTROL,
        actions=("kms:CreateKey",),
        reason="A new key has no ID yet. It must get the tag of the layer.",
        guards=_LAYER_TAG,
    ),
    WildcardException(
        cause=Cause.NO_CONTROL,
        actions=("lambda:CreateEventSourceMapping",),
        reason="A new mapping has no ID yet. Its function is named.",
        guards=("lambda:FunctionArn",),
    ),
    WildcardException(
        cause=Cause.GENERATED_ID,
        actions=_action_names(
            "ec2",
            "AssociateRouteTable AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CreateRouteTable"
            " CreateSecurityGroup CreateSubnet CreateTags CreateVpc CreateVpcEndpoint DeleteRouteTable"
            " DeleteSecurityGroup DeleteSubnet DeleteTags DeleteVpc DeleteVpcEndpoints DescribeVpcAttribute"
            " DisassociateRouteTable ModifySecurityGroupRules ModifySubnetAttribute ModifyVpcAttribute"
            " ModifyVpcEndpoint ReplaceRouteTableAssociation RevokeSecurityGroupEgress"
            " RevokeSecurityGroupIngress",
        ),
        resource=_arn_pattern(
            "ec2", r"(route-table|security-group|security-group-rule|subnet|vpc|vpc-endpoint)/\*"
        ),
        reason="EC2 generates the IDs. The resource must have the tag of the layer, or get it first.",
        guards=_LAYER_TAG,
    ),
    WildcardException(
        cause=Cause.GENERATED_ID,
        actions=_action_names(
            "kms",
            "CreateAlias DeleteAlias DescribeKey DisableKeyRotation EnableKeyRotation"
            " GetKeyPolicy GetKeyRotationStatus ListResourceTags PutKeyPolicy ScheduleKeyDeletion TagResource"
            " UntagResource UpdateAlias UpdateKeyDescription",
        ),
        resource=_arn_pattern("kms", r"key/\*"),
        reason="KMS generates the IDs. The key must have the tag of the layer, or get it first.",
        guards=_LAYER_TAG,
    ),
    WildcardException(
        cause=Cause.GENERATED_ID,
        actions=_action_names(
            "lambda",
            "DeleteCodeSigningConfig DeleteEventSourceMapping GetCodeSigningConfig GetEventSourceMapping"
            " ListTags TagResource UntagResource UpdateCodeSigningConfig UpdateEventSourceMapping",
        ),
        resource=_arn_pattern("lambda", r"(event-source-mapping|code-signing-config):\*"),
        reason="Lambda generates the IDs. The resource must have the tag of the layer, or get it first.",
        guards=_LAYER_TAG,
    ),
    WildcardException(
        cause=Cause.NO_CONTROL,
        actions=("lambda:CreateCodeSigningConfig", "signer:PutSigningProfile"),
        reason="A new configuration has no ID yet, and AWS does not check the name of a new signing profile."
        " Both must get the tag of the layer.",
        guards=_LAYER_TAG,
    ),
    WildcardException(
        cause=Cause.GENERATED_ID,
        actions=_action_names(
            "signer",
            "CancelSigningProfile DescribeSigningJob GetSigningProfile TagResource UntagResource",
        ),
        resource=_arn_pattern("signer", r"/signing-(profiles/fraud_pipeline_[a-z0-9_]*|jobs/)\*"),
        reason="AWS Signer generates the IDs of jobs. The provider adds a timestamp to the name of a profile,"
        " because the name of a canceled one cannot be used again.",
    ),
    WildcardException(
        cause=Cause.GENERATED_ID,
        actions=_action_names("signer", "DescribeSigningJob StartSigningJob"),
        resource=r"arn:[a-z-]+:signer:(\*|[a-z0-9-]+):\d{12}:/signing-\*",
        reason="A layer's own policy names the signing profile. Its boundary has one pattern for all.",
        boundary_only=True,
    ),
    WildcardException(
        cause=Cause.GENERATED_ID,
        actions=_action_names("apigateway", "DELETE GET PATCH POST PUT SetWebACL UpdateRestApiPolicy"),
        resource=r"arn:[a-z-]+:apigateway:[a-z0-9-]+::/(restapis|tags)/\*",
        reason="API Gateway generates the IDs. The API has the tag of the layer; its parts inherit it.",
        guards=_LAYER_TAG,
    ),
    WildcardException(
        cause=Cause.GENERATED_ID,
        actions=_action_names(
            "logs",
            "AssociateKmsKey CreateLogGroup DeleteLogGroup DeleteRetentionPolicy DisassociateKmsKey"
            " ListTagsForResource PutRetentionPolicy TagResource UntagResource",
        ),
        resource=_arn_pattern("logs", r"log-group:[\w/-]+:?\*"),
        reason="Some actions use the ARN of a log group with ':*' at the end.",
    ),
    WildcardException(
        cause=Cause.GENERATED_ID,
        actions=_action_names("s3", "DeleteObject GetObject PutObject"),
        resource=r"arn:[a-z-]+:s3:::[a-z0-9-]+/(\.pulumi/(\*|stacks)|backups|packages|\*)/[a-z0-9-]+/\*",
        reason="Pulumi generates the names of the state files of a stack. Their folder is named.",
    ),
    WildcardException(
        cause=Cause.GENERATED_ID,
        actions=_action_names("s3", "GetObjectTagging GetObjectVersion PutObjectTagging"),
        resource=r"arn:[a-z-]+:s3:::[a-z0-9-]+/(\.pulumi/\*|backups|packages|\*)/[a-z0-9-]+/\*",
        reason="The name of a package is the hash of its content. Its folder is named.",
    ),
    WildcardException(
        cause=Cause.GENERATED_ID,
        actions=_action_names("s3", "GetObject GetObjectTagging"),
        resource=r"arn:[a-z-]+:s3:::[a-z0-9-]+/packages/\*",
        reason="Previews and drift detection cover every stack, so their role reads all packages.",
    ),
    WildcardException(
        cause=Cause.GENERATED_ID,
        actions=("s3:GetObject",),
        resource=r"arn:[a-z-]+:s3:::[a-z0-9-]+/\.pulumi/(stacks|history|locks)/\*",
        reason="Previews and drift detection cover every stack, so their role reads all states and locks.",
    ),
    WildcardException(
        cause=Cause.GENERATED_ID,
        actions=("s3:GetObject",),
        resource=r"arn:[a-z-]+:s3:::[a-z0-9-]+/\.pulumi/\*",
        reason="A layer's own policy names the states that it reads. Its boundary has one pattern for all.",
        boundary_only=True,
    ),
    WildcardException(
        cause=Cause.PREFIX,
        actions=_action_names("ec2", "DeleteNetworkInterface DetachNetworkInterface"),
        resource=_arn_pattern("ec2", r"network-interface/\*"),
        reason="Lambda's interfaces remain after the deletion of a function and block the deletion of subnets"
        " and security groups. They must be in the VPC of the layer.",
        guards=("ec2:Vpc",),
    ),
    WildcardException(
        cause=Cause.WHOLE_SERVICE,
        actions=("cloudwatch:DescribeAlarms",),
        reason="CloudWatch describes composite alarms only to roles that may describe all alarms.",
    ),
    WildcardException(
        cause=Cause.WHOLE_SERVICE,
        actions=("cloudwatch:PutCompositeAlarm",),
        reason="CloudWatch checks the creation of composite alarms against all resources only. The alarm must"
        " get the tag of the layer.",
        guards=_LAYER_TAG,
    ),
    WildcardException(
        cause=Cause.PREFIX,
        actions=_action_names(
            "cloudwatch",
            "DeleteAlarms DeleteDashboards GetDashboard ListTagsForResource PutDashboard PutMetricAlarm"
            " TagResource UntagResource",
        ),
        resource=_arn_pattern("cloudwatch", rf"alarm:fraud-pipeline-{_NAME}-\*{_SUFFIX}")
        + "|"
        + rf"arn:[a-z-]+:cloudwatch::\d{{12}}:dashboard/fraud-pipeline-{_NAME}-\*{_SUFFIX}",
        reason="A layer has tens of alarms, and new features add more. Their prefix is the layer's name.",
    ),
    WildcardException(
        cause=Cause.PREFIX,
        actions=_action_names(
            "iam",
            "CreatePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion GetPolicy GetPolicyVersion"
            " ListPolicyVersions TagPolicy UntagPolicy",
        ),
        resource=rf"arn:[a-z-]+:iam::\d{{12}}:policy/fraud-pipeline-\*-boundary{_SUFFIX}",
        reason="Foundation creates the boundary of every role of the pipeline. Its own boundary is denied.",
    ),
    WildcardException(
        cause=Cause.PREFIX,
        actions=_CHANGE_ROLE,
        resource=rf"arn:[a-z-]+:iam::\d{{12}}:role/fraud-pipeline-deploy-\*{_SUFFIX}",
        reason="Foundation creates the deploy role of each layer. Its own role is denied.",
    ),
    WildcardException(
        cause=Cause.PREFIX,
        actions=_LIMIT_ROLE,
        resource=rf"arn:[a-z-]+:iam::\d{{12}}:role/fraud-pipeline-deploy-\*{_SUFFIX}",
        reason="Foundation creates the deploy role of each layer, with the boundary of a deploy role.",
        guards=("iam:PermissionsBoundary",),
    ),
    WildcardException(
        cause=Cause.PREFIX,
        actions=_action_names(
            "iam",
            "CreatePolicy CreatePolicyVersion CreateRole DeletePolicy DeletePolicyVersion DeleteRole"
            " DeleteRolePolicy GetPolicy GetPolicyVersion GetRole GetRolePolicy ListAttachedRolePolicies"
            " ListInstanceProfilesForRole ListPolicyVersions ListRolePolicies PutRolePermissionsBoundary"
            " PutRolePolicy TagPolicy TagRole UntagPolicy UntagRole UpdateAssumeRolePolicy UpdateRole"
            " UpdateRoleDescription",
        ),
        resource=r"arn:[a-z-]+:iam::\d{12}:(role/fraud-pipeline-deploy-\*|policy/fraud-pipeline-\*-boundary)"
        + _SUFFIX,
        reason="Foundation's boundary combines the statements of its own policy on roles and on boundaries.",
        boundary_only=True,
    ),
    WildcardException(
        cause=Cause.PREFIX,
        actions=_CHANGE_ROLE,
        resource=_CONSUMER_ROLES,
        reason="The consumers of the API are a setting of edge. Each has a role.",
    ),
    WildcardException(
        cause=Cause.PREFIX,
        actions=_LIMIT_ROLE,
        resource=_CONSUMER_ROLES,
        reason="The consumers of the API are a setting of edge. Their roles have one boundary.",
        guards=("iam:PermissionsBoundary",),
    ),
    WildcardException(
        cause=Cause.PREFIX,
        actions=(*_CHANGE_ROLE, *_LIMIT_ROLE, "iam:PassRole"),
        resource=_CONSUMER_ROLES,
        reason="Edge's boundary combines the statements of its policy. It denies roles without a boundary.",
        boundary_only=True,
    ),
    WildcardException(
        cause=Cause.PREFIX,
        actions=_action_names("cloudwatch", "GetDashboard ListTagsForResource")
        + _READ_FUNCTION
        + _action_names("logs", "ListTagsForResource"),
        resource=r"arn:[a-z-]+:(cloudwatch|lambda|logs):[a-z0-9-]*:\d{12}"
        rf":(alarm:|dashboard/|function:|log-group:/aws/lambda/)fraud-pipeline-\*{_SUFFIX}",
        reason="The read-only role reads every function and alarm of the pipeline.",
    ),
    WildcardException(
        cause=Cause.PREFIX,
        actions=_action_names("kms", "CreateAlias DeleteAlias UpdateAlias"),
        resource=_arn_pattern("kms", rf"alias/fraud-\*{_SUFFIX}"),
        reason="Foundation's own policy names the aliases of its keys. Its boundary has one pattern for all.",
        boundary_only=True,
    ),
    WildcardException(
        cause=Cause.NO_CONTROL,
        actions=("lambda:CreateEventSourceMapping",),
        reason="The layer's own policy names the function of the mapping. Its boundary does not.",
        guards=_LAYER_TAG,
        boundary_only=True,
    ),
    WildcardException(
        cause=Cause.PREFIX,
        actions=_action_names("budgets", "ListTagsForResource ViewBudget")
        + _action_names("cloudwatch", "GetDashboard ListTagsForResource")
        + _action_names(
            "dynamodb", "DescribeContinuousBackups DescribeTable DescribeTimeToLive ListTagsOfResource"
        )
        + _action_names("events", "DescribeEventBus DescribeRule ListTagsForResource ListTargetsByRule")
        + _action_names("kms", "DescribeKey")
        + _READ_FUNCTION
        + _action_names("logs", "ListTagsForResource")
        + _action_names("pipes", "DescribePipe ListTagsForResource")
        + _action_names("sns", "GetTopicAttributes ListSubscriptionsByTopic ListTagsForResource")
        + _action_names("sqs", "GetQueueAttributes ListQueueTags")
        + _action_names("wafv2", "GetLoggingConfiguration GetWebACL GetWebACLForResource ListTagsForResource")
        + _action_names("xray", "ListTagsForResource"),
        resource=r"arn:[a-z-]+:[a-z0-9]+:[a-z0-9-]*:\d{12}:([a-z-]+[:/])?\*",
        reason="The read-only role names each resource. Its boundary has patterns, because it must fit into"
        " one policy for any number of layers.",
        boundary_only=True,
    ),
    WildcardException(
        cause=Cause.PREFIX,
        actions=_action_names(
            "iam",
            "GetPolicy GetPolicyVersion GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies",
        ),
        resource=r"arn:[a-z-]+:iam::\d{12}:(policy|role)/fraud-pipeline-\*[a-z0-9-]*",
        reason="The read-only role reads every role and policy of the pipeline.",
    ),
    WildcardException(
        cause=Cause.GENERATED_ID,
        actions=_action_names("kms", "Decrypt Encrypt GenerateDataKey"),
        resource=_arn_pattern("kms", r"key/\*"),
        reason="No stack creates the key of Pulumi's state. The key must have the alias of the state key.",
        guards=("kms:ResourceAliases",),
    ),
)

EXCEPTIONS = (*_RUNTIME_EXCEPTIONS, *_DEPLOYMENT_EXCEPTIONS)
