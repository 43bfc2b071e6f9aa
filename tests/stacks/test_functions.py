"""The properties that all functions have in common."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from tests.stacks.conftest import Programs
from tests.stacks.mocked_aws import ACCOUNT, REGION
from tests.stacks.recording import RecordedProgram, RecordedResource

Statement = dict[str, Any]
LAYERS = {
    "api": "edge",
    "labels": "edge",
    "fraud": "processing",
    "merchants": "processing",
    "notify": "processing",
}

pytestmark = pytest.mark.parametrize("function", LAYERS)


def find_function(prod: Programs, function: str) -> RecordedResource:
    return prod[LAYERS[function]].find_one("lambda/function:Function", f"{function}-function")


def test_C3_every_function_runs_on_python_3_11(prod: Programs, function: str) -> None:
    assert find_function(prod, function)["runtime"] == "python3.11"
    assert find_function(prod, function)["handler"] == f"functions.{function}.handler.handle"


def test_C2_environment_variables_are_encrypted_with_the_function_key(
    prod: Programs, foundation: RecordedProgram, function: str
) -> None:
    assert find_function(prod, function)["kmsKeyArn"] == foundation.outputs["function_key_arn"]
    assert find_function(prod, function)["environment"]["variables"]


def test_C5_every_function_runs_in_the_private_subnets(
    prod: Programs, foundation: RecordedProgram, function: str
) -> None:
    network = find_function(prod, function)["vpcConfig"]
    assert network["subnetIds"] == foundation.outputs["private_subnet_ids"]
    assert network["securityGroupIds"] == [foundation.outputs["function_security_group_id"]]


def test_C8_every_function_reserves_a_concurrency_of_at_least_100(prod: Programs, function: str) -> None:
    assert find_function(prod, function)["reservedConcurrentExecutions"] >= 100


def test_R12_every_function_is_traced(prod: Programs, function: str) -> None:
    assert find_function(prod, function)["tracingConfig"] == {"mode": "Active"}
    send = find_role_statements(prod, function)["SendTraces"]
    assert set(send["Action"]) == {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}


def test_R11_every_function_has_a_log_group_with_7_days_of_retention(
    prod: Programs, foundation: RecordedProgram, function: str
) -> None:
    group = prod[LAYERS[function]].find_one("cloudwatch/logGroup:LogGroup", f"{function}-logs")
    assert group["name"] == f"/aws/lambda/{find_function(prod, function)['name']}"
    assert group["retentionInDays"] == 7
    assert group["kmsKeyId"] == foundation.outputs["logs_key_arn"]
    assert find_function(prod, function)["loggingConfig"]["logGroup"] == group["name"]
    assert f"LogGroup::{function}-logs" in " ".join(find_function(prod, function).dependencies)


def test_R10_every_function_has_its_own_role_with_a_boundary(
    prod: Programs, foundation: RecordedProgram, function: str
) -> None:
    role = prod[LAYERS[function]].find_one("iam/role:Role", f"{function}-role")
    assert role["permissionsBoundary"] == foundation.outputs[f"{function}_boundary_arn"]
    assert find_function(prod, function)["role"] == f"arn:aws:iam::{ACCOUNT}:role/{role['name']}"
    assert role.statements("assumeRolePolicy")["Assume"]["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert "managedPolicyArns" not in role.inputs


def test_R10_function_depends_on_its_permissions(prod: Programs, function: str) -> None:
    assert f"RolePolicy::{function}-permissions" in " ".join(find_function(prod, function).dependencies)


def test_R10_function_writes_only_to_its_own_log_group(prod: Programs, function: str) -> None:
    write = find_role_statements(prod, function)["WriteLogs"]
    assert set(write["Action"]) == {"logs:CreateLogStream", "logs:PutLogEvents"}
    name = find_function(prod, function)["name"]
    assert write["Resource"] == [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{name}:*"]


def test_C4_boundary_allows_exactly_the_permissions_of_the_role(
    prod: Programs, foundation: RecordedProgram, function: str
) -> None:
    boundary = foundation.find_one("iam/policy:Policy", function).statements()
    assert list_allowances(boundary) == list_allowances(find_role_statements(prod, function))


def test_C4_code_of_a_function_is_denied_network_interfaces(prod: Programs, function: str) -> None:
    deny = find_role_statements(prod, function)["KeepCodeOffNetwork"]
    assert deny["Effect"] == "Deny"
    assert "ec2:CreateNetworkInterface" in deny["Action"]
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{find_function(prod, function)['name']}"
    assert deny["Condition"] == {"ArnEquals": {"lambda:SourceFunctionArn": arn}}


def test_C4_network_interfaces_are_created_only_in_the_private_subnets(
    prod: Programs, foundation: RecordedProgram, function: str
) -> None:
    resources = find_role_statements(prod, function)["MakeInterfaces"]["Resource"]
    subnets = [arn.rpartition("/")[2] for arn in resources if ":subnet/" in arn]
    assert subnets == foundation.outputs["private_subnet_ids"]


def test_functions_in_an_account_use_arm64(prod: Programs, function: str) -> None:
    assert find_function(prod, function)["architectures"] == ["arm64"]


def test_source_code_hash_is_the_hash_of_the_package(prod: Programs, function: str) -> None:
    archive = Path(find_function(prod, function)["code"].path)
    digest = hashlib.sha256(archive.read_bytes()).digest()
    assert find_function(prod, function)["sourceCodeHash"] == base64.b64encode(digest).decode()


def test_package_contains_only_its_own_function(prod: Programs, function: str) -> None:
    with ZipFile(find_function(prod, function)["code"].path) as archive:
        folders = {name.split("/")[1] for name in archive.namelist() if name.startswith("functions/")}
    assert folders == {function, "common"}


def find_role_statements(prod: Programs, function: str) -> dict[str, Statement]:
    policy = prod[LAYERS[function]].find_one("iam/rolePolicy:RolePolicy", f"{function}-permissions")
    return policy.statements()


def list_allowances(statements: dict[str, Statement]) -> set[str]:
    """The actions with their resources and conditions. A boundary names all streams of a table."""
    return {
        f"{action} on {re.sub('/stream/.+', '/stream/*', resource)} if {statement.get('Condition')}"
        for statement in statements.values()
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


def test_every_function_avoids_account_based_endpoints(prod: Programs, function: str) -> None:
    variables = find_function(prod, function)["environment"]["variables"]
    assert variables["AWS_ACCOUNT_ID_ENDPOINT_MODE"] == "disabled"
