"""Seeded mistakes: changes of prod's resources, each with the rule that must detect it.

Rules E, W and I belong to cfn-lint, rules CKV to checkov.
"""

import json
from typing import Any

from tests.aws.properties.seeding import REMOVED, Edit, Mistake


def _policy_document(**changes: Any) -> str:
    statement = {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": ["*"], **changes}
    statement = {key: value for key, value in statement.items() if value is not REMOVED}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _single_mistake(title: str, rule: str, type_: str, name: str, /, **changes: Any) -> Mistake:
    paths = {key.replace("__", "."): value for key, value in changes.items()}
    return Mistake(title, rule, (Edit(type_, name, paths),))


_FUNCTION = ("lambda/function:Function", "api-function")
_QUEUE = ("sqs/queue:Queue", "suspicious")
_TABLE = ("dynamodb/table:Table", "transactions")
_ROLE = ("iam/role:Role", "api-role")
_BOUNDARY = ("iam/policy:Policy", "api")
_SUBNET = ("ec2/subnet:Subnet", "private-1")
_STAGE = ("apigateway/stage:Stage", "v1")
_INGRESS = ("vpc/securityGroupIngressRule:SecurityGroupIngressRule", "endpoints-from-functions")
_ALARM = ("cloudwatch/metricAlarm:MetricAlarm", "suspicious-dlq-depth")
_LOGS = ("cloudwatch/logGroup:LogGroup", "fraud-logs")

MISTAKES = (
    # cfn-lint: values
    _single_mistake("unknown billing mode", "E3030", *_TABLE, billingMode="ON_DEMAND"),
    _single_mistake(
        "attribute type in lower case", "E3030", *_TABLE, attributes=[{"name": "transaction_id", "type": "s"}]
    ),
    _single_mistake("log retention of 8 days", "E3030", *_LOGS, retentionInDays=8.0),
    _single_mistake("runtime misspelt", "E3030", *_FUNCTION, runtime="pyhton3.11"),
    _single_mistake("retired runtime", "E2533", *_FUNCTION, runtime="python3.6"),
    _single_mistake("unknown tracing mode", "E3030", *_FUNCTION, tracingConfig__mode="On"),
    _single_mistake("memory below 128 MB", "E3034", *_FUNCTION, memorySize=64.0),
    _single_mistake("timeout above 15 minutes", "E3717", *_FUNCTION, timeout=901.0),
    _single_mistake("role name instead of an ARN", "E3031", *_FUNCTION, role="fraud-pipeline-api"),
    _single_mistake(
        "reserved environment variable", "E3663", *_FUNCTION, environment__variables__AWS_REGION="x"
    ),
    _single_mistake(
        "environment above 4 KB", "E3697", *_FUNCTION, environment__variables__TABLE_NAME="x" * 5000
    ),
    _single_mistake("visibility timeout above 12 hours", "E3034", *_QUEUE, visibilityTimeoutSeconds=43_201.0),
    _single_mistake("message retention of 15 days", "E3034", *_QUEUE, messageRetentionSeconds=1_296_000.0),
    _single_mistake("table key without an attribute definition", "E3039", *_TABLE, rangeKey="happened_at"),
    _single_mistake("key deletion after 5 days", "E3034", "kms/key:Key", "data", deletionWindowInDays=5.0),
    _single_mistake(
        "unknown starting position",
        "E3030",
        "pipes/pipe:Pipe",
        "transactions",
        sourceParameters__dynamodbStreamParameters__startingPosition="OLDEST",
    ),
    _single_mistake(
        "subnet outside its VPC's addresses",
        "E3059",
        *_SUBNET,
        cidrBlock="192.168.0.0/24",
    ),
    _single_mistake("unknown comparison of an alarm", "E3030", *_ALARM, comparisonOperator="GreaterThan"),
    _single_mistake("unknown treatment of missing data", "E3030", *_ALARM, treatMissingData="ok"),
    _single_mistake("alarm with a period of 45 seconds", "E3615", *_ALARM, period=45.0),
    _single_mistake("percentile as a statistic", "E3030", *_ALARM, statistic="p99"),
    # cfn-lint: missing properties, and resources that do not fit each other
    _single_mistake("subnet without a VPC", "E3003", *_SUBNET, vpcId=REMOVED),
    _single_mistake("pipe without a role", "E3003", "pipes/pipe:Pipe", "transactions", roleArn=REMOVED),
    _single_mistake("function without a handler", "W2533", *_FUNCTION, handler=REMOVED),
    _single_mistake("table without a partition key", "E3018", *_TABLE, hashKey=REMOVED),
    Mistake(
        "visibility timeout below the function's timeout",
        "E3505",
        (
            Edit("sqs/queue:Queue", "suspicious", {"name": "hasty", "visibilityTimeoutSeconds": 30.0}),
            Edit(
                "lambda/eventSourceMapping:EventSourceMapping",
                "suspicious",
                {"eventSourceArn": "arn:aws:sqs:us-east-1:123456789012:hasty"},
            ),
        ),
    ),
    _single_mistake("alarm without a metric", "E3014", *_ALARM, metricName=REMOVED),
    _single_mistake(
        "composite alarm without a rule",
        "E3003",
        "cloudwatch/compositeAlarm:CompositeAlarm",
        "available",
        alarmRule=REMOVED,
    ),
    # cfn-lint: policies
    _single_mistake("effect in lower case", "E3510", *_BOUNDARY, policy=_policy_document(Effect="allow")),
    _single_mistake(
        "statement without actions", "E3510", *_BOUNDARY, policy=_policy_document(Action=REMOVED)
    ),
    _single_mistake(
        "unknown action",
        "W3037",
        *_BOUNDARY,
        policy=_policy_document(Action=["sqs:PostMessage"]),
    ),
    _single_mistake(
        "resource of another service",
        "I3510",
        *_BOUNDARY,
        policy=_policy_document(Resource=["arn:aws:sns:us-east-1:123456789012:fraud-alerts"]),
    ),
    _single_mistake(
        "queue policy without a principal",
        "E3512",
        "sqs/queuePolicy:QueuePolicy",
        "suspicious",
        policy=_policy_document(),
    ),
    _single_mistake("trust policy without a principal", "E3530", *_ROLE, assumeRolePolicy=_policy_document()),
    # checkov: encryption
    _single_mistake("queue without a key", "CKV_AWS_27", *_QUEUE, kmsMasterKeyId=REMOVED),
    _single_mistake(
        "table without a customer-managed key", "CKV_AWS_119", *_TABLE, serverSideEncryption=REMOVED
    ),
    _single_mistake("topic without a key", "CKV_AWS_26", "sns/topic:Topic", "alerts", kmsMasterKeyId=REMOVED),
    _single_mistake("logs without a key", "CKV_AWS_158", *_LOGS, kmsKeyId=REMOVED),
    _single_mistake("environment variables without a key", "CKV_AWS_173", *_FUNCTION, kmsKeyArn=REMOVED),
    _single_mistake("key without rotation", "CKV_AWS_7", "kms/key:Key", "data", enableKeyRotation=False),
    # checkov: missing protection
    _single_mistake("logs without retention", "CKV_AWS_66", *_LOGS, retentionInDays=REMOVED),
    _single_mistake("table without recovery", "CKV_AWS_28", *_TABLE, pointInTimeRecovery=REMOVED),
    _single_mistake("function outside the VPC", "CKV_AWS_117", *_FUNCTION, vpcConfig=REMOVED),
    _single_mistake(
        "function without reserved concurrency",
        "CKV_AWS_115",
        *_FUNCTION,
        reservedConcurrentExecutions=REMOVED,
    ),
    _single_mistake("stage without an access log", "CKV_AWS_76", *_STAGE, accessLogSettings=REMOVED),
    _single_mistake("stage without tracing", "CKV_AWS_73", *_STAGE, xrayTracingEnabled=False),
    _single_mistake(
        "security group rule without a description",
        "CKV_AWS_23",
        *_INGRESS,
        description=REMOVED,
    ),
    # checkov: open to others
    _single_mistake(
        "method without authorization", "CKV_AWS_59", "apigateway/method:Method", "post", authorization="NONE"
    ),
    _single_mistake(
        "SSH from everywhere",
        "CKV_AWS_24",
        *_INGRESS,
        referencedSecurityGroupId=REMOVED,
        cidrIpv4="0.0.0.0/0",
        fromPort=22.0,
        toPort=22.0,
    ),
    _single_mistake(
        "role for every account",
        "CKV_AWS_60",
        *_ROLE,
        assumeRolePolicy=_policy_document(Action="sts:AssumeRole", Resource=REMOVED, Principal={"AWS": "*"}),
    ),
    _single_mistake(
        "function open to a whole service",
        "CKV_AWS_364",
        "lambda/permission:Permission",
        "api-apigateway",
        sourceArn=REMOVED,
    ),
    _single_mistake(
        "key for every account",
        "CKV_AWS_33",
        "kms/key:Key",
        "data",
        policy=_policy_document(Action="kms:*", Principal={"AWS": "*"}),
    ),
    Mistake(
        "role that may do everything",
        "CKV_AWS_63",
        (
            Edit(*_ROLE, {"name": "almighty"}),
            Edit(
                "iam/rolePolicy:RolePolicy",
                "api-permissions",
                {"role": "almighty", "policy": _policy_document(Action="*")},
            ),
        ),
    ),
    _single_mistake(
        "secret in the environment",
        "CKV_AWS_45",
        *_FUNCTION,
        environment__variables__TABLE_NAME="AKIAIOSFODNN7EXAMPLE",  # pragma: allowlist secret
    ),
)
