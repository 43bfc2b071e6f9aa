"""Rules for API Gateway: signed callers, limits, logs and traces."""

from policy.resource import Resource, Stack
from policy.rule import rule

REST_API = "aws:apigateway/restApi:RestApi"
API_POLICY = "aws:apigateway/restApiPolicy:RestApiPolicy"
STAGE = "aws:apigateway/stage:Stage"
HTTP_STAGE = "aws:apigatewayv2/stage:Stage"
METHOD = "aws:apigateway/method:Method"
HTTP_ROUTE = "aws:apigatewayv2/route:Route"
METHOD_SETTINGS = "aws:apigateway/methodSettings:MethodSettings"
INTEGRATION = "aws:apigateway/integration:Integration"
VALIDATOR = "aws:apigateway/requestValidator:RequestValidator"
DOMAIN = "aws:apigateway/domainName:DomainName"
RESPONSE = "aws:apigateway/response:Response"
ACCOUNT = "aws:apigateway/account:Account"

SECURITY_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide/apigateway-controls.html"
GUIDE = "https://docs.aws.amazon.com/apigateway/latest/developerguide"
TRANSACTIONS = "transactions/POST"
TRANSACTIONS_PER_SECOND = 1000
BATCH_SIZE = 25
# A request's header or body can hold personal data or a signature.
_PRIVATE_VARIABLES = (
    "$context.identity.sourceIp",
    "$context.authorizer",
    "$input",
    "$context.requestOverride",
)
_SIGNED = ("AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS", "JWT")
_TLS_1_2_OR_LATER = ("TLS_1_2", "SecurityPolicy_TLS12", "SecurityPolicy_TLS13")


@rule(
    "api-method-authorization",
    METHOD,
    title="Each method of a REST API has an authorization type",
    reason="A method without authorization accepts requests from anyone.",
    remedy='Set authorization to "AWS_IAM".',
    link=f"{GUIDE}/permissions.html",
    controls="AwsSolutions-APIG4 CKV_AWS_59",
)
def authorizes_callers(method: Resource) -> bool:
    # Browsers send the preflight request of CORS without credentials.
    return method["authorization"] in _SIGNED or method["httpMethod"] == "OPTIONS"


@rule(
    "api-route-authorization",
    HTTP_ROUTE,
    title="Each route of an HTTP or WebSocket API has an authorization type",
    reason="A route without authorization accepts requests from anyone.",
    remedy='Set authorizationType to "AWS_IAM".',
    link=f"{SECURITY_HUB}#apigateway-8",
    controls="APIGateway.8",
)
def authorizes_route(route: Resource) -> bool:
    return route["authorizationType"] in _SIGNED


@rule(
    "api-transactions-signed",
    METHOD,
    title="The methods of the API are signed with IAM credentials",
    reason="Roles of consumers decide who may call which route, and revoking a role takes effect at once.",
    remedy='Set authorization to "AWS_IAM".',
    link=f"{GUIDE}/permissions.html",
)
def signs_with_iam(method: Resource) -> bool:
    return bool(method["authorization"] == "AWS_IAM" or method["httpMethod"] == "OPTIONS")


@rule(
    "api-request-model",
    METHOD,
    title="A method with a body has a model and a validator",
    reason="API Gateway refuses a body that is no JSON object before it starts a function.",
    remedy="Set requestModels and requestValidatorId.",
    link=f"{GUIDE}/api-gateway-method-request-validation.html",
    controls="AwsSolutions-APIG2",
)
def validates_body(method: Resource) -> bool:
    has_body = method["httpMethod"] in ("POST", "PUT", "PATCH", "ANY")
    return not has_body or bool(method["requestModels"] and method["requestValidatorId"])


@rule(
    "api-validator-body",
    VALIDATOR,
    title="A request validator validates the body",
    reason="A validator that checks neither body nor parameters has no effect.",
    remedy="Set validateRequestBody to true.",
    link=f"{GUIDE}/api-gateway-request-validation-set-up.html",
    controls="AwsSolutions-APIG2",
)
def validator_checks_body(validator: Resource) -> bool:
    return validator["validateRequestBody"] is True


@rule(
    "api-access-log",
    STAGE,
    HTTP_STAGE,
    title="A stage has an access log",
    reason="The log shows which request was refused or failed, and when.",
    remedy="Set accessLogSettings with the ARN of a log group.",
    link=f"{SECURITY_HUB}#apigateway-9",
    controls="APIGateway.9 AwsSolutions-APIG1 CKV_AWS_76",
)
def has_access_log(stage: Resource) -> bool:
    return bool(stage["accessLogSettings.destinationArn"])


@rule(
    "api-access-log-private",
    STAGE,
    HTTP_STAGE,
    title="The access log contains no body, address or authorizer data",
    reason="Logs are read by more people than the tables, and an address is personal data (GDPR).",
    remedy="Remove $context.identity.sourceIp, $context.authorizer and $input from the format.",
    link=f"{GUIDE}/api-gateway-variables-for-access-logging.html",
)
def logs_no_personal_data(stage: Resource) -> bool:
    return not any(variable in (stage["accessLogSettings.format"] or "") for variable in _PRIVATE_VARIABLES)


@rule(
    "api-access-log-request-id",
    STAGE,
    HTTP_STAGE,
    title="The access log contains the ID of each request",
    reason="Without the ID, a line cannot be matched to the function's log and trace.",
    remedy="Add $context.requestId to the format.",
    link=f"{GUIDE}/set-up-logging.html",
)
def logs_request_id(stage: Resource) -> bool:
    return "$context.requestId" in (stage["accessLogSettings.format"] or "")


@rule(
    "api-tracing",
    STAGE,
    title="A stage sends traces to X-Ray",
    reason="A trace shows which part of a request was slow or failed.",
    remedy="Set xrayTracingEnabled to true.",
    link=f"{SECURITY_HUB}#apigateway-3",
    controls="APIGateway.3 CKV_AWS_73 R12",
)
def traces_requests(stage: Resource) -> bool:
    return stage["xrayTracingEnabled"] is True


@rule(
    "api-cache-cluster",
    STAGE,
    title="A stage has no cache",
    reason="A cache holds customers' data, and can answer a request with the answer to another one.",
    remedy="Remove cacheClusterEnabled and cacheClusterSize.",
    link=f"{GUIDE}/api-gateway-caching.html",
)
def has_no_cache(stage: Resource) -> bool:
    return not stage["cacheClusterEnabled"]


@rule(
    "api-cache-encrypted",
    METHOD_SETTINGS,
    title="A method that is cached encrypts its cache",
    reason="Answers in a cache are data at rest.",
    remedy="Set cachingEnabled to false, or cacheDataEncrypted to true.",
    link=f"{SECURITY_HUB}#apigateway-5",
    controls="APIGateway.5 CKV_AWS_308",
)
def encrypts_cache(settings: Resource) -> bool:
    return not settings["settings.cachingEnabled"] or settings["settings.cacheDataEncrypted"] is True


@rule(
    "api-data-trace",
    METHOD_SETTINGS,
    title="API Gateway does not log requests and responses",
    reason="A data trace writes full bodies, headers included, into a log group of AWS without our key.",
    remedy="Set dataTraceEnabled to false.",
    link=f"{GUIDE}/set-up-logging.html",
    controls="CKV_AWS_276",
)
def logs_no_bodies(settings: Resource) -> bool:
    return not settings["settings.dataTraceEnabled"]


@rule(
    "api-throttled",
    METHOD_SETTINGS,
    title="Each method has a rate and a burst limit",
    reason="A method without limits uses the account's quota and starves the other APIs.",
    remedy="Set throttlingRateLimit and throttlingBurstLimit above 0.",
    link=f"{GUIDE}/api-gateway-request-throttling.html",
    controls="C6",
)
def limits_requests(settings: Resource) -> bool:
    rate, burst = settings["settings.throttlingRateLimit"], settings["settings.throttlingBurstLimit"]
    return (rate or 0) > 0 and (burst or 0) > 0


@rule(
    "api-transactions-rate",
    METHOD_SETTINGS,
    title="POST /transactions and the routes for batches accept 1000 transactions per second together",
    reason="The functions and the table are dimensioned for this rate.",
    remedy="Set throttlingRateLimit of transactions/POST to 1000, less 25 for each batch per second.",
    link=f"{GUIDE}/api-gateway-request-throttling.html",
    controls="C6",
)
def limits_transactions(settings: Resource, stack: Stack) -> bool:
    if settings["methodPath"] != TRANSACTIONS:
        return True
    batches = [other for other in stack.of_type(METHOD_SETTINGS) if _is_batch(other)]
    rates = [settings["settings.throttlingRateLimit"] or 0]
    rates += [BATCH_SIZE * (batch["settings.throttlingRateLimit"] or 0) for batch in batches]
    return bool(sum(rates) == TRANSACTIONS_PER_SECOND)


@rule(
    "api-other-rates",
    METHOD_SETTINGS,
    title="Methods other than POST /transactions accept less than 1000 requests per second",
    reason="They have fewer callers, and share the quota of the account with POST /transactions.",
    remedy="Set a smaller throttlingRateLimit.",
    link=f"{GUIDE}/api-gateway-request-throttling.html",
    controls="C6",
)
def limits_other_methods(settings: Resource) -> bool:
    is_other = settings["methodPath"] != TRANSACTIONS
    return not is_other or (settings["settings.throttlingRateLimit"] or 0) < TRANSACTIONS_PER_SECOND


@rule(
    "api-default-throttle",
    STAGE,
    title="A stage has default limits for methods without limits of their own",
    reason="A new method would otherwise be unlimited.",
    remedy='Add MethodSettings with the path "*/*".',
    link=f"{GUIDE}/api-gateway-request-throttling.html",
    controls="C6",
)
def has_default_limits(stage: Resource, stack: Stack) -> bool:
    return any(
        settings["methodPath"] == "*/*" and settings["stageName"] == stage["stageName"]
        for settings in stack.of_type(METHOD_SETTINGS)
    )


@rule(
    "api-tls",
    REST_API,
    DOMAIN,
    title="The endpoint requires TLS 1.2 or later",
    reason="Earlier versions of TLS have known weaknesses.",
    remedy="Set securityPolicy to a policy of TLS 1.2 or 1.3.",
    link=f"{GUIDE}/apigateway-security-policies.html",
    controls="CKV_AWS_206",
)
def requires_tls(api: Resource) -> bool:
    return (api["securityPolicy"] or "").startswith(_TLS_1_2_OR_LATER)


@rule(
    "api-regional",
    REST_API,
    title="The endpoint is regional or private",
    reason="An edge-optimized endpoint sends customers' data through locations in other countries.",
    remedy='Set endpointConfiguration.types to "REGIONAL" or "PRIVATE".',
    link=f"{GUIDE}/api-gateway-api-endpoint-types.html",
)
def is_regional(api: Resource) -> bool:
    return api.values("endpointConfiguration.types") in (["REGIONAL"], ["PRIVATE"])


@rule(
    "api-has-policy",
    REST_API,
    title="A REST API has a resource policy",
    reason="The policy limits callers even if a role of the account allows more.",
    remedy="Add a RestApiPolicy that denies callers outside the account.",
    link=f"{GUIDE}/apigateway-resource-policies.html",
)
def has_resource_policy(_: Resource, stack: Stack) -> bool:
    return bool(stack.of_type(API_POLICY))


@rule(
    "api-policy-not-public",
    API_POLICY,
    title="The resource policy allows no one without a condition",
    reason="A statement that allows everyone makes methods public.",
    remedy="Name the principals, or add a condition to the statement.",
    link=f"{GUIDE}/apigateway-resource-policies.html",
    controls="CKV_AWS_59",
)
def api_policy_is_not_public(policy: Resource) -> bool:
    return not any(item.allows_everyone and not item.conditions for item in policy.statements())


@rule(
    "api-proxy-integration",
    INTEGRATION,
    title="An integration invokes a Lambda function with the whole request",
    reason="Mapping templates would change what a caller signed, and HTTP backends would leave the account.",
    remedy='Set type to "AWS_PROXY", with the URI of a function.',
    link=f"{GUIDE}/set-up-lambda-proxy-integrations.html",
)
def integrates_function(integration: Resource) -> bool:
    return integration["type"] in ("AWS_PROXY", "MOCK")


@rule(
    "api-errors-private",
    RESPONSE,
    title="An error response repeats nothing of the request",
    reason="An echo of a request can contain a card number, or a script.",
    remedy="Remove $input and $context.authorizer from responseTemplates.",
    link=f"{GUIDE}/supported-gateway-response-types.html",
)
def errors_are_private(response: Resource) -> bool:
    templates = (response["responseTemplates"] or {}).values()
    return not any(variable in text for text in templates for variable in ("$input", "$context.authorizer"))


@rule(
    "api-logging-role",
    ACCOUNT,
    title="API Gateway has a role for its logs",
    reason="Without the role, API Gateway writes no access log and reports no error.",
    remedy="Set cloudwatchRoleArn.",
    link=f"{GUIDE}/set-up-logging.html",
)
def has_logging_role(account: Resource) -> bool:
    return bool(account["cloudwatchRoleArn"])


def _is_batch(settings: Resource) -> bool:
    return (settings["methodPath"] or "").startswith("~1transactions~1")
