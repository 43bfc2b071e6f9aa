"""The REST API: routes, authorization, validation of bodies, and API Gateway's own responses."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import pulumi
import pulumi_aws as aws

from shared.arns import Arns
from stacks.edge.access_settings import CallerSettings
from stacks.edge.callers import build_caller_policy
from stacks.edge.responses import RESPONSES, GatewayResponse
from stacks.edge.routes import METHOD, Route

AUTHORIZATION = "AWS_IAM"
# TLS 1.2 or 1.3. Without a policy, API Gateway accepts TLS 1.0.
SECURITY_POLICY = "SecurityPolicy_TLS13_1_2_2021_06"


@dataclass(frozen=True, kw_only=True)
class RestApiArgs:
    """`routes`: each parent before its children. `invoke_arns`: the invoke ARN of a function by path.

    `callers`: the callers that the policy of the API admits.
    """

    arns: Arns
    callers: CallerSettings
    routes: Sequence[Route]
    invoke_arns: Mapping[str, pulumi.Input[str]]
    responses: Sequence[GatewayResponse] = RESPONSES


class RestApi(pulumi.ComponentResource):
    """The API without a stage. `digest` identifies its definition, `parts` are its resources."""

    def __init__(self, name: str, args: RestApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:edge:TransactionApi", name, None, opts)
        self._child_options = pulumi.ResourceOptions(parent=self)
        self.rest_api = aws.apigateway.RestApi(
            "transactions",
            name=args.arns.names.api,
            description="Takes in transactions and their labels",
            endpoint_configuration=_configure_endpoint(args.callers),
            security_policy=SECURITY_POLICY,
            endpoint_access_mode="STRICT",
            opts=self._child_options,
        )
        self._body_validator = aws.apigateway.RequestValidator(
            "body",
            rest_api=self.rest_api.id,
            name="body",
            validate_request_body=True,
            validate_request_parameters=False,
            opts=self._child_options,
        )
        self._paths: dict[str | None, pulumi.Output[str]] = {None: self.rest_api.root_resource_id}
        methods = [self._make_method(route) for route in args.routes]
        integrations = [
            self._make_integration(route, method, args.invoke_arns[route.path])
            for route, method in zip(args.routes, methods, strict=True)
        ]
        responses = [self._make_response(response) for response in args.responses]
        # A separate resource, because the policy contains the ID of the API.
        policy = aws.apigateway.RestApiPolicy(
            "callers",
            rest_api_id=self.rest_api.id,
            policy=build_caller_policy(args.arns, args.callers, self.rest_api.execution_arn, args.routes),
            opts=self._child_options,
        )
        self.parts: list[pulumi.Resource] = [*methods, *integrations, *responses, policy]
        self.digest = pulumi.Output.all(
            _describe_api(args.routes, args.responses),
            # A policy and an endpoint type have an effect when they are deployed.
            policy.policy,
            list(args.callers.vpc_endpoints),
            self.rest_api.root_resource_id,
            [method.id for method in methods],
            [integration.uri for integration in integrations],
        ).apply(lambda parts: hashlib.sha256(json.dumps(parts).encode()).hexdigest())
        self.register_outputs({})

    def _make_method(self, route: Route) -> aws.apigateway.Method:
        resource = aws.apigateway.Resource(
            route.name,
            rest_api=self.rest_api.id,
            parent_id=self._paths[route.parent],
            path_part=route.path_part,
            opts=self._child_options,
        )
        self._paths[route.path] = resource.id
        model = aws.apigateway.Model(
            route.body,
            rest_api=self.rest_api.id,
            name=route.body.capitalize(),
            description=f"The envelope of the body '{route.body}'; the function checks its fields",
            content_type="application/json",
            schema=json.dumps(route.schema),
            opts=self._child_options,
        )
        return aws.apigateway.Method(
            route.method,
            rest_api=self.rest_api.id,
            resource_id=resource.id,
            http_method=METHOD,
            authorization=AUTHORIZATION,
            request_models={"application/json": model.name},
            request_validator_id=self._body_validator.id,
            opts=self._child_options,
        )

    def _make_integration(
        self, route: Route, method: aws.apigateway.Method, invoke_arn: pulumi.Input[str]
    ) -> aws.apigateway.Integration:
        return aws.apigateway.Integration(
            route.integration,
            rest_api=self.rest_api.id,
            resource_id=method.resource_id,
            http_method=method.http_method,
            type="AWS_PROXY",
            integration_http_method="POST",
            uri=invoke_arn,
            opts=self._child_options,
        )

    def _make_response(self, response: GatewayResponse) -> aws.apigateway.Response:
        return aws.apigateway.Response(
            response.type.lower().replace("_", "-"),
            rest_api_id=self.rest_api.id,
            response_type=response.type,
            status_code=response.status_code,
            response_templates=response.templates,
            response_parameters=response.parameters,
            opts=self._child_options,
        )


def _configure_endpoint(callers: CallerSettings) -> aws.apigateway.RestApiEndpointConfigurationArgs:
    """A private API if the callers are VPC endpoints, otherwise a public one."""
    if callers.vpc_endpoints:
        return aws.apigateway.RestApiEndpointConfigurationArgs(
            types="PRIVATE", vpc_endpoint_ids=list(callers.vpc_endpoints)
        )
    return aws.apigateway.RestApiEndpointConfigurationArgs(types="REGIONAL")


def _describe_api(routes: Sequence[Route], responses: Sequence[GatewayResponse]) -> list[object]:
    """The definition of the API as plain data."""
    return [
        METHOD,
        AUTHORIZATION,
        *(asdict(route) for route in routes),
        *(asdict(response) for response in responses),
    ]
