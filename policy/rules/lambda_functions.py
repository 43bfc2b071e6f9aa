"""Rules for Lambda functions and what invokes them."""

import re

from policy.resource import Resource, Stack, arn_name
from policy.rule import rule

FUNCTION = "aws:lambda/function:Function"
PERMISSION = "aws:lambda/permission:Permission"
FUNCTION_URL = "aws:lambda/functionUrl:FunctionUrl"
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
INVOKE_CONFIG = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
ROLE = "aws:iam/role:Role"

SECURITY_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide/lambda-controls.html"
GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg"
RUNTIME = "python3.11"
SMALLEST_CONCURRENCY = 100
MOST_SECONDS = 360
# Names and values of credentials. URLs, ARNs and names of resources are not.
_SECRET_NAME = re.compile(r"(?i)(^|_)(password|passwd|secret|token|api_?key|private_?key|credentials?)(_|$)")
_SECRET_VALUE = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bghp_\w{36}\b")


@rule(
    "lambda-environment-key",
    FUNCTION,
    title="Environment variables are encrypted with a customer-managed key",
    reason="The key's policy, and not only IAM, decides who reads the variables.",
    remedy="Set kmsKeyArn.",
    link=f"{GUIDE}/configuration-envvars-encryption.html",
    controls="C2 C11 CKV_AWS_173",
)
def encrypts_environment(function: Resource) -> bool:
    return bool(function["kmsKeyArn"])


@rule(
    "lambda-no-secrets",
    FUNCTION,
    title="Environment variables contain no credentials",
    reason="Everyone who may read the function's configuration would read them.",
    remedy="Use the function's role, or read the secret at run time.",
    link=f"{GUIDE}/configuration-envvars.html",
    controls="CKV_AWS_45",
)
def contains_no_secrets(function: Resource) -> bool:
    variables = function["environment.variables"] or {}
    return not any(
        _SECRET_NAME.search(name) or _SECRET_VALUE.search(str(value)) for name, value in variables.items()
    )


@rule(
    "lambda-runtime",
    FUNCTION,
    title="A function runs on Python 3.11",
    reason="All functions have one runtime that AWS supports and that the tests use.",
    remedy='Set runtime to "python3.11".',
    link=f"{SECURITY_HUB}#lambda-2",
    controls="C3 Lambda.2 CKV_AWS_363",
)
def uses_runtime(function: Resource) -> bool:
    return bool(function["runtime"] == RUNTIME)


@rule(
    "lambda-in-vpc",
    FUNCTION,
    title="A function runs in the VPC",
    reason="Functions that touch transactions have no route to the internet.",
    remedy="Set vpcConfig with private subnets and a security group.",
    link=f"{SECURITY_HUB}#lambda-3",
    controls="C5 Lambda.3 CKV_AWS_117",
)
def runs_in_vpc(function: Resource) -> bool:
    return bool(function["vpcConfig.subnetIds"] and function["vpcConfig.securityGroupIds"])


@rule(
    "lambda-two-zones",
    FUNCTION,
    title="A function runs in at least two subnets",
    reason="It continues to run when one availability zone fails.",
    remedy="Give vpcConfig.subnetIds subnets of two availability zones.",
    link=f"{SECURITY_HUB}#lambda-5",
    controls="Lambda.5",
)
def runs_in_two_zones(function: Resource) -> bool:
    return len(function.values("vpcConfig.subnetIds")) > 1


@rule(
    "lambda-reserved-concurrency",
    FUNCTION,
    title="A function reserves a concurrency of at least 100",
    reason="Another function cannot starve it, and it cannot starve the account.",
    remedy="Set reservedConcurrentExecutions to 100 or more.",
    link=f"{GUIDE}/configuration-concurrency.html",
    controls="C8 CKV_AWS_115",
)
def reserves_concurrency(function: Resource) -> bool:
    return (function["reservedConcurrentExecutions"] or 0) >= SMALLEST_CONCURRENCY


@rule(
    "lambda-tracing",
    FUNCTION,
    title="A function sends traces to X-Ray",
    reason="A trace shows which part of a transaction's way was slow or failed.",
    remedy='Set tracingConfig.mode to "Active".',
    link=f"{GUIDE}/services-xray.html",
    controls="CKV_AWS_50 R12",
)
def traces_invocations(function: Resource) -> bool:
    return bool(function["tracingConfig.mode"] == "Active")


@rule(
    "lambda-timeout",
    FUNCTION,
    title="A function ends within the visibility timeout of a queue",
    reason="A longer run would receive a message a second time while it still works on the first.",
    remedy="Set timeout to at most 360 seconds.",
    link=f"{GUIDE}/services-sqs-configure.html",
)
def has_timeout(function: Resource) -> bool:
    return 0 < (function["timeout"] or 0) <= MOST_SECONDS


@rule(
    "lambda-own-log-group",
    FUNCTION,
    title="A function writes to a log group that the stack declares",
    reason="Lambda creates a missing log group itself, without retention and key.",
    remedy="Declare a LogGroup, and name it in loggingConfig.logGroup.",
    link=f"{GUIDE}/monitoring-cloudwatchlogs-loggroups.html",
    controls="R11",
)
def has_log_group(function: Resource, stack: Stack) -> bool:
    name = function["loggingConfig.logGroup"] or f"/aws/lambda/{function['name']}"
    return any(group["name"] == name for group in stack.of_type(LOG_GROUP))


@rule(
    "lambda-json-logs",
    FUNCTION,
    title="A function writes its log as JSON",
    reason="Fields of a JSON log can be searched, and the level of messages is a setting.",
    remedy='Set loggingConfig.logFormat to "JSON".',
    link=f"{GUIDE}/monitoring-cloudwatchlogs-logformat.html",
)
def logs_json(function: Resource) -> bool:
    return bool(function["loggingConfig.logFormat"] == "JSON")


@rule(
    "lambda-no-debug-log",
    FUNCTION,
    title="A function does not write debug messages",
    reason="Debug messages of libraries contain requests, and with them personal data.",
    remedy='Set loggingConfig.applicationLogLevel to "INFO" or above.',
    link=f"{GUIDE}/monitoring-cloudwatchlogs-log-level.html",
)
def logs_no_debug_messages(function: Resource) -> bool:
    return function["loggingConfig.applicationLogLevel"] not in ("TRACE", "DEBUG")


@rule(
    "lambda-own-role",
    FUNCTION,
    title="A function has a role that no other function uses",
    reason="A shared role gives each function the permissions of all.",
    remedy="Declare a Role for each function.",
    link=f"{GUIDE}/lambda-intro-execution-role.html",
    controls="R10 C4",
)
def has_own_role(function: Resource, stack: Stack) -> bool:
    role = function["role"]
    users = [other for other in stack.of_type(FUNCTION) if other["role"] == role]
    declared = any(other["name"] == arn_name(role) for other in stack.of_type(ROLE))
    return declared and len(users) == 1


@rule(
    "lambda-no-layers",
    FUNCTION,
    title="A function has no layers",
    reason="The code of a layer is in no package that is scanned and listed in a bill of materials.",
    remedy="Put the code into the function's package.",
    link=f"{GUIDE}/chapter-layers.html",
)
def has_no_layers(function: Resource) -> bool:
    return not function["layers"]


@rule(
    "lambda-no-file-system",
    FUNCTION,
    title="A function mounts no file system",
    reason="A shared file system would be a place for customers' data without TTL.",
    remedy="Remove fileSystemConfig.",
    link=f"{GUIDE}/configuration-filesystem.html",
)
def mounts_nothing(function: Resource) -> bool:
    return not function["fileSystemConfig"]


@rule(
    "lambda-source-hash",
    FUNCTION,
    title="A function's package is identified by a hash of its content",
    reason="The deployed code is the code of a commit, and a change of it is seen in the plan.",
    remedy="Set sourceCodeHash.",
    link="https://www.pulumi.com/registry/packages/aws/api-docs/lambda/function/",
)
def has_source_hash(function: Resource) -> bool:
    return bool(function["sourceCodeHash"])


@rule(
    "lambda-failures-kept",
    FUNCTION,
    title="Failed asynchronous invocations have a destination",
    reason="Lambda drops an event after its retries.",
    remedy="Declare a FunctionEventInvokeConfig with destinationConfig.onFailure, or set deadLetterConfig.",
    link=f"{GUIDE}/invocation-async-retain-records.html",
    controls="CKV_AWS_116",
)
def keeps_failures(function: Resource, stack: Stack) -> bool:
    events = [target for target in stack.of_type(EVENT_TARGET) if arn_name(target["arn"]) == function["name"]]
    configured = [
        config
        for config in stack.of_type(INVOKE_CONFIG)
        if arn_name(config["functionName"]) == function["name"]
        and config["destinationConfig.onFailure.destination"]
    ]
    # Only events are asynchronous: API Gateway waits for answers, and queues and streams keep records.
    return not events or bool(configured or function["deadLetterConfig.targetArn"])


@rule(
    "lambda-permission-not-public",
    PERMISSION,
    title="No permission allows everyone to invoke a function",
    reason="Any AWS account could invoke the function.",
    remedy="Set principal to a service or to an account.",
    link=f"{SECURITY_HUB}#lambda-1",
    controls="Lambda.1 CKV_AWS_301",
)
def names_principal(permission: Resource) -> bool:
    return permission["principal"] not in (None, "*")


@rule(
    "lambda-permission-source",
    PERMISSION,
    title="A permission for a service names the resource that invokes",
    reason="The service would otherwise invoke the function for any AWS account (confused deputy).",
    remedy="Set sourceArn.",
    link=f"{GUIDE}/permissions-function-services.html",
    controls="CKV_AWS_364",
)
def names_source(permission: Resource) -> bool:
    is_service = (permission["principal"] or "").endswith(".amazonaws.com")
    return not is_service or bool(permission["sourceArn"])


@rule(
    "lambda-permission-source-exact",
    PERMISSION,
    title="The source of a permission is one resource, without wildcards",
    reason="A wildcard includes stages, methods and rules that no one reviewed.",
    remedy="Name the stage, method and path, or the rule.",
    link=f"{GUIDE}/permissions-function-services.html",
    controls="C4",
)
def source_is_exact(permission: Resource) -> bool:
    return "*" not in (permission["sourceArn"] or "")


@rule(
    "lambda-permission-action",
    PERMISSION,
    title="A permission allows to invoke a function and nothing else",
    reason="Other actions change or read the function.",
    remedy='Set action to "lambda:InvokeFunction".',
    link=f"{GUIDE}/access-control-resource-based.html",
    controls="C4",
)
def allows_invocation_only(permission: Resource) -> bool:
    return bool(permission["action"] == "lambda:InvokeFunction")


@rule(
    "lambda-url-signed",
    FUNCTION_URL,
    title="The URL of a function requires a signature",
    reason="A URL without authorization accepts requests from anyone, past the limits of the API.",
    remedy='Set authorizationType to "AWS_IAM", or use API Gateway.',
    link=f"{GUIDE}/urls-auth.html",
    controls="Lambda.1 CKV_AWS_301",
)
def url_is_signed(url: Resource) -> bool:
    return bool(url["authorizationType"] == "AWS_IAM")


@rule(
    "lambda-partial-failures",
    MAPPING,
    title="A function reports which messages of a queue's batch failed",
    reason="One bad message would otherwise send the whole batch to the dead-letter queue.",
    remedy='Set functionResponseTypes to "ReportBatchItemFailures".',
    link=f"{GUIDE}/services-sqs-errorhandling.html",
)
def reports_failed_messages(mapping: Resource) -> bool:
    is_queue = ":sqs:" in (mapping["eventSourceArn"] or "")
    return not is_queue or "ReportBatchItemFailures" in mapping.values("functionResponseTypes")
