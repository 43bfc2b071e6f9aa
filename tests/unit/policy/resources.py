"""Resources that comply with every rule, by type. They form one stack."""

import json
from typing import Any

from policy.resource import Resource

LAYER, ENVIRONMENT = "processing", "prod"
ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/data"
FUNCTION_ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:fraud"
QUEUE_ARN = f"arn:aws:sqs:us-east-1:{ACCOUNT}"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/fraud"
TAGS = {"project": "fraud-pipeline", "environment": ENVIRONMENT, "layer": LAYER, "owner": "fraud-engineering"}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(*actions: str, resource: str = KEY, effect: str = "Allow", **others: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": list(actions), "Resource": [resource], **others}


EVERYONE: dict[str, Any] = {"Principal": {"AWS": "*"}}
PUBLIC: dict[str, Any] = statement(
    "sts:AssumeRole", "sqs:*", "sns:Publish", "kms:Decrypt", "events:PutEvents", **EVERYONE
)
PLAIN_TEXT: dict[str, Any] = {**EVERYONE, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
SERVICE: dict[str, Any] = {"Principal": {"Service": "events.amazonaws.com"}}
BOUND: dict[str, Any] = {"Condition": {"StringEquals": {"iam:PermissionsBoundary": "arn"}}}
PASSED: dict[str, Any] = {"Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}}
VIA: dict[str, Any] = {"Condition": {"StringEquals": {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}}}
ROOT: dict[str, Any] = {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
FEDERATED: dict[str, Any] = {"Principal": {"Federated": "arn:aws:iam::123456789012:oidc-provider/ci"}}
CLAIMS: dict[str, Any] = {
    "Condition": {"StringEquals": {"ci:aud": "sts.amazonaws.com", "ci:sub": "repo:example"}}
}
REDRIVE = json.dumps({"deadLetterTargetArn": f"{QUEUE_ARN}:dlq", "maxReceiveCount": 5})
QUEUE: dict[str, Any] = {"kmsMasterKeyId": KEY, "visibilityTimeoutSeconds": 360, "tags": TAGS}
WATCHED: dict[str, Any] = {"dimensions": {"QueueName": "dlq"}}

COMPLIANT: dict[str, list[dict[str, Any]]] = {
    "aws:apigateway/restApi:RestApi": [
        {
            "securityPolicy": "SecurityPolicy_TLS13_1_2_2021_06",
            "endpointConfiguration": {"types": "REGIONAL"},
            "tags": TAGS,
        }
    ],
    "aws:apigateway/restApiPolicy:RestApiPolicy": [
        {"policy": policy(statement("execute-api:Invoke", effect="Deny", **EVERYONE))}
    ],
    "aws:apigateway/stage:Stage": [
        {
            "stageName": "v1",
            "xrayTracingEnabled": True,
            "accessLogSettings": {"destinationArn": "arn", "format": '{"id":"$context.requestId"}'},
            "tags": TAGS,
        }
    ],
    "aws:apigatewayv2/route:Route": [{"authorizationType": "AWS_IAM"}],
    "aws:apigateway/method:Method": [
        {
            "httpMethod": "POST",
            "authorization": "AWS_IAM",
            "requestModels": {"application/json": "Transaction"},
            "requestValidatorId": "body",
        }
    ],
    "aws:apigateway/methodSettings:MethodSettings": [
        {
            "methodPath": path,
            "stageName": "v1",
            "settings": {"throttlingRateLimit": rate, "throttlingBurstLimit": 10, "dataTraceEnabled": False},
        }
        for path, rate in (("transactions/POST", 500), ("*/*", 10), ("~1transactions~1batch/POST", 20))
    ],
    "aws:apigateway/integration:Integration": [{"type": "AWS_PROXY"}],
    "aws:apigateway/requestValidator:RequestValidator": [{"validateRequestBody": True}],
    "aws:apigateway/response:Response": [{"responseTemplates": {"application/json": "{}"}}],
    "aws:apigateway/account:Account": [{"cloudwatchRoleArn": ROLE_ARN}],
    "aws:wafv2/webAcl:WebAcl": [
        {
            "visibilityConfig": {"sampledRequestsEnabled": False},
            "rules": [
                {"statement": {kind: {}}, "visibilityConfig": {"sampledRequestsEnabled": False}}
                for kind in ("rateBasedStatement", "managedRuleGroupStatement")
            ],
        }
    ],
    "aws:wafv2/webAclAssociation:WebAclAssociation": [{}],
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": [
        {"redactedFields": [{"singleHeader": {"name": "authorization"}}]}
    ],
    "aws:lambda/function:Function": [
        {
            "name": "fraud",
            "kmsKeyArn": KEY,
            "runtime": "python3.11",
            "timeout": 60,
            "role": ROLE_ARN,
            "vpcConfig": {"subnetIds": ["subnet-1", "subnet-2"], "securityGroupIds": ["sg-1"]},
            "reservedConcurrentExecutions": 100,
            "tracingConfig": {"mode": "Active"},
            "loggingConfig": {
                "logGroup": "/aws/lambda/fraud",
                "logFormat": "JSON",
                "applicationLogLevel": "INFO",
            },
            "environment": {"variables": {"TABLE_NAME": "transactions"}},
            "s3Bucket": "packages",
            "codeSigningConfigArn": "arn",
            "sourceCodeHash": "hash",
            "tags": TAGS,
        }
    ],
    "aws:lambda/codeSigningConfig:CodeSigningConfig": [
        {"policies": {"untrustedArtifactOnDeployment": "Enforce"}, "tags": TAGS}
    ],
    "aws:signer/signingProfile:SigningProfile": [{"platformId": "AWSLambda-SHA384-ECDSA", "tags": TAGS}],
    "aws:signer/signingJob:SigningJob": [{}],
    "aws:s3/bucketObjectv2:BucketObjectv2": [{"bucket": "packages"}],
    "aws:lambda/permission:Permission": [
        {
            "function": "fraud",
            "action": "lambda:InvokeFunction",
            "principal": "events.amazonaws.com",
            "sourceArn": f"arn:aws:events:us-east-1:{ACCOUNT}:rule/bus/inserted",
        }
    ],
    "aws:lambda/functionUrl:FunctionUrl": [{"authorizationType": "AWS_IAM"}],
    "aws:lambda/eventSourceMapping:EventSourceMapping": [
        {"eventSourceArn": f"{QUEUE_ARN}:suspicious", "functionResponseTypes": ["ReportBatchItemFailures"]}
    ],
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": [
        {
            "functionName": FUNCTION_ARN,
            "destinationConfig": {"onFailure": {"destination": f"{QUEUE_ARN}:dlq"}},
        }
    ],
    "aws:dynamodb/table:Table": [
        {
            "billingMode": "PAY_PER_REQUEST",
            "pointInTimeRecovery": {"enabled": True},
            "serverSideEncryption": {"enabled": True, "kmsKeyArn": KEY},
            "deletionProtectionEnabled": True,
            "ttl": {"enabled": True, "attributeName": "expires_at"},
            "streamEnabled": True,
            "streamViewType": "NEW_IMAGE",
            "tags": TAGS,
        }
    ],
    "aws:dynamodb/resourcePolicy:ResourcePolicy": [{"policy": policy(statement("dynamodb:GetItem", **ROOT))}],
    "aws:sqs/queue:Queue": [
        {**QUEUE, "name": "suspicious", "messageRetentionSeconds": 345_600, "redrivePolicy": REDRIVE},
        {**QUEUE, "name": "dlq", "messageRetentionSeconds": 1_209_600},
    ],
    "aws:sqs/queuePolicy:QueuePolicy": [
        {
            "queueUrl": f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/{name}",
            "policy": policy(
                statement("sqs:*", effect="Deny", **PLAIN_TEXT),
                statement(
                    "sqs:SendMessage", **SERVICE, Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:events"}}
                ),
            ),
        }
        for name in ("suspicious", "dlq")
    ],
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": [
        {
            "redriveAllowPolicy": json.dumps(
                {"redrivePermission": "byQueue", "sourceQueueArns": [f"{QUEUE_ARN}:suspicious"]}
            )
        }
    ],
    "aws:sns/topic:Topic": [{"name": "alerts", "kmsMasterKeyId": KEY, "signatureVersion": 2, "tags": TAGS}],
    "aws:sns/topicPolicy:TopicPolicy": [
        {
            "arn": f"arn:aws:sns:us-east-1:{ACCOUNT}:alerts",
            "policy": policy(statement("sns:Publish", effect="Deny", **PLAIN_TEXT)),
        }
    ],
    "aws:sns/topicSubscription:TopicSubscription": [{"protocol": "email"}],
    "aws:cloudwatch/eventBus:EventBus": [
        {"kmsKeyIdentifier": KEY, "deadLetterConfig": {"arn": f"{QUEUE_ARN}:dlq"}, "tags": TAGS}
    ],
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": [
        {"policy": policy(statement("events:PutEvents", **ROOT))}
    ],
    "aws:cloudwatch/eventPermission:EventPermission": [{"principal": ACCOUNT}],
    "aws:cloudwatch/eventRule:EventRule": [
        {
            "eventBusName": "bus",
            "eventPattern": json.dumps({"source": ["fraud"], "detail": {"event_name": ["INSERT"]}}),
            "tags": TAGS,
        }
    ],
    "aws:cloudwatch/eventTarget:EventTarget": [
        {"eventBusName": "bus", "arn": FUNCTION_ARN, "deadLetterConfig": {"arn": f"{QUEUE_ARN}:dlq"}}
    ],
    "aws:pipes/pipe:Pipe": [
        {
            "roleArn": ROLE_ARN,
            "sourceParameters": {
                "dynamodbStreamParameters": {"deadLetterConfig": {"arn": f"{QUEUE_ARN}:dlq"}},
                "filterCriteria": {"filters": [{"pattern": '{"eventName": ["INSERT"]}'}]},
            },
            "tags": TAGS,
        }
    ],
    "aws:kms/key:Key": [
        {
            "enableKeyRotation": True,
            "deletionWindowInDays": 30,
            "description": "Data",
            "policy": policy(statement("kms:PutKeyPolicy", **ROOT), statement("kms:Decrypt", **ROOT, **VIA)),
            "tags": TAGS,
        }
    ],
    "aws:kms/alias:Alias": [{}],
    "aws:iam/role:Role": [
        {
            "name": "fraud",
            "permissionsBoundary": "arn:aws:iam::123456789012:policy/boundary",
            "assumeRolePolicy": policy(
                statement("sts:AssumeRole", **SERVICE),
                statement("sts:AssumeRoleWithWebIdentity", **FEDERATED, **CLAIMS),
            ),
            "tags": TAGS,
        }
    ],
    "aws:iam/rolePolicy:RolePolicy": [
        {
            "role": "fraud",
            "policy": policy(
                statement("kms:Decrypt"),
                statement("xray:PutTraceSegments", resource="*"),
                statement("iam:PassRole", resource=ROLE_ARN, **PASSED),
                statement("iam:CreateRole", resource=ROLE_ARN, **BOUND),
            ),
        }
    ],
    "aws:iam/policy:Policy": [{"policy": policy(statement("kms:Decrypt")), "tags": TAGS}],
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": [
        {"policyArn": f"arn:aws:iam::{ACCOUNT}:policy/own"}
    ],
    "aws:ec2/vpc:Vpc": [{"enableDnsSupport": True, "enableDnsHostnames": True, "tags": TAGS}],
    "aws:ec2/subnet:Subnet": [
        {"availabilityZone": f"us-east-1{zone}", "mapPublicIpOnLaunch": False, "tags": TAGS} for zone in "ab"
    ],
    "aws:ec2/securityGroup:SecurityGroup": [{"description": "Functions", "tags": TAGS}],
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": [{"ingress": [], "egress": []}],
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": [
        {
            "description": "HTTPS",
            "ipProtocol": "tcp",
            "fromPort": 443,
            "toPort": 443,
            "referencedSecurityGroupId": "sg-1",
        }
    ],
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": [
        {"description": "HTTPS", "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "prefixListId": "pl-1"}
    ],
    "aws:ec2/vpcEndpoint:VpcEndpoint": [
        {
            "vpcEndpointType": "Interface",
            "privateDnsEnabled": True,
            "securityGroupIds": ["sg-1"],
            "policy": policy(
                statement(
                    "sqs:SendMessage", **EVERYONE, Condition={"ArnEquals": {"aws:PrincipalArn": ROLE_ARN}}
                )
            ),
            "tags": TAGS,
        }
    ],
    "aws:ec2/routeTable:RouteTable": [{"routes": [{"cidrBlock": "10.0.0.0/16"}]}],
    "aws:cloudwatch/logGroup:LogGroup": [
        {"name": "/aws/lambda/fraud", "retentionInDays": 7, "kmsKeyId": KEY, "tags": TAGS}
    ],
    "aws:cloudwatch/metricAlarm:MetricAlarm": [WATCHED],
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": [
        {"alarmActions": ["arn"], "alarmDescription": "Runbook: docs/runbooks/api-available.md"}
    ],
}


def make_resource(type_: str, properties: dict[str, Any]) -> Resource:
    # Alias and key have the same logical name.
    return Resource(type_, "data", properties, LAYER, ENVIRONMENT)


def make_stack() -> list[Resource]:
    return [make_resource(type_, item) for type_, items in COMPLIANT.items() for item in items]
