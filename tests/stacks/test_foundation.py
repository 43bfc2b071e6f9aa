"""The resources of the layer foundation: keys, network, endpoints."""

from typing import Any

import pytest

from tests.stacks.conftest import Programs
from tests.stacks.mocked_aws import ACCOUNT, REGION, arn
from tests.stacks.recording import RecordedProgram

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
KEYS = ("data", "profiles", "function", "logs", "failures", "operations")
LAYERS = {
    "api": "edge",
    "labels": "edge",
    "fraud": "processing",
    "merchants": "processing",
    "notify": "processing",
}


def find_key_statements(foundation: RecordedProgram, key: str) -> dict[str, Any]:
    return foundation.find_one("kms/key:Key", key).statements()


@pytest.mark.parametrize("key", KEYS)
def test_C11_every_key_rotates_and_is_protected_in_prod(foundation: RecordedProgram, key: str) -> None:
    declared = foundation.find_one("kms/key:Key", key)
    assert declared["enableKeyRotation"] is True
    assert declared["deletionWindowInDays"] == 30
    assert declared.protect


@pytest.mark.parametrize("key", KEYS)
def test_C11_administration_of_a_key_does_not_include_its_use(foundation: RecordedProgram, key: str) -> None:
    administer = find_key_statements(foundation, key)["Administer"]
    assert administer["Principal"] == {"AWS": ROOT}
    assert "kms:PutKeyPolicy" in administer["Action"]
    assert not {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:CreateGrant"} & set(
        administer["Action"]
    )


@pytest.mark.parametrize("key", KEYS)
def test_C11_every_use_of_a_key_has_a_condition(foundation: RecordedProgram, key: str) -> None:
    statements = find_key_statements(foundation, key)
    unconditional = {sid for sid, statement in statements.items() if "Condition" not in statement}
    assert unconditional == {"Administer"}


def test_C11_data_key_is_used_through_services_that_store_transactions(
    foundation: RecordedProgram,
) -> None:
    use = find_key_statements(foundation, "data")["UseThroughStores"]
    assert use["Condition"]["StringEquals"]["kms:ViaService"] == [
        f"{service}.{REGION}.amazonaws.com" for service in ("dynamodb", "sqs", "sns", "events")
    ]


def test_C11_profiles_key_is_used_only_through_dynamodb(
    foundation: RecordedProgram,
) -> None:
    statements = find_key_statements(foundation, "profiles")
    through = f"dynamodb.{REGION}.amazonaws.com"
    assert set(statements) == {"Administer", "UseThroughStores", "GrantToTable"}
    assert statements["UseThroughStores"]["Condition"] == {"StringEquals": {"kms:ViaService": [through]}}
    assert statements["GrantToTable"]["Condition"] == {
        "StringEquals": {"kms:ViaService": through},
        "Bool": {"kms:GrantIsForAWSResource": "true"},
    }


def test_C11_every_key_has_an_alias_for_its_purpose(foundation: RecordedProgram) -> None:
    aliases = {alias["name"]: alias["targetKeyId"] for alias in foundation.find_all("kms/alias:Alias")}
    assert aliases == {f"alias/fraud-{key}": key for key in KEYS}


def test_C11_only_named_roles_may_use_the_profiles_key(prod: Programs, foundation: RecordedProgram) -> None:
    users = {
        policy.name
        for program in prod.values()
        for policy in program.find_all("iam/rolePolicy:RolePolicy")
        for statement in policy.statements().values()
        if foundation.outputs["profiles_key_arn"] in statement["Resource"]
    }
    functions = ("fraud", "labels", "merchants", "notify")
    assert users == {*(f"{function}-permissions" for function in functions), "deploy-data"}


def test_C11_eventbridge_uses_keys_only_for_the_bus_and_its_failure_queue(
    foundation: RecordedProgram, processing: RecordedProgram
) -> None:
    statements = find_key_statements(foundation, "data")
    bus = statements["KeepEvents"]["Condition"]["StringEquals"]
    failures = find_key_statements(foundation, "failures")
    queue = failures["KeepFailedEvents"]["Condition"]["StringEquals"]
    assert bus == {
        "aws:SourceAccount": ACCOUNT,
        "kms:EncryptionContext:aws:events:event-bus:arn": processing.outputs["bus_arn"],
    }
    target = processing.find_one("cloudwatch/eventTarget:EventTarget")
    assert queue["kms:EncryptionContext:aws:sqs:arn"] == target["deadLetterConfig"]["arn"]


def test_C11_logs_key_names_exactly_the_log_groups_of_the_pipeline(prod: Programs, guarded: Programs) -> None:
    statement = find_key_statements(prod["foundation"], "logs")["EncryptLogs"]
    groups = {
        f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group['name']}"
        for program in (*prod.values(), guarded["edge"])
        for group in program.find_all("cloudwatch/logGroup:LogGroup")
    }
    assert statement["Principal"] == {"Service": f"logs.{REGION}.amazonaws.com"}
    assert set(statement["Condition"]["ArnEquals"]["kms:EncryptionContext:aws:logs:arn"]) == groups


def test_C2_function_key_names_exactly_the_functions_of_the_pipeline(prod: Programs) -> None:
    statement = find_key_statements(prod["foundation"], "function")["DecryptEnvironment"]
    functions = {
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function['name']}"
        for program in prod.values()
        for function in program.find_all("lambda/function:Function")
    }
    function_arns = statement["Condition"]["StringEquals"]["kms:EncryptionContext:aws:lambda:FunctionArn"]
    assert set(function_arns) == functions


def test_C5_network_has_private_subnets_in_two_zones_without_internet_access(
    foundation: RecordedProgram,
) -> None:
    subnets = foundation.find_all("ec2/subnet:Subnet")
    assert len({subnet["availabilityZone"] for subnet in subnets}) == 2
    assert not any(subnet["mapPublicIpOnLaunch"] for subnet in subnets)
    types = {resource.type for resource in foundation.resources}
    assert not [type_ for type_ in types if "nat" in type_.lower() or "internetGateway" in type_]
    assert "routes" not in foundation.find_one("ec2/routeTable:RouteTable").inputs


def test_C5_every_subnet_uses_the_private_route_table(foundation: RecordedProgram) -> None:
    associations = foundation.find_all("ec2/routeTableAssociation:RouteTableAssociation")
    assert {association["subnetId"] for association in associations} == set(
        foundation.outputs["private_subnet_ids"]
    )
    assert {association["routeTableId"] for association in associations} == {"private-id"}


def test_C5_default_security_group_has_no_rules(foundation: RecordedProgram) -> None:
    group = foundation.find_one("ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert group["ingress"] == []
    assert group["egress"] == []


def test_C5_functions_reach_only_the_endpoints_by_https(foundation: RecordedProgram) -> None:
    egress = foundation.find_all("vpc/securityGroupEgressRule:SecurityGroupEgressRule")
    ingress = foundation.find_one("vpc/securityGroupIngressRule:SecurityGroupIngressRule")
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


def test_C5_security_groups_have_no_inline_rules(foundation: RecordedProgram) -> None:
    for group in foundation.find_all("ec2/securityGroup:SecurityGroup"):
        assert not {"ingress", "egress"} & group.inputs.keys()


def test_C5_network_has_only_the_endpoints_that_functions_need(foundation: RecordedProgram) -> None:
    endpoints = {endpoint.name: endpoint for endpoint in foundation.find_all("ec2/vpcEndpoint:VpcEndpoint")}
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
        ("sqs", "fraud", "sqs:SendMessage", ["sqs suspicious", "sqs fraud-retry", "sqs fraud-failures"]),
        ("sns", "notify", "sns:Publish", ["sns fraud-alerts"]),
    ],
)
def test_C4_interface_endpoint_allows_one_role_one_action_on_named_resources(
    prod: Programs, endpoint: str, function: str, action: str, resources: list[str]
) -> None:
    (statement,) = prod["foundation"].find_one("ec2/vpcEndpoint:VpcEndpoint", endpoint).statements().values()
    assert statement["Action"] == [action]
    assert statement["Resource"] == [arn(*resource.split()) for resource in resources]
    assert statement["Condition"]["ArnEquals"] == {"aws:PrincipalArn": role_arn(function)}


def test_C4_endpoint_of_dynamodb_allows_exactly_the_actions_of_the_roles(prod: Programs) -> None:
    statements = prod["foundation"].find_one("ec2/vpcEndpoint:VpcEndpoint", "dynamodb").statements()
    allowed = {
        (statement["Condition"]["ArnEquals"]["aws:PrincipalArn"], action, resource)
        for statement in statements.values()
        for action, resource in find_table_actions(statement)
    }
    needed = {
        (role_arn(function), action, resource)
        for function, layer in LAYERS.items()
        for statement in find_role_statements(prod[layer], function)
        for action, resource in find_table_actions(statement)
    }
    assert allowed == needed
    assert len(allowed) == 13


def role_arn(function: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/fraud-pipeline-{function}"


def find_role_statements(program: RecordedProgram, function: str) -> list[dict[str, Any]]:
    return list(
        program.find_one("iam/rolePolicy:RolePolicy", f"{function}-permissions").statements().values()
    )


def find_table_actions(statement: dict[str, Any]) -> set[tuple[str, str]]:
    """The DynamoDB actions of a statement, each with its table.

    Lambda reads a stream with the permissions of the role, but outside of the VPC.
    """
    return {
        (action, resource)
        for action in statement["Action"]
        for resource in statement["Resource"]
        if action.startswith("dynamodb:") and ":table/" in resource and "/stream/" not in resource
    }
