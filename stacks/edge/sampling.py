"""The sampling of X-Ray traces that begin at the API.

Without a rule, X-Ray's default rule applies: one request a second and 5 % of the others. The rule is for the
stage. Lambda samples invocations without a trace (`fraud`, `merchants`, `notify`) at the default rate.
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-configuring-xray-sampling-rules.html
https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared.names import API_STAGE, Names
from stacks.edge.settings import EdgeSettings

# X-Ray uses the first rule that matches. The default rule has the priority 10000.
_PRIORITY = 100
_ANY = "*"


@dataclass(frozen=True, kw_only=True)
class TraceSamplingArgs:
    """`settings`: the rate and the reservoir, and whether the stack has a rule."""

    names: Names
    settings: EdgeSettings


class TraceSampling(pulumi.ComponentResource):
    """The rule for requests to the API's stage."""

    def __init__(
        self, name: str, args: TraceSamplingArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("fraud:edge:TraceSampling", name, None, opts)
        if args.settings.trace_sampling:
            self._make_rule(args)
        self.register_outputs({})

    def _make_rule(self, args: TraceSamplingArgs) -> None:
        aws.xray.SamplingRule(
            "requests",
            rule_name=args.names.sampling_rule,
            priority=_PRIORITY,
            fixed_rate=args.settings.trace_rate,
            reservoir_size=args.settings.trace_reservoir,
            service_name=f"{args.names.api}/{API_STAGE}",
            service_type="AWS::ApiGateway::Stage",
            host=_ANY,
            http_method=_ANY,
            url_path=_ANY,
            resource_arn=_ANY,
            version=1,
            opts=pulumi.ResourceOptions(parent=self),
        )
