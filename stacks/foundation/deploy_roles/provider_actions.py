"""The AWS actions that Pulumi's provider calls for resources of each type, and on what AWS checks them.

From the provider's source (https://github.com/hashicorp/terraform-provider-aws, internal/service) and AWS's
reference (https://docs.aws.amazon.com/service-authorization/latest/reference). A type that a stack uses and
this does not list fails a test.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Calls:
    """Actions for one type, separated by spaces, of `service` where they name none.

    `make`: a new one. `claim`: give the first tags to one whose id AWS makes up. `change`: one that is there,
    delete and tag it. `look`: read one. `survey` and `alter`: read, and change, where AWS checks no resource.
    """

    service: str
    make: str = ""
    claim: str = ""
    change: str = ""
    look: str = ""
    survey: str = ""
    alter: str = ""

    def of(self, kind: str) -> list[str]:
        """The actions of one kind, such as `look`."""
        names = str(getattr(self, kind)).split()
        return [name if ":" in name else f"{self.service}:{name}" for name in names]


_IN_VPC = "ec2:DescribeNetworkInterfaces ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs"
_TAGS = "CreateTags DeleteTags"

CALLS = {
    "apigateway/account:Account": Calls("apigateway", change="PATCH", look="GET"),
    "apigateway/restApi:RestApi": Calls(
        "apigateway", make="POST", claim="PUT", change="DELETE PATCH PUT", look="GET"
    ),
    **{
        # Parts of an API: API Gateway checks them with the tags of the API.
        type_: Calls("apigateway", change="DELETE PATCH POST PUT", look="GET")
        for type_ in (
            "apigateway/deployment:Deployment",
            "apigateway/integration:Integration",
            "apigateway/method:Method",
            "apigateway/methodSettings:MethodSettings",
            "apigateway/model:Model",
            "apigateway/requestValidator:RequestValidator",
            "apigateway/resource:Resource",
            "apigateway/response:Response",
            "apigateway/stage:Stage",
        )
    },
    # A view of the bill is a resource of its own; the account's default one needs no permission.
    "budgets/budget:Budget": Calls(
        "budgets",
        make="ModifyBudget",
        change="TagResource UntagResource",
        look="ListTagsForResource ViewBudget",
    ),
    # CloudWatch checks composite alarms on "*" alone, and says so of PutCompositeAlarm and DescribeAlarms:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
    "cloudwatch/compositeAlarm:CompositeAlarm": Calls(
        "cloudwatch",
        make="PutCompositeAlarm",
        change="DeleteAlarms TagResource UntagResource",
        look="ListTagsForResource",
        survey="DescribeAlarms",
    ),
    "cloudwatch/dashboard:Dashboard": Calls(
        "cloudwatch", change="DeleteDashboards PutDashboard", look="GetDashboard"
    ),
    "cloudwatch/metricAlarm:MetricAlarm": Calls(
        "cloudwatch",
        change="DeleteAlarms PutMetricAlarm TagResource UntagResource",
        look="ListTagsForResource",
        survey="DescribeAlarms",
    ),
    "cloudwatch/eventBus:EventBus": Calls(
        "events",
        make="CreateEventBus",
        change="DeleteEventBus TagResource UntagResource UpdateEventBus",
        look="DescribeEventBus ListTagsForResource",
    ),
    "cloudwatch/eventRule:EventRule": Calls(
        "events",
        make="PutRule",
        change="DeleteRule TagResource UntagResource",
        look="DescribeRule ListTagsForResource",
    ),
    "cloudwatch/eventTarget:EventTarget": Calls(
        "events", make="PutTargets", change="RemoveTargets", look="ListTargetsByRule"
    ),
    "cloudwatch/logGroup:LogGroup": Calls(
        "logs",
        make="CreateLogGroup",
        change="AssociateKmsKey DeleteLogGroup DeleteRetentionPolicy DisassociateKmsKey PutRetentionPolicy"
        " TagResource UntagResource",
        look="ListTagsForResource",
        survey="DescribeLogGroups",
    ),
    "dynamodb/table:Table": Calls(
        "dynamodb",
        make="CreateTable",
        change="DeleteTable TagResource UntagResource UpdateContinuousBackups UpdateTable UpdateTimeToLive",
        look="DescribeContinuousBackups DescribeTable DescribeTimeToLive ListTagsOfResource",
    ),
    "ec2/defaultSecurityGroup:DefaultSecurityGroup": Calls(
        "ec2",
        claim="CreateTags",
        change=f"AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress RevokeSecurityGroupEgress"
        f" RevokeSecurityGroupIngress {_TAGS}",
        survey="DescribeSecurityGroupRules DescribeSecurityGroups",
    ),
    "ec2/routeTable:RouteTable": Calls(
        "ec2",
        make="CreateRouteTable",
        claim="CreateTags",
        change=f"CreateRouteTable DeleteRouteTable {_TAGS}",
        survey="DescribeRouteTables",
    ),
    "ec2/routeTableAssociation:RouteTableAssociation": Calls(
        "ec2",
        change="AssociateRouteTable DisassociateRouteTable ReplaceRouteTableAssociation",
        survey="DescribeRouteTables",
    ),
    "ec2/securityGroup:SecurityGroup": Calls(
        "ec2",
        make="CreateSecurityGroup",
        claim="CreateTags",
        change=f"CreateSecurityGroup DeleteSecurityGroup RevokeSecurityGroupEgress {_TAGS}",
        survey="DescribeNetworkInterfaces DescribeSecurityGroupRules DescribeSecurityGroups",
    ),
    "ec2/subnet:Subnet": Calls(
        "ec2",
        make="CreateSubnet",
        claim="CreateTags",
        change=f"CreateSubnet DeleteSubnet ModifySubnetAttribute {_TAGS}",
        survey="DescribeAvailabilityZones DescribeNetworkInterfaces DescribeSubnets",
    ),
    "ec2/vpc:Vpc": Calls(
        "ec2",
        make="CreateVpc",
        claim="CreateTags",
        change=f"DeleteVpc ModifyVpcAttribute {_TAGS}",
        look="DescribeVpcAttribute",
        survey="DescribeNetworkAcls DescribeRouteTables DescribeSecurityGroups DescribeVpcs",
    ),
    "ec2/vpcEndpoint:VpcEndpoint": Calls(
        "ec2",
        make="CreateVpcEndpoint",
        claim="CreateTags",
        change=f"CreateVpcEndpoint DeleteVpcEndpoints ModifyVpcEndpoint {_TAGS}",
        survey="DescribeNetworkInterfaces DescribePrefixLists DescribeVpcEndpointServices"
        " DescribeVpcEndpoints",
    ),
    "iam/policy:Policy": Calls(
        "iam",
        make="CreatePolicy",
        change="CreatePolicyVersion DeletePolicy DeletePolicyVersion TagPolicy UntagPolicy",
        look="GetPolicy GetPolicyVersion ListPolicyVersions",
    ),
    # What IAM checks with the boundary that the role has, or is to have, is `make`.
    "iam/role:Role": Calls(
        "iam",
        make="CreateRole PutRolePermissionsBoundary",
        change="DeleteRole TagRole UntagRole UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription",
        look="GetRole ListAttachedRolePolicies ListInstanceProfilesForRole ListRolePolicies",
    ),
    "iam/rolePolicy:RolePolicy": Calls("iam", make="DeleteRolePolicy PutRolePolicy", look="GetRolePolicy"),
    "kms/alias:Alias": Calls("kms", change="CreateAlias DeleteAlias UpdateAlias", survey="ListAliases"),
    "kms/key:Key": Calls(
        "kms",
        make="CreateKey",
        claim="PutKeyPolicy TagResource",
        change="DisableKeyRotation EnableKeyRotation PutKeyPolicy ScheduleKeyDeletion"
        " TagResource UntagResource UpdateKeyDescription",
        look="DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags",
    ),
    "lambda/eventSourceMapping:EventSourceMapping": Calls(
        "lambda",
        make="CreateEventSourceMapping",
        claim="TagResource",
        change="DeleteEventSourceMapping TagResource UntagResource UpdateEventSourceMapping",
        look="GetEventSourceMapping ListTags",
    ),
    "lambda/function:Function": Calls(
        "lambda",
        make="CreateFunction",
        change="DeleteFunction DeleteFunctionConcurrency PutFunctionConcurrency TagResource UntagResource"
        " UpdateFunctionCode UpdateFunctionConfiguration",
        look="GetFunction GetFunctionCodeSigningConfig GetFunctionConfiguration"
        " ListTags ListVersionsByFunction",
        # Interfaces are looked for before functions are deleted, and the quota before they are made.
        survey=f"{_IN_VPC} ec2:DescribeNetworkInterfaces GetAccountSettings ListFunctions",
    ),
    "lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": Calls(
        "lambda",
        change="DeleteFunctionEventInvokeConfig PutFunctionEventInvokeConfig",
        look="GetFunctionEventInvokeConfig",
    ),
    "lambda/permission:Permission": Calls(
        "lambda", change="AddPermission RemovePermission", look="GetPolicy"
    ),
    "pipes/pipe:Pipe": Calls(
        "pipes",
        make="CreatePipe",
        change="DeletePipe TagResource UntagResource UpdatePipe",
        look="DescribePipe ListTagsForResource",
    ),
    "sns/topic:Topic": Calls(
        "sns",
        make="CreateTopic",
        change="DeleteTopic SetTopicAttributes TagResource UntagResource",
        look="GetTopicAttributes ListTagsForResource",
    ),
    "sns/topicPolicy:TopicPolicy": Calls("sns", change="SetTopicAttributes", look="GetTopicAttributes"),
    "sns/topicSubscription:TopicSubscription": Calls(
        "sns",
        make="Subscribe",
        look="ListSubscriptionsByTopic",
        survey="GetSubscriptionAttributes",
        alter="SetSubscriptionAttributes Unsubscribe",
    ),
    "sqs/queue:Queue": Calls(
        "sqs",
        make="CreateQueue",
        change="DeleteQueue SetQueueAttributes TagQueue UntagQueue",
        look="GetQueueAttributes GetQueueUrl ListQueueTags",
    ),
    "sqs/queuePolicy:QueuePolicy": Calls("sqs", change="SetQueueAttributes", look="GetQueueAttributes"),
    "sqs/redriveAllowPolicy:RedriveAllowPolicy": Calls(
        "sqs", change="SetQueueAttributes", look="GetQueueAttributes"
    ),
    "vpc/securityGroupEgressRule:SecurityGroupEgressRule": Calls(
        "ec2",
        make="AuthorizeSecurityGroupEgress",
        claim="CreateTags",
        change=f"AuthorizeSecurityGroupEgress ModifySecurityGroupRules RevokeSecurityGroupEgress {_TAGS}",
        survey="DescribeSecurityGroupRules",
    ),
    "vpc/securityGroupIngressRule:SecurityGroupIngressRule": Calls(
        "ec2",
        make="AuthorizeSecurityGroupIngress",
        claim="CreateTags",
        change=f"AuthorizeSecurityGroupIngress ModifySecurityGroupRules RevokeSecurityGroupIngress {_TAGS}",
        survey="DescribeSecurityGroupRules",
    ),
}
