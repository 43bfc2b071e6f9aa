"""The firewall of the API: an AWS WAF web ACL with managed rules and a rate for each source address.

AWS WAF inspects a request before API Gateway checks its signature. A caller is therefore an address: every
header, such as `Authorization`, is what the sender says, and the signature in it differs in each request.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from shared.arns import Arns
from shared.contracts import FoundationOutputs
from shared.function import LOG_RETENTION_DAYS
from stacks.edge.settings import EdgeSettings
from stacks.edge.stage import ApiStage

RATE_WINDOW_SECONDS = 60
# In the order of their priority. Addresses with a bad reputation are refused first.
MANAGED_RULES: Mapping[str, tuple[str, ...]] = {
    "AWSManagedRulesAmazonIpReputationList": (),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
    # It blocks bodies above 8 KiB, which batches exceed. API Gateway and the functions limit bodies.
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",),
}
# Headers that authenticate a caller.
SECRET_HEADERS = ("authorization", "x-amz-security-token")
_TOO_FAST = {
    "type": "urn:fraud-pipeline:problem:too-many-requests",
    "title": "There are too many requests",
    "status": 429,
    "detail": "Send the same request again, more slowly",
}
_TOO_FAST_KEY = "too-many-requests"


@dataclass(frozen=True, kw_only=True)
class FirewallArgs:
    """`stage`: what the firewall protects. `settings`: the most requests of one address."""

    arns: Arns
    foundation: FoundationOutputs
    stage: ApiStage
    settings: EdgeSettings


class Firewall(pulumi.ComponentResource):
    """The web ACL of the stage with its log, if the settings ask for it."""

    def __init__(self, name: str, args: FirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:edge:Firewall", name, None, opts)
        self._args = args
        self._child_options = pulumi.ResourceOptions(parent=self)
        if args.settings.firewall_requests_per_minute:
            self._protect_stage()
        self.register_outputs({})

    def _protect_stage(self) -> None:
        web_acl = self._make_web_acl()
        aws.wafv2.WebAclAssociation(
            "stage",
            resource_arn=self._args.stage.stage.arn,
            web_acl_arn=web_acl.arn,
            opts=self._child_options,
        )
        self._log_refusals(web_acl)

    def _make_web_acl(self) -> aws.wafv2.WebAcl:
        return aws.wafv2.WebAcl(
            "requests",
            name=self._args.arns.names.firewall,
            description="Managed rules and a rate for each source address",
            scope="REGIONAL",
            default_action=aws.wafv2.WebAclDefaultActionArgs(allow=aws.wafv2.WebAclDefaultActionAllowArgs()),
            rules=[
                _make_rate_rule(self._args.settings.firewall_requests_per_minute),
                *(
                    _make_managed_rule(group, counted, priority)
                    for priority, (group, counted) in enumerate(MANAGED_RULES.items(), start=1)
                ),
            ],
            custom_response_bodies=[
                aws.wafv2.WebAclCustomResponseBodyArgs(
                    key=_TOO_FAST_KEY, content=json.dumps(_TOO_FAST), content_type="APPLICATION_JSON"
                )
            ],
            data_protection_config=_protect_data(),
            visibility_config=aws.wafv2.WebAclVisibilityConfigArgs(**_visibility("requests")),
            opts=self._child_options,
        )

    def _log_refusals(self, web_acl: aws.wafv2.WebAcl) -> None:
        """Log the requests that a rule refuses, without what authenticates the caller."""
        logs = aws.cloudwatch.LogGroup(
            "firewall-logs",
            name=self._args.arns.names.firewall_log_group,
            retention_in_days=LOG_RETENTION_DAYS,
            kms_key_id=self._args.foundation.logs_key_arn,
            opts=self._child_options,
        )
        aws.wafv2.WebAclLoggingConfiguration(
            "refusals",
            resource_arn=web_acl.arn,
            log_destination_configs=[logs.arn],
            redacted_fields=_redact_secrets(),
            logging_filter=_keep_refusals(),
            opts=self._child_options,
        )


def _protect_data() -> Any:
    """Replace bodies and secrets in the log and in the details of matches, which quote requests."""
    fields = (
        {"field_type": "BODY"},
        {"field_type": "QUERY_STRING"},
        {"field_type": "SINGLE_HEADER", "field_keys": list(SECRET_HEADERS)},
    )
    return {"data_protections": [{"action": "SUBSTITUTION", "field": field} for field in fields]}


def _redact_secrets() -> Any:
    return [{"query_string": {}}, *({"single_header": {"name": header}} for header in SECRET_HEADERS)]


def _keep_refusals() -> Any:
    """Log nothing but blocked requests."""
    refused = {
        "behavior": "KEEP",
        "requirement": "MEETS_ANY",
        "conditions": [{"action_condition": {"action": "BLOCK"}}],
    }
    return {"default_behavior": "DROP", "filters": [refused]}


def _make_rate_rule(requests_per_minute: int) -> Any:
    return {
        "name": "rate",
        "priority": 0,
        "action": {
            "block": {
                "custom_response": {
                    "response_code": _TOO_FAST["status"],
                    "custom_response_body_key": _TOO_FAST_KEY,
                    "response_headers": [{"name": "Retry-After", "value": str(RATE_WINDOW_SECONDS)}],
                }
            }
        },
        "statement": {
            "rate_based_statement": {
                "aggregate_key_type": "IP",
                "evaluation_window_sec": RATE_WINDOW_SECONDS,
                "limit": requests_per_minute,
            }
        },
        "visibility_config": _visibility("rate"),
    }


def _make_managed_rule(group: str, counted: tuple[str, ...], priority: int) -> Any:
    """A group of AWS. `counted`: its rules that count requests instead of blocking them."""
    overrides = [{"name": rule, "action_to_use": {"count": {}}} for rule in counted]
    return {
        "name": group,
        "priority": priority,
        "override_action": {"none": {}},
        "statement": {
            "managed_rule_group_statement": {
                "vendor_name": "AWS",
                "name": group,
                **({"rule_action_overrides": overrides} if overrides else {}),
            }
        },
        "visibility_config": _visibility(group),
    }


def _visibility(metric: str) -> dict[str, Any]:
    """Metrics without samples of requests, which contain the headers."""
    return {
        "cloudwatch_metrics_enabled": True,
        "metric_name": metric,
        "sampled_requests_enabled": False,
    }
