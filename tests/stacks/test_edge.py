"""The layer edge as its program declares it: API, stage, answers, and the function behind it."""

import json
import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pulumi
import pytest
from botocore.loaders import Loader

from functions.api.gateway_schema import envelope_schema as transaction_schema
from functions.labels.gateway_schema import envelope_schema as label_schema
from stacks.edge.api import TransactionApi, TransactionApiArgs
from stacks.edge.responses import RESPONSES
from tests.stacks.conftest import Programs
from tests.stacks.mocked_aws import ACCOUNT, REGION
from tests.stacks.recording import Program, Recorded, record, run_program


@dataclass(frozen=True)
class Route:
    """What a path has of its own: logical names, outputs, and the schema of its body."""

    path: str
    function: str
    method: str
    integration: str
    model: str
    schema: dict[str, Any]
    function_name: str
    arn: str

    def of(self, edge: Program, type_: str) -> Recorded:
        names = {"method": self.method, "integration": self.integration, "model": self.model}
        return edge.one(f"apigateway/{type_}:{type_.capitalize()}", names.get(type_, self.path))


ROUTES = (
    Route(
        *("transactions", "api", "post", "function", "transaction"),
        schema=transaction_schema(),
        function_name="function_name",
        arn="api_arn",
    ),
    Route(
        *("labels", "labels", "post-label", "labels-function", "label"),
        schema=label_schema(),
        function_name="labels_function_name",
        arn="labels_api_arn",
    ),
)
each_route = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)


def _response_types() -> list[str]:
    """Every type that API Gateway knows, by botocore's service model."""
    model = Loader().load_service_model("apigateway", "service-2")
    return list(model["shapes"]["GatewayResponseType"]["enum"])


def digest_of(args: TransactionApiArgs) -> str:
    """The digest of an API that is declared alone."""

    def declare() -> None:
        pulumi.export("digest", TransactionApi("api", args).digest)

    return str(record(declare).outputs["digest"])


def test_R1_the_api_is_regional_rest(edge: Program) -> None:
    assert edge.one("apigateway/restApi:RestApi")["endpointConfiguration"] == {"types": "REGIONAL"}


@each_route
def test_R1_every_route_is_at_the_root_of_the_api(edge: Program, route: Route) -> None:
    resource = route.of(edge, "resource")
    assert (resource["pathPart"], resource["parentId"]) == (route.path, "root")


def test_R1_there_is_a_method_for_every_route_and_no_other(edge: Program) -> None:
    assert len(edge.all("apigateway/method:Method")) == len(ROUTES)


def test_the_api_takes_tls_1_2_at_least(edge: Program) -> None:
    api = edge.one("apigateway/restApi:RestApi")
    assert api["securityPolicy"].startswith("SecurityPolicy_TLS13_1_2")
    assert api["endpointAccessMode"] == "STRICT"


@each_route
def test_R1_a_signed_post_invokes_the_routes_function(edge: Program, route: Route) -> None:
    method, integration = route.of(edge, "method"), route.of(edge, "integration")
    assert (method["httpMethod"], method["authorization"]) == ("POST", "AWS_IAM")
    assert method["resourceId"] == integration["resourceId"] == f"{route.path}-id"
    assert (integration["type"], integration["integrationHttpMethod"]) == ("AWS_PROXY", "POST")
    assert f"function:{edge.outputs[route.function_name]}/invocations" in integration["uri"]


@each_route
def test_R1_only_its_own_method_may_invoke_a_function(edge: Program, route: Route) -> None:
    permission = edge.one("lambda/permission:Permission", f"{route.function}-apigateway")
    assert permission["principal"] == "apigateway.amazonaws.com"
    assert permission["function"] == edge.outputs[route.function_name]
    assert permission["sourceArn"] == edge.outputs[route.arn]
    assert edge.outputs[route.arn].endswith(f"/v1/POST/{route.path}")


@each_route
def test_R3_a_body_is_checked_against_the_envelope_of_its_functions_own_model(
    edge: Program, route: Route
) -> None:
    method, model = route.of(edge, "method"), route.of(edge, "model")
    validator = edge.one("apigateway/requestValidator:RequestValidator")
    assert model.document("schema") == route.schema
    assert model["name"] == route.schema["title"]
    assert method["requestModels"] == {"application/json": model["name"]}
    assert method["requestValidatorId"] == "body-id"
    assert validator["validateRequestBody"] is True


def test_R3_the_function_may_store_transactions_and_is_told_for_how_long(
    edge: Program, data: Program
) -> None:
    variables = edge.one("lambda/function:Function", "api-function")["environment"]["variables"]
    store = edge.one("iam/rolePolicy:RolePolicy", "api-permissions").statements()["StoreItems"]
    assert (variables["TABLE_NAME"], variables["RETENTION_DAYS"]) == ("transactions", "400")
    assert store["Action"] == ["dynamodb:PutItem"]
    assert store["Resource"] == [data.outputs["table_arn"]]


def test_R10_the_labels_function_is_told_the_tables_and_may_use_both_in_transactions(
    edge: Program, data: Program
) -> None:
    variables = edge.one("lambda/function:Function", "labels-function")["environment"]["variables"]
    statements = edge.one("iam/rolePolicy:RolePolicy", "labels-permissions").statements()
    assert (variables["TABLE_NAME"], variables["PROFILES_TABLE_NAME"]) == ("transactions", "profiles")
    assert statements["ReadTransactions"]["Action"] == ["dynamodb:GetItem"]
    assert statements["ReadProfiles"]["Action"] == ["dynamodb:BatchGetItem"]
    for sid, table in (("LabelTransactions", "table_arn"), ("KeepProfiles", "profiles_table_arn")):
        assert statements[sid]["Action"] == ["dynamodb:UpdateItem"]
        assert statements[sid]["Resource"] == [data.outputs[table]]


def test_R12_the_stage_is_traced(edge: Program) -> None:
    assert edge.one("apigateway/stage:Stage")["xrayTracingEnabled"] is True


def test_C6_each_method_has_its_own_limits(edge: Program) -> None:
    limits = {
        settings["methodPath"]: (
            settings["settings"]["throttlingRateLimit"],
            settings["settings"]["throttlingBurstLimit"],
        )
        for settings in edge.all("apigateway/methodSettings:MethodSettings")
    }
    assert limits == {"transactions/POST": (1000, 200), "labels/POST": (50, 100), "*/*": (10, 10)}


def test_C6_no_burst_is_larger_than_the_reserved_concurrency_of_the_function(edge: Program) -> None:
    for path, function in (("transactions", "api"), ("labels", "labels")):
        settings = edge.one("apigateway/methodSettings:MethodSettings", f"post-{path}")["settings"]
        reserved = edge.one("lambda/function:Function", f"{function}-function")
        assert settings["throttlingBurstLimit"] <= reserved["reservedConcurrentExecutions"]


def test_the_limits_of_methods_are_set_one_at_a_time(edge: Program) -> None:
    order = ["every-method", "post-transactions", "post-labels"]
    for before, after in pairwise(order):
        settings = edge.one("apigateway/methodSettings:MethodSettings", after)
        assert f"MethodSettings::{before}" in " ".join(settings.dependencies)


def test_no_request_is_written_into_execution_logs(edge: Program) -> None:
    for recorded in edge.all("apigateway/methodSettings:MethodSettings"):
        settings = recorded["settings"]
        assert (settings["loggingLevel"], settings["dataTraceEnabled"]) == ("OFF", False)


def test_R11_access_logs_are_kept_for_7_days_and_encrypted(edge: Program, foundation: Program) -> None:
    group = edge.one("cloudwatch/logGroup:LogGroup", "access-logs")
    stage = edge.one("apigateway/stage:Stage")
    assert group["retentionInDays"] == 7
    assert group["kmsKeyId"] == foundation.outputs["logs_key_arn"]
    assert stage["accessLogSettings"]["destinationArn"].endswith(group["name"])


def test_access_logs_hold_no_personal_data(edge: Program) -> None:
    format_ = edge.one("apigateway/stage:Stage")["accessLogSettings"]["format"]
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
def test_the_gateways_own_answers_are_problems(edge: Program, type_: str, status: str) -> None:
    response = edge.one("apigateway/response:Response", type_.lower().replace("_", "-"))
    problem = json.loads(response["responseTemplates"]["application/json"])
    headers = response["responseParameters"]
    assert response["responseType"] == type_
    assert (response["statusCode"], str(problem["status"])) == (status, status)
    assert headers["gatewayresponse.header.Content-Type"] == "'application/problem+json'"


@pytest.mark.parametrize("type_", _response_types())
def test_every_response_type_is_a_problem_and_never_a_bare_500(edge: Program, type_: str) -> None:
    response = edge.one("apigateway/response:Response", type_.lower().replace("_", "-"))
    headers, status = response["responseParameters"], response.inputs.get("statusCode", "4XX")
    assert headers["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
    assert status[0] == "4" or status == "503"
    assert ("gatewayresponse.header.Retry-After" in headers) == (status in {"429", "503"})


def test_any_other_refusal_of_the_gateway_is_a_problem_with_its_own_status(edge: Program) -> None:
    response = edge.one("apigateway/response:Response", "default-4xx")
    assert "statusCode" not in response.inputs
    assert "status" not in json.loads(response["responseTemplates"]["application/json"])


def test_no_answer_of_the_gateway_repeats_the_request(edge: Program) -> None:
    for response in edge.all("apigateway/response:Response"):
        assert "$" not in response["responseTemplates"]["application/json"]


def test_a_deployment_holds_everything_that_the_api_is_made_of(edge: Program) -> None:
    dependencies = " ".join(edge.one("apigateway/deployment:Deployment").dependencies)
    for part in (
        *(f"Method::{route.method}" for route in ROUTES),
        *(f"Integration::{route.integration}" for route in ROUTES),
        "Response::default-4xx",
        "Response::throttled",
    ):
        assert part in dependencies


def test_the_same_api_is_the_same_deployment_and_another_is_another() -> None:
    now = TransactionApiArgs(name="transactions", invoke_arns={"transactions": "arn:one", "labels": "arn:a"})
    digest = digest_of(now)
    assert digest_of(now) == digest
    for path in now.invoke_arns:
        assert digest_of(replace(now, invoke_arns={**now.invoke_arns, path: "arn:two"})) != digest
    assert digest_of(replace(now, responses=RESPONSES[1:])) != digest
    reworded = replace(RESPONSES[0], detail="Something else")
    assert digest_of(replace(now, responses=(reworded, *RESPONSES[1:]))) != digest


def test_a_deployment_is_known_by_the_digest_of_its_api(edge: Program) -> None:
    digest = edge.one("apigateway/deployment:Deployment")["triggers"]["definition"]
    uris = {route.path: route.of(edge, "integration")["uri"] for route in ROUTES}
    args = TransactionApiArgs(name="transactions", invoke_arns=uris)
    assert digest == digest_of(args)


def test_R11_api_gateway_logs_with_a_role_that_is_there_before_the_stage(edge: Program) -> None:
    account = edge.one("apigateway/account:Account")
    assert account["cloudwatchRoleArn"].endswith("role/fraud-pipeline-api-gateway-logs")
    assert "Account::account" in " ".join(edge.one("apigateway/stage:Stage").dependencies)


def test_R11_the_welcome_log_group_is_there_before_api_gateway_can_create_it(
    edge: Program, foundation: Program
) -> None:
    group = edge.one("cloudwatch/logGroup:LogGroup", "welcome")
    assert group["name"] == "/aws/apigateway/welcome"
    assert (group["retentionInDays"], group["kmsKeyId"]) == (7, foundation.outputs["logs_key_arn"])
    account = edge.one("apigateway/account:Account")
    assert "LogGroup::welcome" in " ".join(account.dependencies)


def test_the_accounts_logging_role_can_be_left_to_another_stack(prod: Programs) -> None:
    upstream = {name: prod[name] for name in ("foundation", "data")}
    program = run_program("edge", "prod", upstream, {"fraud-edge:accountLogging": "false"})
    assert not program.all("apigateway/account:Account")
    assert "welcome" not in [group.name for group in program.all("cloudwatch/logGroup:LogGroup")]
    assert program.all("apigateway/stage:Stage")


def test_S2_the_layer_exports_where_to_post(edge: Program) -> None:
    assert edge.outputs["api_url"] == "https://api.example/v1/transactions"
    assert edge.outputs["labels_url"] == "https://api.example/v1/labels"
    assert edge.outputs["api_arn"].startswith(f"arn:aws:execute-api:{REGION}:{ACCOUNT}:")
