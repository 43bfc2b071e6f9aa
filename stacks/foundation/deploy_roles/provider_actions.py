"""The AWS actions that Pulumi's provider calls for each resource type.

Sources: the provider's code (https://github.com/hashicorp/terraform-provider-aws, internal/service) and AWS's
Service Authorization Reference (https://docs.aws.amazon.com/service-authorization/latest/reference). A test
fails if a stack uses a type that is not listed here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ProviderActions:
    """The actions for one type, separated by spaces. An action without a service prefix belongs to `service`.

    `create`: create a resource. `tag_on_create`: add the first tags to a resource whose ID AWS generates.
    `update`: update, tag and delete an existing resource. `read`: read one resource. `list` and
    `update_unscoped`: read and update where AWS does not check the action against a resource.
    """

    service: str
    create: str = ""
    tag_on_create: str = ""
    update: str = ""
    read: str = ""
    list: str = ""
    update_unscoped: str = ""

    def names(self, kind: str) -> Sequence[str]:
        """The full names of the actions of one kind, such as `read`."""
        actions = str(getattr(self, kind)).split()
        return [action if ":" in action else f"{self.service}:{action}" for action in actions]


_IN_VPC = "ec2:DescribeNetworkInterfaces ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs"
_TAGS = "CreateTags DeleteTags"

PROVIDER_ACTIONS = {
    "apigateway/account:Account": ProviderActions("apigateway", update="PATCH", read="GET"),
    "apigateway/restApi:RestApi": ProviderActions(
        "apigateway", create="POST", tag_on_create="PUT", update="DELETE PATCH PUT", read="GET"
    ),
    **{
        # API Gateway checks the parts of an API with the tags of the API.
        type_: ProviderActions("apigateway", update="DELETE PATCH POST PUT", read="GET")
        for type_ in (
            "apigateway/deployment:Deployment",
            "apigateway/integration:Integration",
            "apigateway/method:Method",
            "apigateway/methodSettings:MethodSettings",
            "apigateway/model:Model",
            "apigateway/requestValidator:RequestValidator",
            "apigateway/resource:Resource",
            "apigateway/response:Response",
        )
    },
    # AWS WAF associates a web ACL with a stage on behalf of its caller, who needs SetWebACL.
    "apigateway/stage:Stage": ProviderActions(
        "apigateway", update="DELETE PATCH POST PUT SetWebACL", read="GET"
    ),
    "apigateway/restApiPolicy:RestApiPolicy": ProviderActions(
        "apigateway", update="PATCH UpdateRestApiPolicy", read="GET"
    ),
    # A billing view is a resource too. The account's default view needs no permission.
    "budgets/budget:Budget": ProviderActions(
        "budgets",
        create="ModifyBudget",
        update="TagResource UntagResource",
        read="ListTagsForResource ViewBudget",
    ),
    # CloudWatch checks PutCompositeAlarm and DescribeAlarms against "*" only:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
    "cloudwatch/compositeAlarm:CompositeAlarm": ProviderActions(
        "cloudwatch",
        create="PutCompositeAlarm",
        update="DeleteAlarms TagResource UntagResource",
        read="ListTagsForResource",
        list="DescribeAlarms",
    ),
    "cloudwatch/dashboard:Dashboard": ProviderActions(
        "cloudwatch", update="DeleteDashboards PutDashboard", read="GetDashboard"
    ),
    "cloudwatch/metricAlarm:MetricAlarm": ProviderActions(
        "cloudwatch",
        update="DeleteAlarms PutMetricAlarm TagResource UntagResource",
        read="ListTagsForResource",
        list="DescribeAlarms",
    ),
    "cloudwatch/eventBus:EventBus": ProviderActions(
        "events",
        create="CreateEventBus",
        update="DeleteEventBus TagResource UntagResource UpdateEventBus",
        read="DescribeEventBus ListTagsForResource",
    ),
    "cloudwatch/eventRule:EventRule": ProviderActions(
        "events",
        create="PutRule",
        update="DeleteRule TagResource UntagResource",
        read="DescribeRule ListTagsForResource",
    ),
    "cloudwatch/eventTarget:EventTarget": ProviderActions(
        "events", create="PutTargets", update="RemoveTargets", read="ListTargetsByRule"
    ),
    "cloudwatch/logGroup:LogGroup": ProviderActions(
        "logs",
        create="CreateLogGroup",
        update="AssociateKmsKey DeleteLogGroup DeleteRetentionPolicy DisassociateKmsKey PutRetentionPolicy"
        " TagResource UntagResource",
        read="ListTagsForResource",
        list="DescribeLogGroups",
    ),
    "dynamodb/table:Table": ProviderActions(
        "dynamodb",
        create="CreateTable",
        update="DeleteTable TagResource UntagResource UpdateContinuousBackups UpdateTable UpdateTimeToLive",
        read="DescribeContinuousBackups DescribeTable DescribeTimeToLive ListTagsOfResource",
    ),
    "ec2/defaultSecurityGroup:DefaultSecurityGroup": ProviderActions(
        "ec2",
        tag_on_create="CreateTags",
        update=f"AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress RevokeSecurityGroupEgress"
        f" RevokeSecurityGroupIngress {_TAGS}",
        list="DescribeSecurityGroupRules DescribeSecurityGroups",
    ),
    "ec2/routeTable:RouteTable": ProviderActions(
        "ec2",
        create="CreateRouteTable",
        tag_on_create="CreateTags",
        update=f"CreateRouteTable DeleteRouteTable {_TAGS}",
        list="DescribeRouteTables",
    ),
    "ec2/routeTableAssociation:RouteTableAssociation": ProviderActions(
        "ec2",
        update="AssociateRouteTable DisassociateRouteTable ReplaceRouteTableAssociation",
        list="DescribeRouteTables",
    ),
    "ec2/securityGroup:SecurityGroup": ProviderActions(
        "ec2",
        create="CreateSecurityGroup",
        tag_on_create="CreateTags",
        update=f"CreateSecurityGroup DeleteSecurityGroup RevokeSecurityGroupEgress {_TAGS}",
        list="DescribeNetworkInterfaces DescribeSecurityGroupRules DescribeSecurityGroups",
    ),
    "ec2/subnet:Subnet": ProviderActions(
        "ec2",
        create="CreateSubnet",
        tag_on_create="CreateTags",
        update=f"CreateSubnet DeleteSubnet ModifySubnetAttribute {_TAGS}",
        list="DescribeAvailabilityZones DescribeNetworkInterfaces DescribeSubnets",
    ),
    "ec2/vpc:Vpc": ProviderActions(
        "ec2",
        create="CreateVpc",
        tag_on_create="CreateTags",
        update=f"DeleteVpc ModifyVpcAttribute {_TAGS}",
        read="DescribeVpcAttribute",
        list="DescribeNetworkAcls DescribeRouteTables DescribeSecurityGroups DescribeVpcs",
    ),
    "ec2/vpcEndpoint:VpcEndpoint": ProviderActions(
        "ec2",
        create="CreateVpcEndpoint",
        tag_on_create="CreateTags",
        update=f"CreateVpcEndpoint DeleteVpcEndpoints ModifyVpcEndpoint {_TAGS}",
        list="DescribeNetworkInterfaces DescribePrefixLists DescribeVpcEndpointServices DescribeVpcEndpoints",
    ),
    "iam/policy:Policy": ProviderActions(
        "iam",
        create="CreatePolicy",
        # A policy has at most five versions: an update deletes the oldest.
        update="CreatePolicyVersion DeletePolicy DeletePolicyVersion ListPolicyVersions TagPolicy"
        " UntagPolicy",
        read="GetPolicy GetPolicyVersion",
    ),
    # `create` holds the actions that IAM checks together with the permissions boundary of the role.
    "iam/role:Role": ProviderActions(
        "iam",
        create="CreateRole PutRolePermissionsBoundary",
        # Before a role is deleted, the provider removes it from instance profiles.
        update="DeleteRole ListInstanceProfilesForRole TagRole UntagRole UpdateAssumeRolePolicy UpdateRole"
        " UpdateRoleDescription",
        read="GetRole ListAttachedRolePolicies ListRolePolicies",
    ),
    "iam/rolePolicy:RolePolicy": ProviderActions(
        "iam", create="DeleteRolePolicy PutRolePolicy", read="GetRolePolicy"
    ),
    "kms/alias:Alias": ProviderActions(
        "kms", update="CreateAlias DeleteAlias UpdateAlias", list="ListAliases"
    ),
    "kms/key:Key": ProviderActions(
        "kms",
        create="CreateKey",
        tag_on_create="PutKeyPolicy TagResource",
        update="DisableKeyRotation EnableKeyRotation PutKeyPolicy ScheduleKeyDeletion"
        " TagResource UntagResource UpdateKeyDescription",
        read="DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags",
    ),
    "lambda/codeSigningConfig:CodeSigningConfig": ProviderActions(
        "lambda",
        create="CreateCodeSigningConfig",
        tag_on_create="TagResource",
        update="DeleteCodeSigningConfig TagResource UntagResource UpdateCodeSigningConfig",
        read="GetCodeSigningConfig ListTags",
    ),
    "lambda/eventSourceMapping:EventSourceMapping": ProviderActions(
        "lambda",
        create="CreateEventSourceMapping",
        tag_on_create="TagResource",
        update="DeleteEventSourceMapping TagResource UntagResource UpdateEventSourceMapping",
        read="GetEventSourceMapping ListTags",
    ),
    "lambda/function:Function": ProviderActions(
        "lambda",
        create="CreateFunction",
        update="DeleteFunction DeleteFunctionConcurrency PutFunctionConcurrency TagResource UntagResource"
        " UpdateFunctionCode UpdateFunctionConfiguration",
        read="GetFunction GetFunctionCodeSigningConfig GetFunctionConfiguration"
        " ListTags ListVersionsByFunction",
        # Preflight checks look for network interfaces before a deletion and for the quota before a creation.
        list=f"{_IN_VPC} ec2:DescribeNetworkInterfaces GetAccountSettings ListFunctions",
    ),
    "lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": ProviderActions(
        "lambda",
        update="DeleteFunctionEventInvokeConfig PutFunctionEventInvokeConfig",
        read="GetFunctionEventInvokeConfig",
    ),
    "lambda/permission:Permission": ProviderActions(
        "lambda", update="AddPermission RemovePermission", read="GetPolicy"
    ),
    "pipes/pipe:Pipe": ProviderActions(
        "pipes",
        create="CreatePipe",
        update="DeletePipe TagResource UntagResource UpdatePipe",
        read="DescribePipe ListTagsForResource",
    ),
    "s3/bucketObjectv2:BucketObjectv2": ProviderActions(
        "s3", update="PutObject PutObjectTagging", read="GetObject GetObjectTagging"
    ),
    # AWS checks the start of a job on the profile. A job cannot be deleted.
    "signer/signingJob:SigningJob": ProviderActions(
        "signer", create="StartSigningJob", read="DescribeSigningJob"
    ),
    "signer/signingProfile:SigningProfile": ProviderActions(
        "signer",
        create="PutSigningProfile",
        update="CancelSigningProfile TagResource UntagResource",
        read="GetSigningProfile",
    ),
    "sns/topic:Topic": ProviderActions(
        "sns",
        create="CreateTopic",
        update="DeleteTopic SetTopicAttributes TagResource UntagResource",
        read="GetTopicAttributes ListTagsForResource",
    ),
    "sns/topicPolicy:TopicPolicy": ProviderActions(
        "sns", update="SetTopicAttributes", read="GetTopicAttributes"
    ),
    "sns/topicSubscription:TopicSubscription": ProviderActions(
        "sns",
        create="Subscribe",
        read="ListSubscriptionsByTopic",
        list="GetSubscriptionAttributes",
        update_unscoped="SetSubscriptionAttributes Unsubscribe",
    ),
    "sqs/queue:Queue": ProviderActions(
        "sqs",
        create="CreateQueue",
        # A deployment finds a queue by its name once. Later reads use the URL in the state.
        update="DeleteQueue GetQueueUrl SetQueueAttributes TagQueue UntagQueue",
        read="GetQueueAttributes ListQueueTags",
    ),
    **{
        type_: ProviderActions("sqs", update="SetQueueAttributes", read="GetQueueAttributes")
        for type_ in ("sqs/queuePolicy:QueuePolicy", "sqs/redriveAllowPolicy:RedriveAllowPolicy")
    },
    **{
        f"vpc/securityGroup{side}Rule:SecurityGroup{side}Rule": ProviderActions(
            "ec2",
            create=f"AuthorizeSecurityGroup{side}",
            tag_on_create="CreateTags",
            update=f"AuthorizeSecurityGroup{side} ModifySecurityGroupRules RevokeSecurityGroup{side} {_TAGS}",
            list="DescribeSecurityGroupRules",
        )
        for side in ("Egress", "Ingress")
    },
    # `create` holds the actions that AWS also checks on the rule groups of a web ACL.
    "wafv2/webAcl:WebAcl": ProviderActions(
        "wafv2",
        create="CreateWebACL UpdateWebACL",
        update="AssociateWebACL DeleteWebACL TagResource UntagResource",
        read="GetWebACL GetWebACLForResource ListTagsForResource",
    ),
    # AWS checks an association on the stage, and its creation and its read on the web ACL, too.
    "wafv2/webAclAssociation:WebAclAssociation": ProviderActions(
        "wafv2", update="AssociateWebACL DisassociateWebACL", read="GetWebACLForResource"
    ),
    # AWS WAF sets up the delivery with the permissions of its caller:
    # https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html
    "wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": ProviderActions(
        "wafv2",
        update="DeleteLoggingConfiguration PutLoggingConfiguration",
        read="GetLoggingConfiguration",
        list="logs:DescribeLogGroups",
        update_unscoped="logs:CreateLogDelivery logs:DeleteLogDelivery logs:DescribeResourcePolicies"
        " logs:PutResourcePolicy",
    ),
    # X-Ray has no action that reads one rule.
    "xray/samplingRule:SamplingRule": ProviderActions(
        "xray",
        create="CreateSamplingRule",
        update="DeleteSamplingRule TagResource UntagResource UpdateSamplingRule",
        read="ListTagsForResource",
        list="GetSamplingRules",
    ),
}


def find_actions(types: Iterable[str], *kinds: str) -> list[str]:
    """The actions of some kinds for resource types, sorted."""
    return sorted(
        {action for type_ in types for kind in kinds for action in PROVIDER_ACTIONS[type_].names(kind)}
    )
