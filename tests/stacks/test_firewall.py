"""The firewall of the API: its rules, its log without secrets, and its setting."""

import json

import pytest

from shared.configuration import SettingsError
from shared.settings import find_problems
from stacks.edge.firewall import MANAGED_RULES, SECRET_HEADERS
from stacks.edge.settings import EdgeSettings
from tests.stacks.conftest import Programs
from tests.stacks.recording import RecordedProgram, RecordedResource, run_program

TYPES = ("webAcl:WebAcl", "webAclAssociation:WebAclAssociation",
         "webAclLoggingConfiguration:WebAclLoggingConfiguration")  # fmt: skip


@pytest.fixture(scope="module")
def web_acl(guarded: Programs) -> RecordedResource:
    return guarded["edge"].find_one("wafv2/webAcl:WebAcl")


def test_api_has_no_firewall_by_default(edge: RecordedProgram) -> None:
    assert not any(edge.find_all(f"wafv2/{type_}") for type_ in TYPES)
    assert "firewall-logs" not in [group.name for group in edge.find_all("cloudwatch/logGroup:LogGroup")]


def test_firewall_protects_the_stage(guarded: Programs, web_acl: RecordedResource) -> None:
    association = guarded["edge"].find_one("wafv2/webAclAssociation:WebAclAssociation")
    assert association["resourceArn"].endswith("/stages/v1")
    assert association["webAclArn"].endswith(f"webacl/{web_acl['name']}/requests-id")
    assert web_acl["scope"] == "REGIONAL"


def test_rules_have_different_priorities_and_block(web_acl: RecordedResource) -> None:
    rules = {rule["name"]: rule for rule in web_acl["rules"]}
    assert rules.keys() == {"rate", *MANAGED_RULES}
    assert len({rule["priority"] for rule in rules.values()}) == len(rules)
    for name in MANAGED_RULES:
        assert rules[name]["overrideAction"] == {"none": {}}
    assert "block" in rules["rate"]["action"]


def test_rate_counts_the_requests_of_an_address_in_a_minute(web_acl: RecordedResource) -> None:
    (rule,) = [rule for rule in web_acl["rules"] if rule["name"] == "rate"]
    statement = rule["statement"]["rateBasedStatement"]
    assert statement == {"aggregateKeyType": "IP", "evaluationWindowSec": 60, "limit": 6000}


def test_response_above_the_rate_is_a_problem_with_retry_after(web_acl: RecordedResource) -> None:
    (rule,) = [rule for rule in web_acl["rules"] if rule["name"] == "rate"]
    response = rule["action"]["block"]["customResponse"]
    (body,) = web_acl["customResponseBodies"]
    assert response["responseCode"] == json.loads(body["content"])["status"] == 429
    assert response["customResponseBodyKey"] == body["key"]
    assert response["responseHeaders"] == [{"name": "Retry-After", "value": "60"}]


def test_rule_on_the_size_of_bodies_does_not_block_batches(web_acl: RecordedResource) -> None:
    overrides = {
        override["name"]: override["actionToUse"]
        for rule in web_acl["rules"]
        for override in rule["statement"].get("managedRuleGroupStatement", {}).get("ruleActionOverrides", ())
    }
    assert overrides == {"SizeRestrictions_BODY": {"count": {}}}


def test_log_contains_refused_requests_without_secrets_and_bodies(
    guarded: Programs, web_acl: RecordedResource
) -> None:
    edge = guarded["edge"]
    logging = edge.find_one("wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration")
    redacted = [
        field["singleHeader"]["name"] for field in logging["redactedFields"] if "singleHeader" in field
    ]
    assert redacted == list(SECRET_HEADERS)
    assert {"queryString": {}} in logging["redactedFields"]
    assert logging["loggingFilter"]["defaultBehavior"] == "DROP"
    protected = [entry["field"]["fieldType"] for entry in web_acl["dataProtectionConfig"]["dataProtections"]]
    assert set(protected) == {"BODY", "QUERY_STRING", "SINGLE_HEADER"}
    visibilities = [web_acl["visibilityConfig"], *(rule["visibilityConfig"] for rule in web_acl["rules"])]
    assert not any(visibility["sampledRequestsEnabled"] for visibility in visibilities)


def test_log_is_encrypted_and_expires(guarded: Programs) -> None:
    edge, foundation = guarded["edge"], guarded["foundation"]
    group = edge.find_one("cloudwatch/logGroup:LogGroup", "firewall-logs")
    logging = edge.find_one("wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration")
    assert group["name"].startswith("aws-waf-logs-")
    assert (group["retentionInDays"], group["kmsKeyId"]) == (7, foundation.outputs["logs_key_arn"])
    assert logging["logDestinationConfigs"][0].endswith(group["name"])
    key = foundation.find_one("kms/key:Key", "logs")
    assert f"log-group:{group['name']}" in key["policy"]


@pytest.mark.parametrize("value", [-1, 1, 9, 2_000_000_001, 0.5, "100"])
def test_invalid_rate_is_refused(value: object) -> None:
    (problem,) = find_problems(EdgeSettings, {"firewallRequestsPerMinute": value})
    assert problem.key == "firewallRequestsPerMinute"


def test_embedded_aws_has_no_firewall(prod: Programs) -> None:
    upstream = {name: prod[name] for name in ("foundation", "data")}
    config = {"fraud-edge:firewallRequestsPerMinute": "100"}
    with pytest.raises(SettingsError) as caught:
        run_program("edge", "local", upstream, config)
    assert caught.value.key == "fraud-edge:firewallRequestsPerMinute"
