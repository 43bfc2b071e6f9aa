"""A REST API with its model, validator, method, responses, stage and account settings."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.engine.plugin.programs.documents import policy_json, to_json, trust_policy_json
from tests.engine.plugin.programs.variant import Client, Group, Variant

_FUNCTIONS = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions"
_FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function"


def _declare_resources(variant: Variant, _: Path) -> None:
    changed = variant is Variant.CHANGED
    role = aws.iam.Role(
        "gateway-role",
        name="plugin-test-gateway",
        assume_role_policy=trust_policy_json("apigateway.amazonaws.com", variant),
    )
    other = aws.iam.Role(
        "other-role",
        name="plugin-test-other",
        assume_role_policy=trust_policy_json("apigateway.amazonaws.com", variant),
    )
    aws.apigateway.Account("account", cloudwatch_role_arn=other.arn if changed else role.arn)
    call = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["execute-api:Invoke"], "Resource": ["*"]}
    api = aws.apigateway.RestApi(
        "api",
        name="plugin-test-changed" if changed else "plugin-test",
        description="Transactions",
        endpoint_configuration={"types": "REGIONAL"},
        disable_execute_api_endpoint=changed,
        policy=policy_json(call, variant=variant),
        tags={"Layer": "changed" if changed else "test"},
    )
    closed = aws.apigateway.RestApi("closed", name="plugin-test-closed")
    deny = {**call, "Effect": "Deny", "Principal": {"AWS": "123456789012" if changed else "*"}}
    aws.apigateway.RestApiPolicy(
        "policy",
        rest_api_id=closed.id,
        policy=closed.execution_arn.apply(
            lambda arn: policy_json({**deny, "Resource": [f"{arn}/*"]}, variant=variant)
        ),
    )
    schema = {"type": "object", "required": ["id"], "maxProperties": 30 if changed else 20}
    model = aws.apigateway.Model(
        "model",
        rest_api=api.id,
        name="Transaction",
        content_type="application/json",
        schema=to_json(schema, variant),
        description=None if changed else "A transaction",
    )
    validator = aws.apigateway.RequestValidator(
        "validator",
        rest_api=api.id,
        name="body",
        validate_request_body=True,
        validate_request_parameters=changed,
    )
    path = aws.apigateway.Resource(
        "path",
        rest_api=api.id,
        parent_id=api.root_resource_id,
        path_part="payments" if changed else "transactions",
    )
    aws.apigateway.Resource("beside", rest_api=api.id, parent_id=api.root_resource_id, path_part="labels")
    method = aws.apigateway.Method(
        "method",
        rest_api=api.id,
        resource_id=path.id,
        http_method="POST",
        authorization="AWS_IAM",
        request_validator_id=validator.id,
        request_models={"application/json": model.name, **({"text/json": model.name} if changed else {})},
    )
    integration = aws.apigateway.Integration(
        "integration",
        rest_api=api.id,
        resource_id=path.id,
        http_method=method.http_method,
        type="AWS_PROXY",
        integration_http_method="POST",
        uri=f"{_FUNCTIONS}/{_FUNCTION}:{'other' if changed else 'api'}/invocations",
        timeout_milliseconds=None if changed else 10000,
    )
    response = aws.apigateway.Response(
        "response",
        rest_api_id=api.id,
        response_type="BAD_REQUEST_BODY",
        status_code="422" if changed else "400",
        response_parameters={"gatewayresponse.header.Content-Type": "'application/problem+json'"},
        response_templates={"application/problem+json": '{"title": "x"}'},
    )
    _declare_stage(variant, api, [method, integration, response])


def _declare_stage(variant: Variant, api: aws.apigateway.RestApi, parts: list[pulumi.Resource]) -> None:
    changed = variant is Variant.CHANGED
    deployment = aws.apigateway.Deployment(
        "deployment",
        rest_api=api.id,
        triggers={"redeployment": "two" if changed else "one"},
        opts=pulumi.ResourceOptions(depends_on=parts),
    )
    logs = aws.cloudwatch.LogGroup("access-logs", name="/plugin-test/access", retention_in_days=7)
    stage = aws.apigateway.Stage(
        "stage",
        rest_api=api.id,
        stage_name="v1",
        deployment=deployment.id,
        xray_tracing_enabled=True,
        variables=None if changed else {"a": "b"},
        access_log_settings={"destination_arn": logs.arn, "format": to_json({"id": "x"}, Variant.FIRST)},
        tags={"Layer": "changed" if changed else "test"},
    )
    aws.apigateway.MethodSettings(
        "settings",
        rest_api=api.id,
        stage_name=stage.stage_name,
        method_path="*/*",
        settings={
            "throttling_rate_limit": 500 if changed else 1000,
            "throttling_burst_limit": 200,
            "metrics_enabled": True,
        },
    )


def _list_resources(client: Client) -> set[str]:
    gateway = client("apigateway")
    return {
        *(api["id"] for api in gateway.get_rest_apis()["items"]),
        *filter(None, [gateway.get_account().get("cloudwatchRoleArn")]),
    }


def _read_settings(client: Client, outputs: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    gateway, api = client("apigateway"), outputs("model")["restApi"]
    method_key = {"restApiId": api, "resourceId": outputs("method")["resourceId"], "httpMethod": "POST"}
    method, integration = gateway.get_method(**method_key), gateway.get_integration(**method_key)
    rest, stage = gateway.get_rest_api(restApiId=api), gateway.get_stage(restApiId=api, stageName="v1")
    response = gateway.get_gateway_response(restApiId=api, responseType="BAD_REQUEST_BODY")
    model = gateway.get_model(restApiId=api, modelName="Transaction")
    return {
        "name": rest["name"],
        "endpoint": (rest["endpointConfiguration"]["types"], rest["disableExecuteApiEndpoint"]),
        "paths": sorted(entry["path"] for entry in gateway.get_resources(restApiId=api)["items"]),
        "models": sorted(method["requestModels"]),
        "authorization": method["authorizationType"],
        "integration": (integration["uri"].rsplit(":", 1)[1], integration["timeoutInMillis"]),
        "stage": (stage["deploymentId"] == outputs("stage")["deployment"], stage.get("variables", {})),
        "access logs": stage["accessLogSettings"]["destinationArn"] == outputs("access-logs")["arn"],
        "throttling": stage["methodSettings"]["*/*"]["throttlingRateLimit"],
        "response": response["statusCode"],
        "schema": json.loads(model["schema"])["maxProperties"],
        "account": gateway.get_account()["cloudwatchRoleArn"].rsplit("/", 1)[1],
        "address": outputs("stage")["invokeUrl"].endswith(f"/_aws/execute-api/{api}/v1"),
    }


GROUP = Group(
    program=_declare_resources,
    types=frozenset(
        {
            "aws:iam/role:Role",
            "aws:cloudwatch/logGroup:LogGroup",
            "aws:apigateway/account:Account",
            "aws:apigateway/restApi:RestApi",
            "aws:apigateway/restApiPolicy:RestApiPolicy",
            "aws:apigateway/model:Model",
            "aws:apigateway/requestValidator:RequestValidator",
            "aws:apigateway/resource:Resource",
            "aws:apigateway/method:Method",
            "aws:apigateway/integration:Integration",
            "aws:apigateway/response:Response",
            "aws:apigateway/deployment:Deployment",
            "aws:apigateway/stage:Stage",
            "aws:apigateway/methodSettings:MethodSettings",
        }
    ),
    changes={
        "account": "update",
        "api": "update",
        "policy": "update",
        "model": "update",
        "validator": "update",
        "path": "update",
        "method": "update",
        "integration": "update",
        "response": "update",
        "deployment": "replace",
        "stage": "update",
        "settings": "update",
    },
    list_resources=_list_resources,
    read_settings=_read_settings,
    expected_settings={
        "name": "plugin-test-changed",
        "endpoint": (["REGIONAL"], True),
        "paths": ["/", "/labels", "/payments"],
        "models": ["application/json", "text/json"],
        "authorization": "AWS_IAM",
        "integration": ("other/invocations", 29000),
        "stage": (True, {}),
        "access logs": True,
        "throttling": 500,
        "response": "422",
        "schema": 30,
        "account": "plugin-test-other",
        "address": True,
    },
)
