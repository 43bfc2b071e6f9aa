"""The conversions of Pulumi resource types to CloudFormation.

A property that differs only in case, or by the suffixes in `values.py`, needs no entry.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.aws.properties import shapes
from tests.aws.properties.shapes import Inputs

TAGS = "CloudFormation has no tags on this type"


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A separate resource. `omitted`: the reason for each property that the template omits."""

    type: str
    renames: Mapping[str, str] = field(default_factory=dict)
    omitted: Mapping[str, str] = field(default_factory=dict)
    reshape: Callable[[Inputs], Inputs] = lambda inputs: inputs


@dataclass(frozen=True, kw_only=True)
class Part:
    """A resource that is a property of another resource, its owner, in CloudFormation.

    `joins`: properties of the part and of the owner that have the same value. `reshape`: the value of the
    owner's property.
    """

    owner: str
    property: str
    joins: Mapping[str, str]
    renames: Mapping[str, str] = field(default_factory=dict)
    reshape: Callable[[Inputs], object] = lambda inputs: inputs


CONVERSIONS: Mapping[str, Resource | Part] = {
    "apigateway/account:Account": Resource(
        type="AWS::ApiGateway::Account", renames={"cloudwatchRoleArn": "CloudWatchRoleArn"}
    ),
    "apigateway/deployment:Deployment": Resource(
        type="AWS::ApiGateway::Deployment",
        omitted={"triggers": "Property of Pulumi: it replaces the deployment when the API changes"},
    ),
    "apigateway/integration:Integration": Part(
        owner="apigateway/method:Method",
        property="Integration",
        joins={"restApi": "restApi", "resourceId": "resourceId", "httpMethod": "httpMethod"},
        renames={"timeoutMilliseconds": "TimeoutInMillis"},
    ),
    "apigateway/method:Method": Resource(
        type="AWS::ApiGateway::Method", renames={"authorization": "AuthorizationType"}
    ),
    "apigateway/methodSettings:MethodSettings": Part(
        owner="apigateway/stage:Stage",
        property="MethodSettings",
        joins={"restApi": "restApi", "stageName": "stageName"},
        reshape=shapes.shape_method_settings,
    ),
    "apigateway/model:Model": Resource(type="AWS::ApiGateway::Model"),
    "apigateway/requestValidator:RequestValidator": Resource(type="AWS::ApiGateway::RequestValidator"),
    "apigateway/resource:Resource": Resource(type="AWS::ApiGateway::Resource"),
    "apigateway/response:Response": Resource(type="AWS::ApiGateway::GatewayResponse"),
    "apigateway/restApi:RestApi": Resource(type="AWS::ApiGateway::RestApi"),
    "apigateway/restApiPolicy:RestApiPolicy": Part(
        owner="apigateway/restApi:RestApi",
        property="Policy",
        joins={"restApiId": "id"},
        reshape=lambda inputs: shapes.take_only("policy", inputs),
    ),
    "apigateway/stage:Stage": Resource(
        type="AWS::ApiGateway::Stage",
        renames={"accessLogSettings": "AccessLogSetting", "xrayTracingEnabled": "TracingEnabled"},
    ),
    "budgets/budget:Budget": Resource(type="AWS::Budgets::Budget", reshape=shapes.shape_budget),
    "cloudwatch/compositeAlarm:CompositeAlarm": Resource(type="AWS::CloudWatch::CompositeAlarm"),
    "cloudwatch/dashboard:Dashboard": Resource(type="AWS::CloudWatch::Dashboard"),
    "cloudwatch/eventBus:EventBus": Resource(type="AWS::Events::EventBus"),
    "cloudwatch/eventRule:EventRule": Resource(type="AWS::Events::Rule"),
    "cloudwatch/eventTarget:EventTarget": Part(
        owner="cloudwatch/eventRule:EventRule",
        property="Targets",
        joins={"rule": "name", "eventBusName": "eventBusName"},
        renames={"targetId": "Id", "inputPaths": "InputPathsMap"},
    ),
    "cloudwatch/logGroup:LogGroup": Resource(type="AWS::Logs::LogGroup"),
    "cloudwatch/metricAlarm:MetricAlarm": Resource(
        type="AWS::CloudWatch::Alarm",
        renames={"name": "AlarmName", "metricQueries": "Metrics"},
        reshape=shapes.shape_metric_alarm,
    ),
    "dynamodb/table:Table": Resource(type="AWS::DynamoDB::Table", reshape=shapes.shape_table),
    "ec2/routeTable:RouteTable": Resource(type="AWS::EC2::RouteTable"),
    "ec2/routeTableAssociation:RouteTableAssociation": Resource(type="AWS::EC2::SubnetRouteTableAssociation"),
    "ec2/securityGroup:SecurityGroup": Resource(
        type="AWS::EC2::SecurityGroup", renames={"description": "GroupDescription"}
    ),
    "ec2/subnet:Subnet": Resource(type="AWS::EC2::Subnet"),
    "ec2/vpc:Vpc": Resource(type="AWS::EC2::VPC"),
    "ec2/vpcEndpoint:VpcEndpoint": Resource(type="AWS::EC2::VPCEndpoint"),
    "iam/policy:Policy": Resource(type="AWS::IAM::ManagedPolicy", omitted={"tags": TAGS}),
    "iam/role:Role": Resource(type="AWS::IAM::Role"),
    # `AWS::IAM::RolePolicy` exists, but checkov only checks the policies in roles.
    "iam/rolePolicy:RolePolicy": Part(
        owner="iam/role:Role",
        property="Policies",
        joins={"role": "name"},
        renames={"name": "PolicyName", "policy": "PolicyDocument"},
    ),
    "kms/alias:Alias": Resource(type="AWS::KMS::Alias"),
    "kms/key:Key": Resource(
        type="AWS::KMS::Key", renames={"policy": "KeyPolicy", "deletionWindowInDays": "PendingWindowInDays"}
    ),
    "lambda/codeSigningConfig:CodeSigningConfig": Resource(
        type="AWS::Lambda::CodeSigningConfig", renames={"policies": "CodeSigningPolicies"}
    ),
    "lambda/eventSourceMapping:EventSourceMapping": Resource(type="AWS::Lambda::EventSourceMapping"),
    "lambda/function:Function": Resource(
        type="AWS::Lambda::Function",
        omitted={"sourceCodeHash": "Property of Pulumi: it updates the function when the package changes"},
        reshape=shapes.shape_function,
    ),
    "lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": Resource(
        type="AWS::Lambda::EventInvokeConfig", reshape=shapes.shape_event_invoke_config
    ),
    "lambda/permission:Permission": Resource(type="AWS::Lambda::Permission"),
    "pipes/pipe:Pipe": Resource(type="AWS::Pipes::Pipe"),
    "signer/signingProfile:SigningProfile": Resource(
        type="AWS::Signer::SigningProfile",
        omitted={"namePrefix": "CloudFormation has no prefix. The provider adds a timestamp"},
    ),
    "sns/topic:Topic": Resource(type="AWS::SNS::Topic"),
    "sns/topicPolicy:TopicPolicy": Resource(type="AWS::SNS::TopicPolicy", renames={"arn": "Topics"}),
    "sns/topicSubscription:TopicSubscription": Resource(type="AWS::SNS::Subscription"),
    "sqs/queue:Queue": Resource(
        type="AWS::SQS::Queue",
        renames={
            "messageRetentionSeconds": "MessageRetentionPeriod",
            "visibilityTimeoutSeconds": "VisibilityTimeout",
        },
    ),
    "sqs/queuePolicy:QueuePolicy": Resource(type="AWS::SQS::QueuePolicy", renames={"queueUrl": "Queues"}),
    "sqs/redriveAllowPolicy:RedriveAllowPolicy": Part(
        owner="sqs/queue:Queue",
        property="RedriveAllowPolicy",
        joins={"queueUrl": "name"},
        reshape=lambda inputs: shapes.take_only("redriveAllowPolicy", inputs),
    ),
    "vpc/securityGroupEgressRule:SecurityGroupEgressRule": Resource(
        type="AWS::EC2::SecurityGroupEgress",
        renames={
            "securityGroupId": "GroupId",
            "referencedSecurityGroupId": "DestinationSecurityGroupId",
            "prefixListId": "DestinationPrefixListId",
            "cidrIpv4": "CidrIp",
        },
        omitted={"tags": TAGS},
    ),
    "vpc/securityGroupIngressRule:SecurityGroupIngressRule": Resource(
        type="AWS::EC2::SecurityGroupIngress",
        renames={
            "securityGroupId": "GroupId",
            "referencedSecurityGroupId": "SourceSecurityGroupId",
            "prefixListId": "SourcePrefixListId",
            "cidrIpv4": "CidrIp",
        },
        omitted={"tags": TAGS},
    ),
    "wafv2/webAcl:WebAcl": Resource(type="AWS::WAFv2::WebACL", reshape=shapes.shape_web_acl),
    "wafv2/webAclAssociation:WebAclAssociation": Resource(type="AWS::WAFv2::WebACLAssociation"),
    "wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": Resource(
        type="AWS::WAFv2::LoggingConfiguration"
    ),
    "xray/samplingRule:SamplingRule": Resource(
        type="AWS::XRay::SamplingRule", reshape=shapes.shape_sampling_rule
    ),
}

NO_COUNTERPART: Mapping[str, str] = {
    "ec2/defaultSecurityGroup:DefaultSecurityGroup": "CloudFormation does not manage a VPC's default group",
    "s3/bucketObjectv2:BucketObjectv2": "CloudFormation has no type for an object",
    "signer/signingJob:SigningJob": "CloudFormation has no type for a signing job",
}
