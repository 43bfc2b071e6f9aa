"""The resources of the layer edge: API, stage, gateway responses, functions."""

import json
import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pulumi
import pytest
from botocore.loaders import Loader

from functions.common.domain.transaction import TRANSACTION_FIELDS
from functions.common.http.request_schema import build_request_schema
from functions.labels.label import LABEL_FIELDS
from shared.arns import Arns
from shared.names import Names
from stacks.edge import routes
from stacks.edge.access_settings import CallerSettings
from stacks.edge.responses import RESPONSES
from stacks.edge.rest_api import RestApi, RestApiArgs
from tests.stacks.conftest import Programs
from tests.stacks.mocked_aws import ACCOUNT, PARTITION, REGION
from tests.stacks.recording import RecordedProgram, RecordedResource, record_program, run_program


@dataclass(frozen=True)
class RouteNames:
    """A route: logical names, names of outputs, and the schema of its body."""

    path: str
    function: str
    method: str
    integration: str
    model: str
    schema: dict[str, Any]
    function_name: str
    arn: str

    def find_resource(self, edge: RecordedProgram, type_: str) -> RecordedResource:
        names = {"method": self.method, "integration": self.integration, "model": self.model}
        return edge.find_one(f"apigateway/{type_}:{type_.capitalize()}", names.get(type_, self.path))


ROUTES = (
    RouteNames(
        *("transactions", "api", "post", "function", "transaction"),
        schema=build_request_schema("Transaction", TRANSACTION_FIELDS),
        function_name="api_function_name",
        arn="api_arn",
    ),
    RouteNames(
        *("labels", "labels", "post-label", "labels-function", "label"),
        schema=build_request_schema("Label", LABEL_FIELDS),
        function_name="labels_function_name",
        arn="labels_api_arn",
    ),
)
ARNS = Arns(PARTITION, ACCOUNT, REGION, Names())
for_each_route = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)


def _response_types() -> list[str]:
    """The response types of API Gateway, from botocore's service model."""
    model = Loader().load_service_model("apigateway", "service-2")
    return list(model["shapes"]["GatewayResponseType"]["enum"])


def compute_digest(args: RestApiArgs) -> str:
    """The digest of an API in a program of its own."""

    def declare() -> None:
        pulumi.export("digest", RestApi("api", args).digest)

    return str(record_program(declare).outputs["digest"])


def test_R1_api_is_a_regional_rest_api(edge: RecordedProgram) -> None:
    assert edge.find_one("apigateway/restApi:RestApi")["endpointConfiguration"] == {"types": "REGIONAL"}


@for_each_route
def test_R1_every_route_is_at_the_root_of_the_api(edge: RecordedProgram, route: RouteNames) -> None:
    resource = route.find_resource(edge, "resource")
    assert (resource["pathPart"], resource["parentId"]) == (route.path, "root")


def test_R1_api_has_one_method_for_each_route(edge: RecordedProgram) -> None:
    assert len(edge.find_all("apigateway/method:Method")) == len(ROUTES)


def test_api_requires_tls_1_2(edge: RecordedProgram) -> None:
    api = edge.find_one("apigateway/restApi:RestApi")
    assert api["securityPolicy"].startswith("SecurityPolicy_TLS13_1_2")
    assert api["endpointAccessMode"] == "STRICT"


@for_each_route
def test_R1_signed_post_invokes_the_function_of_the_route(edge: RecordedProgram, route: RouteNames) -> None:
    method, integration = route.find_resource(edge, "method"), route.find_resource(edge, "integration")
    assert (method["httpMethod"], method["authorization"]) == ("POST", "AWS_IAM")
    assert method["resourceId"] == integration["resourceId"] == f"{route.path}-id"
    assert (integration["type"], integration["integrationHttpMethod"]) == ("AWS_PROXY", "POST")
    assert f"function:{edge.outputs[route.function_name]}/invocations" in integration["uri"]


@for_each_route
def test_R1_only_its_own_method_may_invoke_a_function(edge: RecordedProgram, route: RouteNames) -> None:
    permission = edge.find_one("lambda/permission:Permission", f"{route.function}-apigateway")
    assert permission["principal"] == "apigateway.amazonaws.com"
    assert permission["function"] == edge.outputs[route.function_name]
    assert permission["sourceArn"] == edge.outputs[route.arn]
    assert edge.outputs[route.arn].endswith(f"/v1/POST/{route.path}")


@for_each_route
def test_R3_body_is_validated_against_the_schema_of_the_function(
    edge: RecordedProgram, route: RouteNames
) -> None:
    method, model = route.find_resource(edge, "method"), route.find_resource(edge, "model")
    validator = edge.find_one("apigateway/requestValidator:RequestValidator")
    assert model.document("schema") == route.schema
    assert model["name"] == route.schema["title"]
    assert method["requestModels"] == {"application/json": model["name"]}
    assert method["requestValidatorId"] == "body-id"
    assert validator["validateRequestBody"] is True


def test_R3_api_function_may_store_transactions_with_a_retention(
    edge: RecordedProgram, data: RecordedProgram
) -> None:
    variables = edge.find_one("lambda/function:Function", "api-function")["environment"]["variables"]
    store = edge.find_one("iam/rolePolicy:RolePolicy", "api-permissions").statements()["StoreItems"]
    assert (variables["TABLE_NAME"], variables["RETENTION_DAYS"]) == ("transactions", "90")
    assert store["Action"] == ["dynamodb:PutItem"]
    assert store["Resource"] == [data.outputs["transactions_table_arn"]]


def test_R10_labels_function_may_update_both_tables(edge: RecordedProgram, data: RecordedProgram) -> None:
    variables = edge.find_one("lambda/function:Function", "labels-function")["environment"]["variables"]
    statements = edge.find_one("iam/rolePolicy:RolePolicy", "labels-permissions").statements()
    assert (variables["TABLE_NAME"], variables["PROFILES_TABLE_NAME"]) == ("transactions", "profiles")
    assert statements["ReadTransactions"]["Action"] == ["dynamodb:GetItem"]
    assert statements["ReadProfiles"]["Action"] == ["dynamodb:BatchGetItem"]
    for sid, table in (
        ("LabelTransactions", "transactions_table_arn"),
        ("KeepProfiles", "profiles_table_arn"),
    ):
        assert statements[sid]["Action"] == ["dynamodb:UpdateItem"]
        assert statements[sid]["Resource"] == [data.outputs[table]]


def test_R12_stage_is_traced(edge: RecordedProgram) -> None:
    assert edge.find_one("apigateway/stage:Stage")["xrayTracingEnabled"] is True


def test_sampling_rule_matches_the_stage_of_the_api(edge: RecordedProgram) -> None:
    rule = edge.find_one("xray/samplingRule:SamplingRule")
    api, stage = edge.find_one("apigateway/restApi:RestApi"), edge.find_one("apigateway/stage:Stage")
    assert rule["serviceName"] == f"{api['name']}/{stage['stageName']}"
    assert rule["serviceType"] == "AWS::ApiGateway::Stage"
    assert {rule[key] for key in ("host", "httpMethod", "urlPath", "resourceArn")} == {"*"}
    assert (rule["fixedRate"], rule["reservoirSize"]) == (0.01, 0)


def test_embedded_aws_has_no_sampling_rule(prod: Programs) -> None:
    upstream = {name: prod[name] for name in ("foundation", "data")}
    program = run_program("edge", "local", upstream)
    assert not program.find_all("xray/samplingRule:SamplingRule")
    assert program.find_one("apigateway/stage:Stage")["xrayTracingEnabled"] is True


def test_methods_have_no_detailed_metrics(edge: RecordedProgram) -> None:
    for recorded in edge.find_all("apigateway/methodSettings:MethodSettings"):
        assert recorded["settings"]["metricsEnabled"] is False


def test_C6_each_method_has_its_own_limits(edge: RecordedProgram) -> None:
    limits = {
        settings["methodPath"]: (
            settings["settings"]["throttlingRateLimit"],
            settings["settings"]["throttlingBurstLimit"],
        )
        for settings in edge.find_all("apigateway/methodSettings:MethodSettings")
    }
    assert limits == {"transactions/POST": (1000, 200), "labels/POST": (50, 100), "*/*": (10, 10)}


def test_C6_burst_is_at_most_the_reserved_concurrency_of_the_function(edge: RecordedProgram) -> None:
    for path, function in (("transactions", "api"), ("labels", "labels")):
        settings = edge.find_one("apigateway/methodSettings:MethodSettings", f"post-{path}")["settings"]
        reserved = edge.find_one("lambda/function:Function", f"{function}-function")
        assert settings["throttlingBurstLimit"] <= reserved["reservedConcurrentExecutions"]


def test_limits_of_methods_are_set_one_after_another(edge: RecordedProgram) -> None:
    order = ["every-method", "post-transactions", "post-labels"]
    for before, after in pairwise(order):
        settings = edge.find_one("apigateway/methodSettings:MethodSettings", after)
        assert f"MethodSettings::{before}" in " ".join(settings.dependencies)


def test_execution_logs_are_off(edge: RecordedProgram) -> None:
    for recorded in edge.find_all("apigateway/methodSettings:MethodSettings"):
        settings = recorded["settings"]
        assert (settings["loggingLevel"], settings["dataTraceEnabled"]) == ("OFF", False)


def test_R11_access_logs_are_encrypted_and_retained_for_7_days(
    edge: RecordedProgram, foundation: RecordedProgram
) -> None:
    group = edge.find_one("cloudwatch/logGroup:LogGroup", "access-logs")
    stage = edge.find_one("apigateway/stage:Stage")
    assert group["retentionInDays"] == 7
    assert group["kmsKeyId"] == foundation.outputs["logs_key_arn"]
    assert stage["accessLogSettings"]["destinationArn"].endswith(group["name"])


def test_access_logs_contain_no_personal_data(edge: RecordedProgram) -> None:
    format_ = edge.find_one("apigateway/stage:Stage")["accessLogSettings"]["format"]
    assert json.loads(format_)["request_id"] == "$context.requestId"
    assert not re.search(r"identity|userAgent|sourceIp|caller|authorizer|accountId", format_)


@pytest.mark.parametrize(
    ("type_", "status"),
    [
        ("BAD_REQUEST_BODY", "400"),
        ("UNAUTHORIZED", "401"),
        ("ACCESS_DENIED", "403"),
        ("MISSING_AUTHENTICATION_TOKEN", "403"),
        ("REQUEST_TOO_LARGE", "413"),
        ("UNSUPPORTED_MEDIA_TYPE", "415"),
        ("THROTTLED", "429"),
        ("QUOTA_EXCEEDED", "429"),
        ("INTEGRATION_FAILURE", "503"),
        ("INTEGRATION_TIMEOUT", "503"),
        ("API_CONFIGURATION_ERROR", "503"),
        ("AUTHORIZER_CONFIGURATION_ERROR", "503"),
        ("AUTHORIZER_FAILURE", "503"),
        ("DEFAULT_5XX", "503"),
    ],
)
def test_gateway_responses_are_problem_details(edge: RecordedProgram, type_: str, status: str) -> None:
    response = edge.find_one("apigateway/response:Response", type_.lower().replace("_", "-"))
    problem = json.loads(response["responseTemplates"]["application/json"])
    headers = response["responseParameters"]
    assert response["responseType"] == type_
    assert (response["statusCode"], str(problem["status"])) == (status, status)
    assert headers["gatewayresponse.header.Content-Type"] == "'application/problem+json'"


@pytest.mark.parametrize("type_", _response_types())
def test_every_response_type_is_a_problem_with_4xx_or_503(edge: RecordedProgram, type_: str) -> None:
    response = edge.find_one("apigateway/response:Response", type_.lower().replace("_", "-"))
    headers, status = response["responseParameters"], response.inputs.get("statusCode", "4XX")
    assert headers["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
    assert status[0] == "4" or status == "503"
    assert ("gatewayresponse.header.Retry-After" in headers) == (status in {"429", "503"})


def test_default_4xx_response_keeps_the_status(edge: RecordedProgram) -> None:
    response = edge.find_one("apigateway/response:Response", "default-4xx")
    assert "statusCode" not in response.inputs
    assert "status" not in json.loads(response["responseTemplates"]["application/json"])


def test_gateway_responses_do_not_repeat_the_request(edge: RecordedProgram) -> None:
    for response in edge.find_all("apigateway/response:Response"):
        assert "$" not in response["responseTemplates"]["application/json"]


def test_deployment_depends_on_all_parts_of_the_api(edge: RecordedProgram) -> None:
    dependencies = " ".join(edge.find_one("apigateway/deployment:Deployment").dependencies)
    for part in (
        *(f"Method::{route.method}" for route in ROUTES),
        *(f"Integration::{route.integration}" for route in ROUTES),
        "Response::default-4xx",
        "Response::throttled",
        "RestApiPolicy::callers",
    ):
        assert part in dependencies


def test_digest_changes_exactly_with_the_api() -> None:
    args = RestApiArgs(
        arns=ARNS,
        callers=CallerSettings(),
        routes=routes.ROUTES,
        invoke_arns={**dict.fromkeys(routes.API_PATHS, "arn:one"), "labels": "arn:a"},
    )
    digest = compute_digest(args)
    assert compute_digest(args) == digest
    for path in args.invoke_arns:
        assert compute_digest(replace(args, invoke_arns={**args.invoke_arns, path: "arn:two"})) != digest
    assert compute_digest(replace(args, routes=routes.ROUTES[:2])) != digest
    assert compute_digest(replace(args, responses=RESPONSES[1:])) != digest
    reworded = replace(RESPONSES[0], detail="Something else")
    assert compute_digest(replace(args, responses=(reworded, *RESPONSES[1:]))) != digest
    for callers in (
        CallerSettings(accounts=("111122223333",)),
        CallerSettings(address_ranges=("203.0.113.0/24",)),
        CallerSettings(vpc_endpoints=("vpce-0123456789abcdef0",)),
    ):
        assert compute_digest(replace(args, callers=callers)) != digest


def test_deployment_is_triggered_by_the_digest(edge: RecordedProgram) -> None:
    digest = edge.find_one("apigateway/deployment:Deployment")["triggers"]["definition"]
    uris = {route.path: route.find_resource(edge, "integration")["uri"] for route in ROUTES}
    args = RestApiArgs(arns=ARNS, callers=CallerSettings(), routes=routes.ROUTES[:2], invoke_arns=uris)
    assert digest == compute_digest(args)


def test_R11_logging_role_is_set_before_the_stage(edge: RecordedProgram) -> None:
    account = edge.find_one("apigateway/account:Account")
    assert account["cloudwatchRoleArn"].endswith("role/fraud-pipeline-api-gateway-logs")
    assert "Account::account" in " ".join(edge.find_one("apigateway/stage:Stage").dependencies)


def test_R11_welcome_log_group_is_created_before_the_logging_role_is_set(
    edge: RecordedProgram, foundation: RecordedProgram
) -> None:
    group = edge.find_one("cloudwatch/logGroup:LogGroup", "welcome")
    assert group["name"] == "/aws/apigateway/welcome"
    assert (group["retentionInDays"], group["kmsKeyId"]) == (7, foundation.outputs["logs_key_arn"])
    account = edge.find_one("apigateway/account:Account")
    assert "LogGroup::welcome" in " ".join(account.dependencies)


def test_logging_role_can_belong_to_another_stack(prod: Programs) -> None:
    upstream = {name: prod[name] for name in ("foundation", "data")}
    program = run_program("edge", "prod", upstream, {"fraud-edge:accountLogging": "false"})
    assert not program.find_all("apigateway/account:Account")
    assert "welcome" not in [group.name for group in program.find_all("cloudwatch/logGroup:LogGroup")]
    assert program.find_all("apigateway/stage:Stage")


def test_S2_layer_exports_the_urls(edge: RecordedProgram) -> None:
    assert edge.outputs["api_url"] == "https://api.example/v1/transactions"
    assert edge.outputs["labels_url"] == "https://api.example/v1/labels"
    assert edge.outputs["api_arn"].startswith(f"arn:aws:execute-api:{REGION}:{ACCOUNT}:")
    for name in ("transactions_batch_url", "transactions_batch_api_arn", "historic_url", "historic_api_arn"):
        assert edge.outputs[name] == ""


def test_api_function_refuses_old_transactions_and_extra_decimals_as_set(
    edge: RecordedProgram, prod: Programs
) -> None:
    def find_variables(program: RecordedProgram) -> tuple[str, str]:
        variables = program.find_one("lambda/function:Function", "api-function")["environment"]["variables"]
        return variables["MAX_TRANSACTION_AGE_DAYS"], variables["EXTRA_DECIMALS"]

    assert find_variables(edge) == ("30", "refuse")
    upstream = {name: prod[name] for name in ("foundation", "data")}
    config = {"fraud-edge:maxTransactionAgeDays": "90", "fraud-edge:extraDecimals": "accept"}
    assert find_variables(run_program("edge", "prod", upstream, config)) == ("90", "accept")
