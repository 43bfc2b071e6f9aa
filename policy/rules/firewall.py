"""Rules for AWS WAF, which an environment has if its settings ask for it."""

from policy.resource import Resource, Stack
from policy.rule import rule

WEB_ACL = "aws:wafv2/webAcl:WebAcl"
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"

GUIDE = "https://docs.aws.amazon.com/waf/latest/developerguide"


@rule(
    "waf-rate-limit",
    WEB_ACL,
    title="A web ACL limits the rate of a source address",
    reason="One address could otherwise use up the rate of all callers.",
    remedy="Add a rule with a rateBasedStatement.",
    link=f"{GUIDE}/waf-rule-statement-type-rate-based.html",
)
def limits_rate(web_acl: Resource) -> bool:
    return any("rateBasedStatement" in _statement(item) for item in web_acl.values("rules"))


@rule(
    "waf-managed-rules",
    WEB_ACL,
    title="A web ACL has rule groups that AWS manages",
    reason="AWS adds rules for new attacks.",
    remedy="Add a rule with a managedRuleGroupStatement.",
    link=f"{GUIDE}/aws-managed-rule-groups.html",
)
def has_managed_rules(web_acl: Resource) -> bool:
    return any("managedRuleGroupStatement" in _statement(item) for item in web_acl.values("rules"))


@rule(
    "waf-associated",
    WEB_ACL,
    title="A web ACL protects a stage",
    reason="A web ACL without an association costs money and protects nothing.",
    remedy="Declare a WebAclAssociation.",
    link=f"{GUIDE}/web-acl-associating.html",
)
def is_associated(_: Resource, stack: Stack) -> bool:
    return bool(stack.of_type(ASSOCIATION))


@rule(
    "waf-logged",
    WEB_ACL,
    title="A web ACL has a log",
    reason="The log shows which requests were refused, and why.",
    remedy="Declare a WebAclLoggingConfiguration.",
    link=f"{GUIDE}/logging.html",
)
def is_logged(_: Resource, stack: Stack) -> bool:
    return bool(stack.of_type(LOGGING))


@rule(
    "waf-no-samples",
    WEB_ACL,
    title="A web ACL keeps no samples of requests",
    reason="Samples contain headers with signatures.",
    remedy="Set visibilityConfig.sampledRequestsEnabled to false.",
    link=f"{GUIDE}/web-acl-testing-view-sample.html",
)
def keeps_no_samples(web_acl: Resource) -> bool:
    configurations = [
        web_acl["visibilityConfig"],
        *(item["visibilityConfig"] for item in web_acl.values("rules")),
    ]
    return not any(item["sampledRequestsEnabled"] for item in configurations)


@rule(
    "waf-log-redacted",
    LOGGING,
    title="The log of a web ACL contains no signature",
    reason="A signature or a session token in a log could be used again.",
    remedy="Name the header authorization in redactedFields.",
    link=f"{GUIDE}/logging-management.html",
)
def redacts_signature(logging: Resource) -> bool:
    headers = [(item.get("singleHeader") or {}).get("name") for item in logging.values("redactedFields")]
    return "authorization" in headers


def _statement(item: dict[str, dict[str, object]]) -> dict[str, object]:
    return item.get("statement") or {}
