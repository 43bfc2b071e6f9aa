"""For each rule a change of the compliant stack that the rule refuses."""

from dataclasses import dataclass, field
from typing import Any

from tests.unit.policy.resources import (
    EVERYONE,
    FEDERATED,
    PUBLIC,
    ROLE_ARN,
    ROOT,
    SERVICE,
    policy,
    statement,
)


@dataclass(frozen=True)
class Refusal:
    """`type`: a part of the type of the resource that the rule refuses, whose properties `changes` replaces.

    `without`: a part of the type of resources that are removed from the stack.
    """

    type: str
    changes: dict[str, Any] = field(default_factory=dict)
    without: str = ""


def change(type_: str, **changes: Any) -> Refusal:
    return Refusal(type_, {path.replace("__", "."): value for path, value in changes.items()})


OPEN = {"cidrIpv4": "0.0.0.0/0", "referencedSecurityGroupId": None}
WIDE = policy(statement("sqs:*", "*", resource="*"))
INGRESS, EGRESS = "SecurityGroupIngressRule", "SecurityGroupEgressRule"
NO_PRINCIPAL_TEST = policy(statement("sqs:SendMessage", **EVERYONE))
PLAIN_PUBLISH = policy(statement("sns:Publish", **SERVICE))
DATA_IN_FORMAT = "$context.identity.sourceIp $context.requestId"


def opened(port: int) -> dict[str, Any]:
    return {**OPEN, "fromPort": port, "toPort": port}


REFUSALS: dict[str, Refusal] = {
    "api-method-authorization": change(":Method", authorization="NONE"),
    "api-route-authorization": change(":Route", authorizationType="NONE"),
    "api-transactions-signed": change(":Method", authorization="CUSTOM"),
    "api-request-model": change(":Method", requestModels=None),
    "api-validator-body": change(":RequestValidator", validateRequestBody=False),
    "api-access-log": change(":Stage", accessLogSettings=None),
    "api-access-log-private": change(":Stage", accessLogSettings__format=DATA_IN_FORMAT),
    "api-access-log-request-id": change(":Stage", accessLogSettings__format="{}"),
    "api-tracing": change(":Stage", xrayTracingEnabled=False),
    "api-cache-cluster": change(":Stage", cacheClusterEnabled=True),
    "api-cache-encrypted": change(":MethodSettings", settings__cachingEnabled=True),
    "api-data-trace": change(":MethodSettings", settings__dataTraceEnabled=True),
    "api-throttled": change(":MethodSettings", settings__throttlingBurstLimit=0),
    "api-transactions-rate": change(":MethodSettings", settings__throttlingRateLimit=1000),
    "api-other-rates": change(
        ":MethodSettings", methodPath="labels/POST", settings__throttlingRateLimit=1000
    ),
    "api-default-throttle": Refusal(":Stage", without=":MethodSettings"),
    "api-tls": change(":RestApi", securityPolicy="TLS_1_0"),
    "api-regional": change(":RestApi", endpointConfiguration__types="EDGE"),
    "api-has-policy": Refusal(":RestApi", without=":RestApiPolicy"),
    "api-policy-not-public": change(":RestApiPolicy", policy=policy(PUBLIC)),
    "api-proxy-integration": change(":Integration", type="HTTP_PROXY"),
    "api-errors-private": change(":Response", responseTemplates={"application/json": "$input.body"}),
    "api-logging-role": change(":Account", cloudwatchRoleArn=None),
    "waf-rate-limit": change(":WebAcl", rules=[]),
    "waf-managed-rules": change(":WebAcl", rules=[]),
    "waf-associated": Refusal(":WebAcl", without=":WebAclAssociation"),
    "waf-logged": Refusal(":WebAcl", without=":WebAclLogging"),
    "waf-no-samples": change(":WebAcl", visibilityConfig__sampledRequestsEnabled=True),
    "waf-log-redacted": change(":WebAclLogging", redactedFields=[]),
    "signing-enforced": change(":CodeSigningConfig", policies__untrustedArtifactOnDeployment="Warn"),
    "signing-verified": change(":Function", codeSigningConfigArn=None),
    "signing-failure-stops": change(":SigningJob", ignoreSigningJobFailure=True),
    "s3-object-private": change(":BucketObjectv2", acl="public-read"),
    "lambda-environment-key": change(":Function", kmsKeyArn=None),
    "lambda-no-secrets": change(":Function", environment__variables={"API_TOKEN": "x"}),
    "lambda-runtime": change(":Function", runtime="python3.8"),
    "lambda-in-vpc": change(":Function", vpcConfig=None),
    "lambda-two-zones": change(":Function", vpcConfig__subnetIds=["subnet-1"]),
    "lambda-reserved-concurrency": change(":Function", reservedConcurrentExecutions=99),
    "lambda-tracing": change(":Function", tracingConfig__mode="PassThrough"),
    "lambda-timeout": change(":Function", timeout=361),
    "lambda-own-log-group": Refusal(":Function", without=":LogGroup"),
    "lambda-json-logs": change(":Function", loggingConfig__logFormat="Text"),
    "lambda-no-debug-log": change(":Function", loggingConfig__applicationLogLevel="DEBUG"),
    "lambda-own-role": Refusal(":Function", without="iam/role:Role"),
    "lambda-no-layers": change(":Function", layers=["arn"]),
    "lambda-no-file-system": change(":Function", fileSystemConfig={"arn": "arn"}),
    "lambda-source-hash": change(":Function", sourceCodeHash=None),
    "lambda-failures-kept": Refusal(":Function", without=":FunctionEventInvokeConfig"),
    "lambda-permission-not-public": change(":Permission", principal="*"),
    "lambda-permission-source": change(":Permission", sourceArn=None),
    "lambda-permission-source-exact": change(":Permission", sourceArn="arn:aws:events:*"),
    "lambda-permission-action": change(":Permission", action="lambda:*"),
    "lambda-url-signed": change(":FunctionUrl", authorizationType="NONE"),
    "lambda-partial-failures": change(":EventSourceMapping", functionResponseTypes=None),
    "dynamodb-on-demand": change(":Table", billingMode="PROVISIONED"),
    "dynamodb-backups": change(":Table", pointInTimeRecovery=None),
    "dynamodb-key": change(":Table", serverSideEncryption__kmsKeyArn=None),
    "dynamodb-deletion-protection": change(":Table", deletionProtectionEnabled=False),
    "dynamodb-ttl": change(":Table", ttl=None),
    "dynamodb-stream-images": change(":Table", streamViewType="NEW_AND_OLD_IMAGES"),
    "dynamodb-no-replicas": change(":Table", replicas=[{"regionName": "eu-west-1"}]),
    "dynamodb-policy-not-public": change(":ResourcePolicy", policy=policy(PUBLIC)),
    "sqs-key": change(":Queue", kmsMasterKeyId="alias/aws/sqs"),
    "sqs-visibility-timeout": change(":Queue", visibilityTimeoutSeconds=30),
    "sqs-failures-retention": change(":Queue", redrivePolicy=None),
    "sqs-source-retention": change(":Queue", messageRetentionSeconds=1_209_600),
    "sqs-dead-letter-queue": change(":Queue", redrivePolicy=None),
    "sqs-dead-letter-queue-declared": change(
        ":Queue", redrivePolicy='{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:1:other"}'
    ),
    "sqs-redrive-attempts": change(":Queue", redrivePolicy='{"maxReceiveCount": 1}'),
    "sqs-tls": change(":QueuePolicy", policy=policy()),
    "sqs-has-policy": Refusal(":Queue", without=":QueuePolicy"),
    "sqs-policy-not-public": change(":QueuePolicy", policy=policy(PUBLIC)),
    "sqs-policy-source": change(":QueuePolicy", policy=policy(statement("sqs:SendMessage", **SERVICE))),
    "sqs-redrive-sources": change(
        ":RedriveAllowPolicy", redriveAllowPolicy='{"redrivePermission": "allowAll"}'
    ),
    "sns-key": change(":Topic", kmsMasterKeyId=None),
    "sns-signature": change(":Topic", signatureVersion=1),
    "sns-has-policy": Refusal(":Topic", without=":TopicPolicy"),
    "sns-tls": change(":TopicPolicy", policy=policy()),
    "sns-policy-not-public": change(":TopicPolicy", policy=policy(PUBLIC)),
    "sns-policy-source": change(":TopicPolicy", policy=PLAIN_PUBLISH),
    "sns-subscription-protocol": change(":TopicSubscription", protocol="http"),
    "events-bus-key": change(":EventBus", kmsKeyIdentifier=None),
    "events-bus-dead-letter-queue": change(":EventBus", deadLetterConfig=None),
    "events-bus-not-public": change(":EventBusPolicy", policy=policy(PUBLIC)),
    "events-permission-not-public": change(":EventPermission", principal="*"),
    "events-pattern": change(":EventRule", scheduleExpression="rate(1 minute)"),
    "events-pattern-source": change(":EventRule", eventPattern="{}"),
    "events-inserts-only": change(":EventRule", eventPattern='{"source": ["fraud"]}'),
    "events-rule-enabled": change(":EventRule", state="DISABLED"),
    "events-target-dead-letter-queue": change(":EventTarget", deadLetterConfig=None),
    "events-target-permission": Refusal(":EventTarget", without="lambda/permission"),
    "pipe-inserts-only": change(":Pipe", sourceParameters__filterCriteria=None),
    "pipe-dead-letter-queue": change(":Pipe", sourceParameters__dynamodbStreamParameters=None),
    "pipe-no-data-log": change(":Pipe", logConfiguration={"includeExecutionDatas": ["ALL"]}),
    "pipe-own-role": Refusal(":Pipe", without="iam/role:Role"),
    "kms-rotation": change("key:Key", enableKeyRotation=False),
    "kms-enabled": change("key:Key", isEnabled=False),
    "kms-not-public": change("key:Key", policy=policy(PUBLIC)),
    "kms-no-wildcard-action": change("key:Key", policy=policy(statement("kms:*", **ROOT))),
    "kms-deletion-window": change("key:Key", deletionWindowInDays=7),
    "kms-administration-separate": change(
        "key:Key", policy=policy(statement("kms:PutKeyPolicy", "kms:Decrypt", **ROOT))
    ),
    "kms-use-conditional": change("key:Key", policy=policy(statement("kms:Decrypt", **ROOT))),
    "kms-described": change("key:Key", description=None),
    "kms-alias": Refusal("key:Key", without=":Alias"),
    "kms-single-region": change("key:Key", multiRegion=True),
    "kms-no-safety-bypass": change("key:Key", bypassPolicyLockoutSafetyCheck=True),
    "iam-no-administrator": change(":RolePolicy", policy=WIDE),
    "iam-no-wildcard-action": change(":RolePolicy", policy=policy(statement("sqs:Send*"))),
    "iam-role-wildcard-resource": change(
        ":RolePolicy", policy=policy(statement("sqs:SendMessage", resource="arn:aws:sqs:us-east-1:1:*"))
    ),
    "iam-policy-wildcard-resource": change(
        "iam/policy:Policy", policy=policy(statement("sqs:SendMessage", resource="*"))
    ),
    "iam-no-negated-allow": change(
        ":RolePolicy", policy=policy({"Effect": "Allow", "NotAction": ["iam:PassRole"], "Resource": "arn"})
    ),
    "iam-no-managed-policy": change(
        "role:Role", managedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"]
    ),
    "iam-no-managed-attachment": change(
        ":RolePolicyAttachment", policyArn="arn:aws:iam::aws:policy/ReadOnlyAccess"
    ),
    "iam-boundary": change("role:Role", permissionsBoundary=None),
    "iam-trust-named": change("role:Role", assumeRolePolicy=policy(PUBLIC)),
    "iam-trust-federated": change(
        "role:Role", assumeRolePolicy=policy(statement("sts:AssumeRoleWithWebIdentity", **FEDERATED))
    ),
    "iam-session-length": change("role:Role", maxSessionDuration=7200),
    "iam-no-decrypt-everywhere": change(
        ":RolePolicy", policy=policy(statement("kms:Decrypt", resource="arn:aws:kms:us-east-1:1:key/*"))
    ),
    "iam-no-pass-any-role": change(
        ":RolePolicy", policy=policy(statement("iam:PassRole", resource=ROLE_ARN))
    ),
    "iam-grants-with-boundary": change(
        ":RolePolicy", policy=policy(statement("iam:CreateRole", resource=ROLE_ARN))
    ),
    "iam-role-policies-declared": change(":RolePolicy", role="fraud-of-another-layer"),
    "vpc-default-group-closed": change(":DefaultSecurityGroup", ingress=[{"protocol": "-1"}]),
    "vpc-default-group-declared": Refusal(":Vpc", without=":DefaultSecurityGroup"),
    "vpc-subnet-private": change(":Subnet", mapPublicIpOnLaunch=True),
    "vpc-no-default-route": change(":RouteTable", routes=[{"cidrBlock": "0.0.0.0/0"}]),
    "vpc-dns": change("vpc:Vpc", enableDnsHostnames=False),
    "vpc-two-zones": change(":Subnet", availabilityZone="us-east-1b"),
    "vpc-no-ssh": Refusal(INGRESS, opened(22)),
    "vpc-no-rdp": Refusal(INGRESS, opened(3389)),
    "vpc-no-http": Refusal(INGRESS, opened(80)),
    "vpc-no-risky-ports": Refusal(INGRESS, opened(5432)),
    "vpc-no-open-ingress": change(
        ":SecurityGroup", ingress=[{"cidrBlocks": ["0.0.0.0/0"], "protocol": "-1"}]
    ),
    "vpc-no-open-egress": Refusal(EGRESS, OPEN),
    "vpc-https-only": change(EGRESS, fromPort=80),
    "vpc-rule-described": change(INGRESS, description=None),
    "vpc-group-described": change(":SecurityGroup", description="Managed by Pulumi"),
    "vpc-endpoint-policy": change(":VpcEndpoint", policy=None),
    "vpc-endpoint-named": change(":VpcEndpoint", policy=NO_PRINCIPAL_TEST),
    "vpc-endpoint-dns": change(":VpcEndpoint", privateDnsEnabled=False),
    "vpc-endpoint-group": change(":VpcEndpoint", securityGroupIds=[]),
    "logs-retention": change(":LogGroup", retentionInDays=0),
    "logs-function-retention": change(":LogGroup", retentionInDays=30),
    "logs-key": change(":LogGroup", kmsKeyId=None),
    "logs-deleted-with-stack": change(":LogGroup", skipDestroy=True),
    "logs-function-exists": Refusal(":LogGroup", without="lambda/function:Function"),
    "alarm-notifies": change(":CompositeAlarm", alarmActions=[]),
    "alarm-enabled": change(":MetricAlarm", actionsEnabled=False),
    "alarm-described": change(":CompositeAlarm", alarmDescription="Something is wrong"),
    "alarm-dead-letter-queue": Refusal(":Queue", without=":MetricAlarm"),
    "tags-owner": change(":Table", tags={"layer": "processing"}),
    "tags-layer": change(":Table", tags__layer="data"),
}

# Rules that refuse every resource of their types. A stack passes if it declares none.
FORBIDDEN = (
    "events-no-archive",
    "iam-no-users",
    "kms-no-grants",
    "logs-not-forwarded",
    "vpc-no-internet",
    "vpc-no-network-acl",
    "vpc-no-peering",
)
