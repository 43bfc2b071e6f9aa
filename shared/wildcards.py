"""The one list of permissions on more than named resources, each with its reason; nothing else passes.

Where AWS makes up the ids of resources, a pattern stands for them, and a condition says which are meant.
tests/aws/test_wildcards.py checks each cause against AWS's Service Authorization Reference.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

Conditions = Mapping[str, Mapping[str, Any]]

# Those that hold only for the values named; the others would turn a guard around.
_POSITIVE = ("ArnEquals", "ArnLike", "ForAnyValue:StringEquals", "StringEquals", "StringEqualsIfExists")


class Cause(Enum):
    """Why a permission cannot name its resource."""

    NO_CONTROL = "AWS checks the action on no resource."
    WHOLE_SERVICE = "AWS takes the action on all resources or on none, and its API reference says so."
    MADE_UP_ID = "AWS makes up a part of the ARN."
    PREFIX = "The names begin alike and their number grows."


@dataclass(frozen=True, kw_only=True)
class WildcardException:
    """Actions that may be allowed on resources that match `resource`, a regular expression, and why.

    `guards`: condition keys, of which the statement must test one. `boundary_only`: a role's own policy must
    name the resources; a boundary, which is one policy of 6144 characters, may use the pattern.
    """

    cause: Cause
    actions: tuple[str, ...]
    resource: str
    reason: str
    guards: tuple[str, ...] = ()
    boundary_only: bool = False

    def covers(self, action: str, resource: str, conditions: Conditions) -> bool:
        """Whether this lets an action be allowed on a wildcard resource under these conditions."""
        if action not in self.actions or not re.fullmatch(self.resource, resource):
            return False
        tested = {key for operator in _POSITIVE for key in conditions.get(operator, {})}
        return not self.guards or not tested.isdisjoint(self.guards)


def is_listed(action: str, resource: str, conditions: Conditions, *, in_boundary: bool = True) -> bool:
    """Whether EXCEPTIONS has the action on that wildcard resource, under these conditions.

    A boundary puts several services into one statement. AWS never checks an action on another's resource.
    """
    if resource != "*" and resource.split(":")[2:3] != [action.partition(":")[0]]:
        return True
    return any(
        exception.covers(action, resource, conditions)
        for exception in EXCEPTIONS
        if in_boundary or not exception.boundary_only
    )


def _actions(service: str, names: str) -> tuple[str, ...]:
    return tuple(f"{service}:{name}" for name in names.split())


def _arns(service: str, resource: str) -> str:
    """In one account and region."""
    return rf"arn:[a-z-]+:{service}:[a-z0-9-]+:\d{{12}}:{resource}"


_EVERYTHING = r"\*"
_NAME = r"[a-z][a-z0-9-]*"
# The setting nameSuffix, behind a name.
_SUFFIX = r"(-[a-z0-9-]+)?"
_LAYER_TAG = ("aws:ResourceTag/layer", "aws:RequestTag/layer")

# What the functions, the pipe and API Gateway run with.
_OF_SERVICES = (
    WildcardException(
        cause=Cause.NO_CONTROL,
        actions=_actions("xray", "PutTraceSegments PutTelemetryRecords"),
        resource=_EVERYTHING,
        reason="X-Ray has no resource-level control for sending traces.",
    ),
    WildcardException(
        cause=Cause.NO_CONTROL,
        actions=_actions(
            "ec2",
            "DescribeAvailabilityZones DescribeNetworkAcls DescribeNetworkInterfaces DescribePrefixLists"
            " DescribeRouteTables DescribeSecurityGroupRules DescribeSecurityGroups DescribeSubnets"
            " DescribeVpcEndpointServices DescribeVpcEndpoints DescribeVpcs",
        ),
        resource=_EVERYTHING,
        reason=(
            "EC2 has no resource-level control for Describe actions, which Lambda needs to join a VPC, and a"
            " deployment to find what it made."
        ),
    ),
    WildcardException(
        cause=Cause.NO_CONTROL,
        actions=_actions("dynamodb", "ListStreams"),
        resource=_EVERYTHING,
        reason="A pipe lists the streams of tables to follow one.",
    ),
    WildcardException(
        cause=Cause.MADE_UP_ID,
        actions=_actions("dynamodb", "DescribeStream GetRecords GetShardIterator"),
        resource=_arns("dynamodb", r"table/[\w-]+/stream/\*"),
        reason="DynamoDB names streams by time. The pipe's boundary names the table, its role the stream.",
    ),
    WildcardException(
        cause=Cause.MADE_UP_ID,
        actions=_actions(
            "ec2",
            "CreateNetworkInterface DeleteNetworkInterface AssignPrivateIpAddresses"
            " UnassignPrivateIpAddresses",
        ),
        resource=_arns("ec2", r"network-interface/\*"),
        reason=(
            "Lambda makes and removes the interfaces, and EC2 gives them ids. Subnets and security group are"
            " named, and the function's own code is denied these actions."
        ),
    ),
    WildcardException(
        cause=Cause.MADE_UP_ID,
        actions=_actions("logs", "CreateLogStream PutLogEvents"),
        resource=_arns("logs", r"log-group:[\w/-]+:\*"),
        reason="Lambda makes up the names of the streams. Their log group is named.",
    ),
    WildcardException(
        cause=Cause.MADE_UP_ID,
        actions=_actions(
            "logs",
            "CreateLogGroup CreateLogStream DescribeLogStreams PutLogEvents GetLogEvents FilterLogEvents",
        ),
        resource=_arns("logs", r"\*"),
        reason="API Gateway has one logging role for all APIs of an account, and refuses a lesser one.",
    ),
)

# What the roles run with that deploy a layer.
_OF_DEPLOYMENTS = (
    WildcardException(
        cause=Cause.NO_CONTROL,
        actions=("kms:ListAliases", "logs:DescribeLogGroups", "sns:GetSubscriptionAttributes"),
        resource=_EVERYTHING,
        reason="The provider finds an alias, a log group and a subscription by these.",
    ),
    WildcardException(
        cause=Cause.NO_CONTROL,
        actions=("lambda:ListFunctions",),
        resource=_EVERYTHING,
        reason="Before a network is deleted, the functions that still use it are looked for in the account.",
    ),
    WildcardException(
        cause=Cause.NO_CONTROL,
        actions=("lambda:GetAccountSettings", "servicequotas:GetAWSDefaultServiceQuota"),
        resource=_EVERYTHING,
        reason="Quotas belong to the account. Before a deployment they are compared with what it declares.",
    ),
    WildcardException(
        cause=Cause.NO_CONTROL,
        actions=_actions("sns", "SetSubscriptionAttributes Unsubscribe"),
        resource=_EVERYTHING,
        reason="A subscription is no resource of IAM. To subscribe takes the topic, which is named.",
    ),
    WildcardException(
        cause=Cause.MADE_UP_ID,
        actions=("route53:AssociateVPCWithHostedZone",),
        resource=r"arn:[a-z-]+:route53:::hostedzone/\*",
        reason="Private DNS of an endpoint is a hosted zone that AWS makes and owns, and that the VPC joins.",
    ),
    WildcardException(
        cause=Cause.NO_CONTROL,
        actions=("kms:CreateKey",),
        resource=_EVERYTHING,
        reason="A key that is being made has no id yet. It must get the tag of the layer.",
        guards=_LAYER_TAG,
    ),
    WildcardException(
        cause=Cause.NO_CONTROL,
        actions=("lambda:CreateEventSourceMapping",),
        resource=_EVERYTHING,
        reason="A mapping that is being made has no id yet. Its function is named.",
        guards=("lambda:FunctionArn",),
    ),
    WildcardException(
        cause=Cause.MADE_UP_ID,
        actions=_actions(
            "ec2",
            "AssociateRouteTable AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CreateRouteTable"
            " CreateSecurityGroup CreateSubnet CreateTags CreateVpc CreateVpcEndpoint DeleteRouteTable"
            " DeleteSecurityGroup DeleteSubnet DeleteTags DeleteVpc DeleteVpcEndpoints DescribeVpcAttribute"
            " DisassociateRouteTable ModifySecurityGroupRules ModifySubnetAttribute ModifyVpcAttribute"
            " ModifyVpcEndpoint ReplaceRouteTableAssociation RevokeSecurityGroupEgress"
            " RevokeSecurityGroupIngress",
        ),
        resource=_arns("ec2", r"(route-table|security-group|security-group-rule|subnet|vpc|vpc-endpoint)/\*"),
        reason="EC2 makes up the ids. The resource must have the tag of the layer, or get it as its first.",
        guards=_LAYER_TAG,
    ),
    WildcardException(
        cause=Cause.MADE_UP_ID,
        actions=_actions(
            "kms",
            "CreateAlias DeleteAlias DescribeKey DisableKeyRotation EnableKeyRotation"
            " GetKeyPolicy GetKeyRotationStatus ListResourceTags PutKeyPolicy ScheduleKeyDeletion TagResource"
            " UntagResource UpdateAlias UpdateKeyDescription",
        ),
        resource=_arns("kms", r"key/\*"),
        reason="KMS makes up the ids. The key must have the tag of the layer, or get it as its first.",
        guards=_LAYER_TAG,
    ),
    WildcardException(
        cause=Cause.MADE_UP_ID,
        actions=_actions(
            "lambda",
            "DeleteEventSourceMapping GetEventSourceMapping ListTags TagResource UntagResource"
            " UpdateEventSourceMapping",
        ),
        resource=_arns("lambda", r"event-source-mapping:\*"),
        reason="Lambda makes up the ids. The mapping must have the tag of the layer, or get it as its first.",
        guards=_LAYER_TAG,
    ),
    WildcardException(
        cause=Cause.MADE_UP_ID,
        actions=_actions("apigateway", "DELETE GET PATCH POST PUT"),
        resource=r"arn:[a-z-]+:apigateway:[a-z0-9-]+::/(restapis|tags)/\*",
        reason="API Gateway makes up the ids. The API, whose tags its parts inherit, has that of the layer.",
        guards=_LAYER_TAG,
    ),
    WildcardException(
        cause=Cause.MADE_UP_ID,
        actions=_actions(
            "logs",
            "AssociateKmsKey CreateLogGroup DeleteLogGroup DeleteRetentionPolicy DisassociateKmsKey"
            " ListTagsForResource PutRetentionPolicy TagResource UntagResource",
        ),
        resource=_arns("logs", r"log-group:[\w/-]+:?\*"),
        reason="The ARN of a log group is written with ':*' behind its name, which stands for its streams.",
    ),
    WildcardException(
        cause=Cause.MADE_UP_ID,
        actions=_actions("s3", "DeleteObject GetObject PutObject"),
        resource=r"arn:[a-z-]+:s3:::[a-z0-9-]+/(\.pulumi/(\*|stacks)|backups|\*)/[a-z0-9-]+/\*",
        reason="Pulumi makes up the names of the files that it keeps of a stack. Their folder is named.",
    ),
    WildcardException(
        cause=Cause.MADE_UP_ID,
        actions=("s3:GetObject",),
        resource=r"arn:[a-z-]+:s3:::[a-z0-9-]+/\.pulumi/(stacks|history|locks)/\*",
        reason="Previews and drift are of every stack, so that their role reads all states and locks.",
    ),
    WildcardException(
        cause=Cause.MADE_UP_ID,
        actions=("s3:GetObject",),
        resource=r"arn:[a-z-]+:s3:::[a-z0-9-]+/\.pulumi/\*",
        reason="A layer's own policy names the states that it reads; its boundary has one pattern for all.",
        boundary_only=True,
    ),
    WildcardException(
        cause=Cause.PREFIX,
        actions=_actions("ec2", "DeleteNetworkInterface DetachNetworkInterface"),
        resource=_arns("ec2", r"network-interface/\*"),
        reason="Lambda's interfaces outlive its functions and block the deletion of subnets and security"
        " groups. They must be in the VPC of the layer.",
        guards=("ec2:Vpc",),
    ),
    WildcardException(
        cause=Cause.WHOLE_SERVICE,
        actions=("cloudwatch:DescribeAlarms",),
        resource=_EVERYTHING,
        reason="CloudWatch describes composite alarms to those only who may describe all alarms.",
    ),
    WildcardException(
        cause=Cause.WHOLE_SERVICE,
        actions=("cloudwatch:PutCompositeAlarm",),
        resource=_EVERYTHING,
        reason="CloudWatch lets only those create composite alarms who may create any. The alarm must get the"
        " tag of the layer.",
        guards=_LAYER_TAG,
    ),
    WildcardException(
        cause=Cause.PREFIX,
        actions=_actions(
            "cloudwatch",
            "DeleteAlarms DeleteDashboards GetDashboard ListTagsForResource PutDashboard PutMetricAlarm"
            " TagResource UntagResource",
        ),
        resource=_arns("cloudwatch", rf"alarm:fraud-pipeline-{_NAME}-\*{_SUFFIX}")
        + "|"
        + rf"arn:[a-z-]+:cloudwatch::\d{{12}}:dashboard/fraud-pipeline-{_NAME}-\*{_SUFFIX}",
        reason="A layer has tens of alarms and adds some with every feature. Their names begin with its own.",
    ),
    WildcardException(
        cause=Cause.PREFIX,
        actions=_actions(
            "iam",
            "CreatePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion GetPolicy GetPolicyVersion"
            " ListPolicyVersions TagPolicy UntagPolicy",
        ),
        resource=rf"arn:[a-z-]+:iam::\d{{12}}:policy/fraud-pipeline-\*-boundary{_SUFFIX}",
        reason="Foundation makes the boundary of every role of the pipeline. Its own is denied to it.",
    ),
    WildcardException(
        cause=Cause.PREFIX,
        actions=_actions(
            "iam",
            "DeleteRole GetRole GetRolePolicy ListAttachedRolePolicies ListInstanceProfilesForRole"
            " ListRolePolicies TagRole UntagRole UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription",
        ),
        resource=rf"arn:[a-z-]+:iam::\d{{12}}:role/fraud-pipeline-deploy-\*{_SUFFIX}",
        reason="Foundation makes the role that deploys each layer. Its own is denied to it.",
    ),
    WildcardException(
        cause=Cause.PREFIX,
        actions=_actions("iam", "CreateRole DeleteRolePolicy PutRolePermissionsBoundary PutRolePolicy"),
        resource=rf"arn:[a-z-]+:iam::\d{{12}}:role/fraud-pipeline-deploy-\*{_SUFFIX}",
        reason="Foundation makes the role that deploys each layer, with the boundary of such a role.",
        guards=("iam:PermissionsBoundary",),
    ),
    WildcardException(
        cause=Cause.PREFIX,
        actions=_actions(
            "iam",
            "CreatePolicy CreatePolicyVersion CreateRole DeletePolicy DeletePolicyVersion DeleteRole"
            " DeleteRolePolicy GetPolicy GetPolicyVersion GetRole GetRolePolicy ListAttachedRolePolicies"
            " ListInstanceProfilesForRole ListPolicyVersions ListRolePolicies PutRolePermissionsBoundary"
            " PutRolePolicy TagPolicy TagRole UntagPolicy UntagRole UpdateAssumeRolePolicy UpdateRole"
            " UpdateRoleDescription",
        ),
        resource=r"arn:[a-z-]+:iam::\d{12}:(role/fraud-pipeline-deploy-\*|policy/fraud-pipeline-\*-boundary)"
        + _SUFFIX,
        reason="Foundation's boundary puts together what its own policy says of roles and of boundaries.",
        boundary_only=True,
    ),
    WildcardException(
        cause=Cause.PREFIX,
        actions=_actions("cloudwatch", "GetDashboard ListTagsForResource")
        + _actions(
            "lambda",
            "GetFunction GetFunctionCodeSigningConfig GetFunctionConfiguration GetFunctionEventInvokeConfig"
            " GetPolicy ListTags ListVersionsByFunction",
        )
        + _actions("logs", "ListTagsForResource"),
        resource=r"arn:[a-z-]+:(cloudwatch|lambda|logs):[a-z0-9-]*:\d{12}"
        rf":(alarm:|dashboard/|function:|log-group:/aws/lambda/)fraud-pipeline-\*{_SUFFIX}",
        reason="Who looks at all looks at every function and alarm of the pipeline, and can change none.",
    ),
    WildcardException(
        cause=Cause.PREFIX,
        actions=_actions("kms", "CreateAlias DeleteAlias UpdateAlias"),
        resource=_arns("kms", rf"alias/fraud-\*{_SUFFIX}"),
        reason="Foundation's own policy names the aliases of its keys; its boundary has one pattern for all.",
        boundary_only=True,
    ),
    WildcardException(
        cause=Cause.NO_CONTROL,
        actions=("lambda:CreateEventSourceMapping",),
        resource=_EVERYTHING,
        reason="A layer's boundary leaves it to its own policy to name the function of a mapping.",
        guards=_LAYER_TAG,
        boundary_only=True,
    ),
    WildcardException(
        cause=Cause.PREFIX,
        actions=_actions("budgets", "ListTagsForResource ViewBudget")
        + _actions("cloudwatch", "GetDashboard ListTagsForResource")
        + _actions(
            "dynamodb", "DescribeContinuousBackups DescribeTable DescribeTimeToLive ListTagsOfResource"
        )
        + _actions("events", "DescribeEventBus DescribeRule ListTagsForResource ListTargetsByRule")
        + _actions("kms", "DescribeKey")
        + _actions(
            "lambda",
            "GetFunction GetFunctionCodeSigningConfig GetFunctionConfiguration GetFunctionEventInvokeConfig"
            " GetPolicy ListTags ListVersionsByFunction",
        )
        + _actions("logs", "ListTagsForResource")
        + _actions("pipes", "DescribePipe ListTagsForResource")
        + _actions("sns", "GetTopicAttributes ListSubscriptionsByTopic ListTagsForResource")
        + _actions("sqs", "GetQueueAttributes GetQueueUrl ListQueueTags"),
        resource=r"arn:[a-z-]+:[a-z0-9]+:[a-z0-9-]*:\d{12}:([a-z-]+[:/])?\*",
        reason="The role that looks at all layers names each resource. Its boundary cannot: it must fit into"
        " one policy however many layers there are.",
        boundary_only=True,
    ),
    WildcardException(
        cause=Cause.PREFIX,
        actions=_actions(
            "iam",
            "GetPolicy GetPolicyVersion GetRole GetRolePolicy ListAttachedRolePolicies"
            " ListInstanceProfilesForRole ListPolicyVersions ListRolePolicies",
        ),
        resource=r"arn:[a-z-]+:iam::\d{12}:(policy|role)/fraud-pipeline-\*[a-z0-9-]*",
        reason="Who looks at all looks at every role and policy of the pipeline, and can change none.",
    ),
    WildcardException(
        cause=Cause.MADE_UP_ID,
        actions=_actions("kms", "Decrypt Encrypt GenerateDataKey"),
        resource=_arns("kms", r"key/\*"),
        reason="The key of Pulumi's state is not made by any stack. The key must have the alias of that one.",
        guards=("kms:ResourceAliases",),
    ),
)

EXCEPTIONS = (*_OF_SERVICES, *_OF_DEPLOYMENTS)
