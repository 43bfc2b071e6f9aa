"""The REST API's definition: `POST /transactions`, who may call it, and what it takes and answers itself."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pulumi
import pulumi_aws as aws

from functions.api.gateway_schema import envelope_schema
from stacks.edge.responses import RESPONSES, GatewayResponse

PATH = "transactions"
METHOD = "POST"
AUTHORIZATION = "AWS_IAM"
# TLS 1.2 or 1.3; without a policy, API Gateway would take TLS 1.0.
SECURITY_POLICY = "SecurityPolicy_TLS13_1_2_2021_06"


@dataclass(frozen=True, kw_only=True)
class TransactionApiArgs:
    """`function_invoke_arn`: what API Gateway calls for each request that it lets through."""

    name: str
    function_invoke_arn: pulumi.Input[str]
    responses: Sequence[GatewayResponse] = RESPONSES


class TransactionApi(pulumi.ComponentResource):
    """The API without a stage. `digest` changes whenever it does, `parts` are all that it is made of."""

    def __init__(
        self, name: str, args: TransactionApiArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("fraud:edge:TransactionApi", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self.rest_api = aws.apigateway.RestApi(
            "transactions",
            name=args.name,
            description="Takes in transactions",
            endpoint_configuration={"types": "REGIONAL"},
            security_policy=SECURITY_POLICY,
            endpoint_access_mode="STRICT",
            opts=self._child,
        )
        method = self._make_method()
        integration = self._make_integration(method, args.function_invoke_arn)
        responses = [self._make_response(response) for response in args.responses]
        self.parts: list[pulumi.Resource] = [method, integration, *responses]
        self.digest = pulumi.Output.all(
            _definition(args.responses), self.rest_api.root_resource_id, method.id, integration.uri
        ).apply(lambda parts: hashlib.sha256(json.dumps(parts).encode()).hexdigest())
        self.register_outputs({})

    def _make_method(self) -> aws.apigateway.Method:
        resource = aws.apigateway.Resource(
            "transactions",
            rest_api=self.rest_api.id,
            parent_id=self.rest_api.root_resource_id,
            path_part=PATH,
            opts=self._child,
        )
        model = aws.apigateway.Model(
            "transaction",
            rest_api=self.rest_api.id,
            name="Transaction",
            description="The envelope of a transaction; the function checks its fields",
            content_type="application/json",
            schema=json.dumps(envelope_schema()),
            opts=self._child,
        )
        validator = aws.apigateway.RequestValidator(
            "body",
            rest_api=self.rest_api.id,
            name="body",
            validate_request_body=True,
            validate_request_parameters=False,
            opts=self._child,
        )
        return aws.apigateway.Method(
            "post",
            rest_api=self.rest_api.id,
            resource_id=resource.id,
            http_method=METHOD,
            authorization=AUTHORIZATION,
            request_models={"application/json": model.name},
            request_validator_id=validator.id,
            opts=self._child,
        )

    def _make_integration(
        self, method: aws.apigateway.Method, invoke_arn: pulumi.Input[str]
    ) -> aws.apigateway.Integration:
        return aws.apigateway.Integration(
            "function",
            rest_api=self.rest_api.id,
            resource_id=method.resource_id,
            http_method=method.http_method,
            type="AWS_PROXY",
            integration_http_method="POST",
            uri=invoke_arn,
            opts=self._child,
        )

    def _make_response(self, response: GatewayResponse) -> aws.apigateway.Response:
        return aws.apigateway.Response(
            response.type.lower().replace("_", "-"),
            rest_api_id=self.rest_api.id,
            response_type=response.type,
            status_code=response.status_code,
            response_templates=response.templates,
            response_parameters=response.parameters,
            opts=self._child,
        )


def _definition(responses: Sequence[GatewayResponse]) -> list[object]:
    """What the program says of the API, as data."""
    return [PATH, METHOD, AUTHORIZATION, envelope_schema(), *(asdict(response) for response in responses)]
