"""The stage that serves the API: throttled, traced, and logged without personal data."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared.arns import Arns
from shared.function import LOG_RETENTION_DAYS
from stacks.edge.api import TransactionApi
from stacks.edge.routes import LABELS, METHOD, TRANSACTIONS, TRANSACTIONS_PER_SECOND, Route
from stacks.edge.settings import EdgeSettings

STAGE_NAME = "v1"
# Neither who called nor from where: the transaction's id in the function's log leads on from the request id.
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
    "response_bytes": "$context.responseLength",
    "tls_version": "$context.tlsVersion",
}


@dataclass(frozen=True, kw_only=True)
class Throttle:
    """The limits of one method. API Gateway shares neither with another method."""

    requests_per_second: int
    burst: int


# For methods without a limit of their own. There is none today.
_OTHER_METHODS = Throttle(requests_per_second=10, burst=10)


def throttles_of(settings: EdgeSettings) -> dict[str, Throttle]:
    """The limits of each route, by path."""
    labels = settings.labels_requests_per_second
    return {
        TRANSACTIONS.path: Throttle(
            requests_per_second=TRANSACTIONS_PER_SECOND, burst=settings.transactions_burst
        ),
        LABELS.path: Throttle(requests_per_second=labels, burst=settings.labels_burst),
    }


@dataclass(frozen=True, kw_only=True)
class ApiStageArgs:
    """`throttles`: the limits of each route, by path; `after`: resources that logging needs first."""

    arns: Arns
    api: TransactionApi
    logs_key_arn: pulumi.Input[str]
    throttles: Mapping[str, Throttle]
    after: Sequence[pulumi.Resource]


class ApiStage(pulumi.ComponentResource):
    """`stage`, and where each route is found on it."""

    def __init__(self, name: str, args: ApiStageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:edge:ApiStage", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self.stage = self._make_stage(self._deploy(), self._make_log_group())
        self._throttle_methods()
        self.register_outputs({})

    def url(self, route: Route) -> pulumi.Output[str]:
        """The address to post to."""
        return pulumi.Output.concat(self.stage.invoke_url, f"/{route.path}")

    def arn(self, route: Route) -> pulumi.Output[str]:
        """The ARN of the route's method, for the policies of callers."""
        return pulumi.Output.concat(self.stage.execution_arn, f"/{METHOD}/{route.path}")

    def _deploy(self) -> aws.apigateway.Deployment:
        api = self._args.api
        # A deployment is a snapshot: one of everything that the API is made of, again whenever that changes.
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
            opts=self._child,
        )

    def _make_stage(
        self, deployment: aws.apigateway.Deployment, logs: aws.cloudwatch.LogGroup
    ) -> aws.apigateway.Stage:
        return aws.apigateway.Stage(
            STAGE_NAME,
            rest_api=self._args.api.rest_api.id,
            deployment=deployment.id,
            stage_name=STAGE_NAME,
            xray_tracing_enabled=True,
            access_log_settings={"destination_arn": logs.arn, "format": json.dumps(_ACCESS_LOG)},
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(self._args.after)),
        )

    def _throttle_methods(self) -> None:
        """The default first, then each method, one at a time: concurrent updates of a stage conflict."""
        last = self._throttle("every-method", "*/*", _OTHER_METHODS, self._child)
        for path, throttle in self._args.throttles.items():
            after = pulumi.ResourceOptions(parent=self, depends_on=[last])
            last = self._throttle(f"post-{path}", f"{path}/{METHOD}", throttle, after)

    def _throttle(
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
                "metrics_enabled": True,
                # Execution logs would hold requests, in a log group that is neither ours nor encrypted.
                "logging_level": "OFF",
                "data_trace_enabled": False,
            },
            opts=opts,
        )
