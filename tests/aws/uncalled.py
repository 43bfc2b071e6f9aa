"""The permissions of AWS's handlers that a deployment of these resources does not use, each with its reason.

An entry without `unless` always applies: Pulumi's provider calls another action, or has a separate resource
type for the feature. A test fails if no registered resource needs an entry.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from tests.stacks.recording import RecordedResource


@dataclass(frozen=True)
class Uncalled:
    """Permissions and resource types, as patterns separated by spaces, and the reason for no use.

    `unless`: the input that needs the permissions, as a path with dots. `names`: the resources, if not all.
    """

    types: str
    permissions: str
    reason: str
    unless: str = ""
    names: str = "*"

    def covers(self, resource: RecordedResource, permission: str) -> bool:
        """Whether the entry applies to a permission for a resource."""
        return (
            _matches_any(resource.type.removeprefix("aws:"), self.types)
            and _matches_any(resource.name, self.names)
            and _matches_any(permission, self.permissions)
            and not (self.unless and _is_set(resource.inputs, self.unless))
        )


def find_reason(resource: RecordedResource, permission: str) -> Uncalled | None:
    """The entry for a permission of a resource, or None if its deployment needs it."""
    return next((entry for entry in UNCALLED if entry.covers(resource, permission)), None)


def _matches_any(name: str, patterns: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns.split())


def _is_set(inputs: Mapping[str, Any], path: str) -> bool:
    value: Any = inputs
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return bool(value)


_OWN_ROLE = "An administrator deploys foundation's deploy role, which may not change itself."
_OTHER_TYPE = "Pulumi has a separate resource type for it, which no layer uses."

_APIS = (
    Uncalled("apigateway/restApi:*", "apigateway:UpdateRestApiPolicy", "The API has no policy.", "policy"),
    Uncalled("apigateway/restApi*", "s3:GetObject iam:PassRole", "The API is not imported.", "body"),
    Uncalled(
        "apigateway/integration:* apigateway/method:*",
        "iam:PassRole",
        "API Gateway invokes functions by their resource policy.",
        "credentials",
    ),
)

_FIREWALLS = (
    Uncalled("wafv2/webAcl:*", "payments:*", "The API charges no crawlers.", "monetizationConfig"),
    Uncalled(
        "wafv2/webAclAssociation:*",
        "amplify:* apprunner:* appsync:* bedrock-agentcore:* cognito-idp:* ec2:* elasticloadbalancing:*",
        "The web ACL is for a stage of API Gateway.",
    ),
    Uncalled(
        "wafv2/webAclAssociation:*",
        "wafv2:GetPermissionPolicy wafv2:PutPermissionPolicy",
        "No other account shares the web ACL.",
    ),
    Uncalled(
        "wafv2/webAclLoggingConfiguration:*",
        "firehose:* s3:* iam:*",
        "The log is a log group. AWS WAF needs these for a stream, a bucket or an organization.",
    ),
)

_EVENTS = (
    Uncalled("cloudwatch/event*", "kms:ReEncrypt", "IAM has ReEncryptFrom and ReEncryptTo instead."),
    Uncalled("cloudwatch/eventBus:*", "events:PutPermission events:RemovePermission", _OTHER_TYPE),
    Uncalled(
        "cloudwatch/eventRule:* cloudwatch/eventTarget:*",
        "iam:PassRole",
        "EventBridge invokes functions and queues by their resource policies.",
        "roleArn",
    ),
    Uncalled("pipes/pipe:*", "kms:*", "The pipe has no encrypted configuration.", "kmsKeyIdentifier"),
    Uncalled(
        "pipes/pipe:*",
        "logs:* s3:* firehose:* iam:CreateServiceLinkedRole",
        "The pipe writes no logs. Failed records are in the failure queue.",
        "logConfiguration",
    ),
)

_LOGS = (
    Uncalled(
        "cloudwatch/logGroup:*",
        "logs:*DataProtectionPolicy logs:*IndexPolicy logs:DescribeIndexPolicies logs:*ResourcePolicy"
        " logs:DescribeResourcePolicies",
        _OTHER_TYPE,
    ),
    Uncalled(
        "cloudwatch/logGroup:*",
        "logs:CreateLogDelivery s3:REST.PUT.OBJECT firehose:TagDeliveryStream",
        "No log group has audit reports of data protection.",
    ),
    Uncalled(
        "cloudwatch/logGroup:*",
        "logs:PutLogGroupDeletionProtection logs:PutBearerTokenAuthentication",
        "The provider does not set these options.",
        "deletionProtectionEnabled",
    ),
)

_TABLES = (
    Uncalled(
        "dynamodb/table:*",
        "dynamodb:DescribeImport dynamodb:ImportTable s3:* logs:*",
        "The tables are not imported.",
        "importTable",
    ),
    Uncalled(
        "dynamodb/table:*",
        "dynamodb:*ContributorInsights dynamodb:*KinesisStreamingDestination dynamodb:*ResourcePolicy"
        " kinesis:*",
        _OTHER_TYPE,
    ),
    Uncalled(
        "dynamodb/table:*",
        "dynamodb:*TableReplica dynamodb:Scan dynamodb:Query dynamodb:*Item iam:CreateServiceLinkedRole",
        "The tables have no replicas in other regions.",
        "replicas",
    ),
    Uncalled("dynamodb/table:*", "kms:ListAliases", "The configuration contains the ARN of the key."),
    Uncalled("dynamodb/table:*", "kms:RevokeGrant", "DynamoDB retires its grants itself."),
)

_NETWORK = (
    Uncalled("ec2/vpc:*", "ec2:*VpcEncryptionControl*", _OTHER_TYPE),
    Uncalled("ec2/vpc:*", "ec2:ModifyVpcTenancy", "The tenancy is AWS's default.", "instanceTenancy"),
    Uncalled(
        "ec2/subnet:*",
        "ec2:AssociateSubnetCidrBlock ec2:DisassociateSubnetCidrBlock",
        "The network has no IPv6.",
        "ipv6CidrBlock",
    ),
    Uncalled(
        "ec2/*ecurityGroup:*", "ec2:DescribeInstances", "The provider describes network interfaces instead."
    ),
    Uncalled(
        "ec2/*ecurityGroup:* vpc/securityGroup*",
        "ec2:UpdateSecurityGroupRuleDescriptions*",
        "The provider calls ModifySecurityGroupRules instead.",
    ),
    Uncalled(
        "ec2/vpcEndpoint:*", "vpc-lattice:*", "No endpoint is for a service network.", "serviceNetworkArn"
    ),
    Uncalled("ec2/vpcEndpoint:*", "vpce:AllowMultiRegion", "The services are in the same region."),
)

_IDENTITIES = (
    Uncalled(
        "iam/policy:*",
        "iam:Attach* iam:Detach* iam:ListEntitiesForPolicy",
        "A boundary is not attached: each role names its boundary.",
    ),
    Uncalled("iam/role:*", "iam:AttachRolePolicy iam:DetachRolePolicy", _OTHER_TYPE, "managedPolicyArns"),
    Uncalled("iam/role:*", "iam:DeleteRolePermissionsBoundary", "No role may lose its boundary."),
    Uncalled("iam/*", "iam:[!GL]*", _OWN_ROLE, names="deploy-foundation"),
    Uncalled("kms/key:*", "kms:DisableKey kms:EnableKey", "New keys are enabled.", "isEnabled"),
)

_FUNCTIONS = (
    Uncalled("lambda/function:*", "s3:*", "The request contains the code.", "s3Bucket"),
    Uncalled(
        "lambda/function:*",
        "elasticfilesystem:* s3files:*",
        "The functions mount no file system.",
        "fileSystemConfig",
    ),
    Uncalled(
        "lambda/function:*",
        "lambda:GetCodeSigningConfig lambda:PutFunctionCodeSigningConfig"
        " lambda:DeleteFunctionCodeSigningConfig",
        "The code is not signed.",
        "codeSigningConfigArn",
    ),
    Uncalled("lambda/function:*", "lambda:GetLayerVersion", "The functions have no layers.", "layers"),
    Uncalled(
        "lambda/function:*", "lambda:*RuntimeManagementConfig lambda:*FunctionRecursionConfig", _OTHER_TYPE
    ),
    Uncalled(
        "lambda/function:*",
        "lambda:*FunctionScalingConfig lambda:PassCapacityProvider",
        "Lambda itself provides the capacity.",
        "capacityProviderConfig",
    ),
    Uncalled("lambda/function:*", "lambda:AssociateRuntimeAlias", "IAM has no such action."),
    Uncalled("lambda/function:*", "lambda:PublishVersion", "No version is published.", "publish"),
    Uncalled(
        "lambda/functionEventInvokeConfig:*",
        "lambda:UpdateFunctionEventInvokeConfig",
        "The provider calls PutFunctionEventInvokeConfig instead.",
    ),
    Uncalled("lambda/eventSourceMapping:*", "kms:*", "The mappings have no filter to encrypt.", "kmsKeyArn"),
)

_TOPICS = (
    Uncalled("sns/topic:*", "sns:*DataProtectionPolicy", _OTHER_TYPE),
    Uncalled("sns/topic:*", "sns:Subscribe sns:Unsubscribe", "Each subscription is a separate resource."),
    Uncalled("sns/topic:*", "iam:*", "SNS does not log deliveries.", "sqsFailureFeedbackRoleArn"),
    Uncalled(
        "sns/topicSubscription:*", "iam:*", "No subscription delivers to a stream.", "subscriptionRoleArn"
    ),
)

_MONITORS = (
    Uncalled("budgets/budget:*", "billing:*", "The budget uses the default billing view.", "billingViewArn"),
    Uncalled(
        "cloudwatch/dashboard:*",
        "cloudwatch:*TagResource cloudwatch:ListTags*",
        "A dashboard has no tags.",
        "tags",
    ),
    Uncalled("cloudwatch/dashboard:*", "cloudwatch:UntagResource", "A dashboard has no tags.", "tags"),
)

UNCALLED = (
    *_APIS,
    *_FIREWALLS,
    *_EVENTS,
    *_LOGS,
    *_TABLES,
    *_NETWORK,
    *_IDENTITIES,
    *_FUNCTIONS,
    *_TOPICS,
    *_MONITORS,
)
