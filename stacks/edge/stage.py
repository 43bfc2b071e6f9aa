"""The stage of the API: throttling, tracing, access logs without personal data, and the role for logs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared import permissions, trust
from shared.arns import Arns
from shared.contracts import FoundationOutputs
from shared.function import LOG_RETENTION_DAYS, Function
from shared.iam import identity_policy
from shared.names import API_STAGE, GATEWAY_LOGS, WELCOME_LOG_GROUP
from stacks.edge.rest_api import RestApi
from stacks.edge.routes import HISTORIC, LABELS, METHOD, TRANSACTIONS, TRANSACTIONS_BATCH, Route
from stacks.edge.settings import EdgeSettings

# No caller and no IP address. The trace ID leads to the transaction ID in the log of the function.
_ACCESS_LOG = {
    "request_id": "$context.requestId",
    "trace_id": "$context.xrayTraceId",
    "time": "$context.requestTime",
    "method": "$context.httpMethod",
    "resource": "$context.resourcePath",
    "status": "$context.status",
    "error": "$context.error.responseType",
    "latency_ms": "$context.responseLatency",
    "integration_latency_ms": "$context.integrationLatency",
    "integration_status": "$context.integration.status",
}


@dataclass(frozen=True, kw_only=True)
class Throttle:
    """The limits of one method. Methods do not share them."""

    requests_per_second: int
    burst: int


# For methods without their own limits. There are none today.
_DEFAULT_THROTTLE = Throttle(requests_per_second=10, burst=10)


def find_throttles(settings: EdgeSettings) -> list[tuple[Route, Throttle]]:
    """The routes of the API with their limits."""
    labels, batches = settings.labels_requests_per_second, settings.batch_requests_per_second
    historic = settings.historic_requests_per_second
    throttles = {
        TRANSACTIONS.path: Throttle(
            requests_per_second=settings.transactions_per_second, burst=settings.transactions_burst
        ),
        LABELS.path: Throttle(requests_per_second=labels, burst=settings.labels_burst),
        TRANSACTIONS_BATCH.path: Throttle(requests_per_second=batches, burst=batches),
        HISTORIC.path: Throttle(requests_per_second=historic, burst=historic),
    }
    return [(route, throttles[route.path]) for route in settings.routes]


@dataclass(frozen=True, kw_only=True)
class ApiStageArgs:
    """`throttles`: the limits of each route. `after`: resources that access logs depend on."""

    arns: Arns
    api: RestApi
    logs_key_arn: pulumi.Input[str]
    throttles: Sequence[tuple[Route, Throttle]]
    after: Sequence[pulumi.Resource]


class ApiStage(pulumi.ComponentResource):
    """`stage`, with the URL and ARN of each route."""

    def __init__(self, name: str, args: ApiStageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:edge:ApiStage", name, None, opts)
        self._args = args
        self._child_options = pulumi.ResourceOptions(parent=self)
        self.stage = self._make_stage(self._make_deployment(), self._make_log_group())
        self._throttle_methods()
        self.register_outputs({})

    def url(self, route: Route) -> pulumi.Input[str]:
        """The URL of the route; empty if the stage does not have it."""
        return pulumi.Output.concat(self.stage.invoke_url, f"/{route.path}") if self._has(route) else ""

    def arn(self, route: Route) -> pulumi.Input[str]:
        """The ARN of the route's method, for policies of callers; empty if the stage does not have it."""
        if not self._has(route):
            return ""
        return pulumi.Output.concat(self.stage.execution_arn, f"/{METHOD}/{route.path}")

    def allow_invocations(self, function: Function, *routes: Route) -> None:
        """Allow those of the routes that the stage has to invoke the function."""
        for route in filter(self._has, routes):
            purpose = route.path_part if route.parent else ""
            function.allow_invocation("apigateway", self.arn(route), purpose)

    def _has(self, route: Route) -> bool:
        return any(route is throttled for throttled, _ in self._args.throttles)

    def _make_deployment(self) -> aws.apigateway.Deployment:
        api = self._args.api
        # A deployment is a snapshot of the API. A changed digest triggers a new one.
        return aws.apigateway.Deployment(
            "current",
            rest_api=api.rest_api.id,
            triggers={"definition": api.digest},
            opts=pulumi.ResourceOptions(parent=self, depends_on=api.parts),
        )

    def _make_log_group(self) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            "access-logs",
            name=self._args.arns.names.access_log_group,
            retention_in_days=LOG_RETENTION_DAYS,
            kms_key_id=self._args.logs_key_arn,
            opts=self._child_options,
        )

    def _make_stage(
        self, deployment: aws.apigateway.Deployment, logs: aws.cloudwatch.LogGroup
    ) -> aws.apigateway.Stage:
        return aws.apigateway.Stage(
            API_STAGE,
            rest_api=self._args.api.rest_api.id,
            deployment=deployment.id,
            stage_name=API_STAGE,
            xray_tracing_enabled=True,
            access_log_settings={
                "destination_arn": logs.arn,
                "format": json.dumps(_ACCESS_LOG, separators=(",", ":")),
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(self._args.after)),
        )

    def _throttle_methods(self) -> None:
        """Set the default, then each method, one after another: concurrent updates of a stage conflict."""
        previous = self._throttle_method("every-method", "*/*", _DEFAULT_THROTTLE, self._child_options)
        for route, throttle in self._args.throttles:
            after = pulumi.ResourceOptions(parent=self, depends_on=[previous])
            previous = self._throttle_method(f"post-{route.name}", route.method_path, throttle, after)

    def _throttle_method(
        self, name: str, method_path: str, throttle: Throttle, opts: pulumi.ResourceOptions
    ) -> aws.apigateway.MethodSettings:
        return aws.apigateway.MethodSettings(
            name,
            rest_api=self._args.api.rest_api.id,
            stage_name=self.stage.stage_name,
            method_path=method_path,
            settings={
                "throttling_rate_limit": throttle.requests_per_second,
                "throttling_burst_limit": throttle.burst,
                # Metrics of the API and the stage are free. Those of a method cost $1.50 a month.
                "metrics_enabled": False,
                # Execution logs contain requests and go to a log group that AWS owns, without our key.
                "logging_level": "OFF",
                "data_trace_enabled": False,
            },
            opts=opts,
        )


@dataclass(frozen=True, kw_only=True)
class LoggingAccountArgs:
    """`owned`: False if another stack of the account and region sets the role."""

    arns: Arns
    foundation: FoundationOutputs
    owned: bool


class LoggingAccount(pulumi.ComponentResource):
    """The role that API Gateway writes logs with, which is a setting of the account and region."""

    def __init__(
        self, name: str, args: LoggingAccountArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("fraud:edge:LoggingAccount", name, None, opts)
        if args.owned:
            self._set_logging_role(args)
        self.register_outputs({})

    def _set_logging_role(self, args: LoggingAccountArgs) -> None:
        arns = args.arns
        child_options = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            "api-gateway-logs",
            name=arns.names.role(GATEWAY_LOGS),
            description="Lets API Gateway write logs in this account and region",
            assume_role_policy=trust.service_trust_policy("apigateway"),
            permissions_boundary=args.foundation.gateway_logs_boundary_arn,
            opts=child_options,
        )
        policy = aws.iam.RolePolicy(
            "api-gateway-logs",
            name="permissions",
            role=role.name,
            policy=identity_policy(permissions.write_gateway_logs(arns)),
            opts=child_options,
        )
        # API Gateway writes to this group when the role is set. It would create it without retention and key.
        welcome = aws.cloudwatch.LogGroup(
            "welcome",
            name=WELCOME_LOG_GROUP,
            retention_in_days=LOG_RETENTION_DAYS,
            kms_key_id=args.foundation.logs_key_arn,
            opts=child_options,
        )
        aws.apigateway.Account(
            "account",
            cloudwatch_role_arn=role.arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy, welcome]),
        )
