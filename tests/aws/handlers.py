"""The permissions that AWS's own CloudFormation handlers need, from the schemas that `cfn-lint` ships.

https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from collections.abc import Mapping
from functools import cache

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tests.stacks.mocked_aws import REGION

PHASES = ("create", "read", "update", "delete")

# The schemas of the resource types that the stacks use. A part of a resource has the schema of the whole.
SCHEMAS: Mapping[str, str] = {
    "apigateway/account:Account": "AWS::ApiGateway::Account",
    "apigateway/deployment:Deployment": "AWS::ApiGateway::Deployment",
    "apigateway/integration:Integration": "AWS::ApiGateway::Method",
    "apigateway/integrationResponse:IntegrationResponse": "AWS::ApiGateway::Method",
    "apigateway/method:Method": "AWS::ApiGateway::Method",
    "apigateway/methodResponse:MethodResponse": "AWS::ApiGateway::Method",
    "apigateway/methodSettings:MethodSettings": "AWS::ApiGateway::Stage",
    "apigateway/model:Model": "AWS::ApiGateway::Model",
    "apigateway/requestValidator:RequestValidator": "AWS::ApiGateway::RequestValidator",
    "apigateway/resource:Resource": "AWS::ApiGateway::Resource",
    "apigateway/response:Response": "AWS::ApiGateway::GatewayResponse",
    "apigateway/restApi:RestApi": "AWS::ApiGateway::RestApi",
    "apigateway/stage:Stage": "AWS::ApiGateway::Stage",
    "budgets/budget:Budget": "AWS::Budgets::Budget",
    "cloudwatch/compositeAlarm:CompositeAlarm": "AWS::CloudWatch::CompositeAlarm",
    "cloudwatch/dashboard:Dashboard": "AWS::CloudWatch::Dashboard",
    "cloudwatch/eventBus:EventBus": "AWS::Events::EventBus",
    "cloudwatch/eventRule:EventRule": "AWS::Events::Rule",
    "cloudwatch/eventTarget:EventTarget": "AWS::Events::Rule",
    "cloudwatch/logGroup:LogGroup": "AWS::Logs::LogGroup",
    "cloudwatch/metricAlarm:MetricAlarm": "AWS::CloudWatch::Alarm",
    "dynamodb/table:Table": "AWS::DynamoDB::Table",
    "ec2/defaultSecurityGroup:DefaultSecurityGroup": "AWS::EC2::SecurityGroup",
    "ec2/routeTable:RouteTable": "AWS::EC2::RouteTable",
    "ec2/routeTableAssociation:RouteTableAssociation": "AWS::EC2::SubnetRouteTableAssociation",
    "ec2/securityGroup:SecurityGroup": "AWS::EC2::SecurityGroup",
    "ec2/subnet:Subnet": "AWS::EC2::Subnet",
    "ec2/vpc:Vpc": "AWS::EC2::VPC",
    "ec2/vpcEndpoint:VpcEndpoint": "AWS::EC2::VPCEndpoint",
    "iam/policy:Policy": "AWS::IAM::ManagedPolicy",
    "iam/role:Role": "AWS::IAM::Role",
    "iam/rolePolicy:RolePolicy": "AWS::IAM::RolePolicy",
    "kms/alias:Alias": "AWS::KMS::Alias",
    "kms/key:Key": "AWS::KMS::Key",
    "lambda/eventSourceMapping:EventSourceMapping": "AWS::Lambda::EventSourceMapping",
    "lambda/function:Function": "AWS::Lambda::Function",
    "lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": "AWS::Lambda::EventInvokeConfig",
    "lambda/permission:Permission": "AWS::Lambda::Permission",
    "pipes/pipe:Pipe": "AWS::Pipes::Pipe",
    "sns/topic:Topic": "AWS::SNS::Topic",
    "sns/topicPolicy:TopicPolicy": "AWS::SNS::TopicPolicy",
    "sns/topicSubscription:TopicSubscription": "AWS::SNS::Subscription",
    "sqs/queue:Queue": "AWS::SQS::Queue",
    "sqs/queuePolicy:QueuePolicy": "AWS::SQS::QueuePolicy",
    "sqs/redriveAllowPolicy:RedriveAllowPolicy": "AWS::SQS::Queue",
    "vpc/securityGroupEgressRule:SecurityGroupEgressRule": "AWS::EC2::SecurityGroupEgress",
    "vpc/securityGroupIngressRule:SecurityGroupIngressRule": "AWS::EC2::SecurityGroupIngress",
}


@cache
def permissions(type_: str, phase: str) -> tuple[str, ...]:
    """The permissions of a phase, such as `create`, for a Pulumi type such as `sqs/queue:Queue`."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, SCHEMAS[type_]).schema
    handler = schema["handlers"].get(phase, {})
    return tuple(dict.fromkeys(handler.get("permissions", ())))
