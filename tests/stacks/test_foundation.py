"""The layer foundation as its program declares it: keys, network, endpoints."""

from typing import Any

import pytest

from tests.stacks.conftest import Programs
from tests.stacks.mocked_aws import ACCOUNT, REGION, arn
from tests.stacks.recording import Program

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
KEYS = ("data", "profiles", "function", "logs", "failures", "operations")
LAYERS = {"api": "edge", "labels": "edge", "fraud": "processing", "notify": "processing"}


def key_statements(foundation: Program, key: str) -> dict[str, Any]:
    return foundation.one("kms/key:Key", key).statements()


@pytest.mark.parametrize("key", KEYS)
def test_C11_every_key_rotates_and_cannot_be_lost_in_prod(foundation: Program, key: str) -> None:
    declared = foundation.one("kms/key:Key", key)
    assert declared["enableKeyRotation"] is True
    assert declared["deletionWindowInDays"] == 30
    assert declared.protect


@pytest.mark.parametrize("key", KEYS)
def test_C11_who_administers_a_key_cannot_thereby_use_it(foundation: Program, key: str) -> None:
    administer = key_statements(foundation, key)["Administer"]
    assert administer["Principal"] == {"AWS": ROOT}
    assert "kms:PutKeyPolicy" in administer["Action"]
    assert not {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:CreateGrant"} & set(
        administer["Action"]
    )


@pytest.mark.parametrize("key", KEYS)
def test_C11_every_use_of_a_key_is_conditional(foundation: Program, key: str) -> None:
    statements = key_statements(foundation, key)
    unconditional = {sid for sid, statement in statements.items() if "Condition" not in statement}
    assert unconditional == {"Administer"}


def test_C11_the_data_key_is_used_through_the_services_that_store_transactions(foundation: Program) -> None:
    use = key_statements(foundation, "data")["UseThroughStores"]
    assert use["Condition"]["StringEquals"]["kms:ViaService"] == [
        f"{service}.{REGION}.amazonaws.com" for service in ("dynamodb", "sqs", "sns", "events")
    ]


def test_C11_the_key_of_profiles_is_used_through_dynamodb_and_is_no_services(foundation: Program) -> None:
    statements = key_statements(foundation, "profiles")
    through = f"dynamodb.{REGION}.amazonaws.com"
    assert set(statements) == {"Administer", "UseThroughStores", "GrantToTable"}
    assert statements["UseThroughStores"]["Condition"] == {"StringEquals": {"kms:ViaService": [through]}}
    assert statements["GrantToTable"]["Condition"] == {
        "StringEquals": {"kms:ViaService": through},
        "Bool": {"kms:GrantIsForAWSResource": "true"},
    }


def test_C11_every_key_has_an_alias_for_its_purpose(foundation: Program) -> None:
    aliases = {each["name"]: each["targetKeyId"] for each in foundation.all("kms/alias:Alias")}
    assert aliases == {f"alias/fraud-{key}": key for key in KEYS}


def test_C11_who_may_read_transactions_may_not_thereby_read_profiles(
    prod: Programs, foundation: Program
) -> None:
    users = {
        policy.name
        for program in prod.values()
        for policy in program.all("iam/rolePolicy:RolePolicy")
        for statement in policy.statements().values()
        if foundation.outputs["profiles_key_arn"] in statement["Resource"]
    }
    assert users == {"fraud-permissions", "labels-permissions", "notify-permissions", "deploy-data"}


def test_C11_eventbridge_may_use_the_data_key_for_our_bus_and_its_failures_only(
    foundation: Program, processing: Program
) -> None:
    statements = key_statements(foundation, "data")
    bus = statements["KeepEvents"]["Condition"]["StringEquals"]
    failures = key_statements(foundation, "failures")
    queue = failures["KeepFailedEvents"]["Condition"]["StringEquals"]
    assert bus == {
        "aws:SourceAccount": ACCOUNT,
        "kms:EncryptionContext:aws:events:event-bus:arn": processing.outputs["bus_arn"],
    }
    target = processing.one("cloudwatch/eventTarget:EventTarget")
    assert queue["kms:EncryptionContext:aws:sqs:arn"] == target["deadLetterConfig"]["arn"]


def test_C11_the_logs_key_names_exactly_the_log_groups_of_the_pipeline(prod: Programs) -> None:
    statement = key_statements(prod["foundation"], "logs")["EncryptLogs"]
    groups = {
        f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group['name']}"
        for program in prod.values()
        for group in program.all("cloudwatch/logGroup:LogGroup")
    }
    assert statement["Principal"] == {"Service": f"logs.{REGION}.amazonaws.com"}
    assert set(statement["Condition"]["ArnEquals"]["kms:EncryptionContext:aws:logs:arn"]) == groups


def test_C2_the_function_key_decrypts_the_variables_of_our_functions_only(prod: Programs) -> None:
    statement = key_statements(prod["foundation"], "function")["DecryptEnvironment"]
    functions = {
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function['name']}"
        for program in prod.values()
        for function in program.all("lambda/function:Function")
    }
    named = statement["Condition"]["StringEquals"]["kms:EncryptionContext:aws:lambda:FunctionArn"]
    assert set(named) == functions


def test_C5_the_network_has_private_subnets_in_two_zones_and_no_way_out(foundation: Program) -> None:
    subnets = foundation.all("ec2/subnet:Subnet")
    assert len({subnet["availabilityZone"] for subnet in subnets}) == 2
    assert not any(subnet["mapPublicIpOnLaunch"] for subnet in subnets)
    types = {resource.type for resource in foundation.resources}
    assert not [each for each in types if "nat" in each.lower() or "internetGateway" in each]
    assert "routes" not in foundation.one("ec2/routeTable:RouteTable").inputs


def test_C5_every_subnet_is_bound_to_the_private_route_table(foundation: Program) -> None:
    bound = foundation.all("ec2/routeTableAssociation:RouteTableAssociation")
    assert {each["subnetId"] for each in bound} == set(foundation.outputs["private_subnet_ids"])
    assert {each["routeTableId"] for each in bound} == {"private-id"}


def test_C5_the_default_security_group_is_empty(foundation: Program) -> None:
    group = foundation.one("ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert group["ingress"] == []
    assert group["egress"] == []


def test_C5_functions_reach_the_endpoints_by_https_and_nothing_else(foundation: Program) -> None:
    egress = foundation.all("vpc/securityGroupEgressRule:SecurityGroupEgressRule")
    ingress = foundation.one("vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    for rule in (*egress, ingress):
        assert (rule["ipProtocol"], rule["fromPort"], rule["toPort"]) == ("tcp", 443, 443)
        assert "cidrIpv4" not in rule.inputs
    assert {rule["securityGroupId"] for rule in egress} == {"functions-id"}
    assert {rule.inputs.get("prefixListId") for rule in egress} == {"pl-dynamodb", None}
    assert {rule.inputs.get("referencedSecurityGroupId") for rule in egress} == {"endpoints-id", None}
    assert (ingress["securityGroupId"], ingress["referencedSecurityGroupId"]) == (
        "endpoints-id",
        "functions-id",
    )


def test_C5_security_groups_have_no_inline_rules(foundation: Program) -> None:
    for group in foundation.all("ec2/securityGroup:SecurityGroup"):
        assert not {"ingress", "egress"} & group.inputs.keys()


def test_C5_there_are_endpoints_for_what_functions_call_and_no_others(foundation: Program) -> None:
    endpoints = {each.name: each for each in foundation.all("ec2/vpcEndpoint:VpcEndpoint")}
    kinds = {name: endpoint["vpcEndpointType"] for name, endpoint in endpoints.items()}
    assert kinds == {"dynamodb": "Gateway", "sqs": "Interface", "sns": "Interface"}
    for name in ("sqs", "sns"):
        assert endpoints[name]["privateDnsEnabled"] is True
        assert endpoints[name]["securityGroupIds"] == ["endpoints-id"]
        assert set(endpoints[name]["subnetIds"]) == set(foundation.outputs["private_subnet_ids"])
    assert endpoints["dynamodb"]["routeTableIds"] == ["private-id"]


@pytest.mark.parametrize(
    ("endpoint", "function", "action", "resources"),
    [
        ("sqs", "fraud", "sqs:SendMessage", ["sqs suspicious", "sqs fraud-failures"]),
        ("sns", "notify", "sns:Publish", ["sns fraud-alerts"]),
    ],
)
def test_C4_an_interface_endpoint_lets_one_role_do_one_thing_with_named_resources(
    prod: Programs, endpoint: str, function: str, action: str, resources: list[str]
) -> None:
    (statement,) = prod["foundation"].one("ec2/vpcEndpoint:VpcEndpoint", endpoint).statements().values()
    assert statement["Action"] == [action]
    assert statement["Resource"] == [arn(*resource.split()) for resource in resources]
    assert statement["Condition"]["ArnEquals"] == {"aws:PrincipalArn": role_arn(function)}


def test_C4_the_endpoint_of_dynamodb_lets_each_role_do_what_it_may_and_nothing_else(prod: Programs) -> None:
    statements = prod["foundation"].one("ec2/vpcEndpoint:VpcEndpoint", "dynamodb").statements()
    let_through = {
        (statement["Condition"]["ArnEquals"]["aws:PrincipalArn"], action, resource)
        for statement in statements.values()
        for action, resource in on_tables(statement)
    }
    needed = {
        (role_arn(function), action, resource)
        for function, layer in LAYERS.items()
        for statement in role_statements(prod[layer], function)
        for action, resource in on_tables(statement)
    }
    assert let_through == needed
    assert len(let_through) == 10


def role_arn(function: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/fraud-pipeline-{function}"


def role_statements(program: Program, function: str) -> list[dict[str, Any]]:
    return list(program.one("iam/rolePolicy:RolePolicy", f"{function}-permissions").statements().values())


def on_tables(statement: dict[str, Any]) -> set[tuple[str, str]]:
    """The actions of DynamoDB that a statement is about, each with its table."""
    return {
        (action, resource)
        for action in statement["Action"]
        for resource in statement["Resource"]
        if action.startswith("dynamodb:")
    }
