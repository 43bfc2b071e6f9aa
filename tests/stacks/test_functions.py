"""What every function has in common, whichever layer declares it."""

import base64
import hashlib
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from tests.stacks.conftest import Programs
from tests.stacks.mocked_aws import ACCOUNT, REGION
from tests.stacks.recording import Program, Recorded

Statement = dict[str, Any]
LAYERS = {"api": "edge", "labels": "edge", "fraud": "processing", "notify": "processing"}

pytestmark = pytest.mark.parametrize("function", LAYERS)


def declared(prod: Programs, function: str) -> Recorded:
    return prod[LAYERS[function]].one("lambda/function:Function", f"{function}-function")


def test_C3_every_function_runs_on_python_3_11(prod: Programs, function: str) -> None:
    assert declared(prod, function)["runtime"] == "python3.11"
    assert declared(prod, function)["handler"] == f"functions.{function}.handler.handle"


def test_C2_environment_variables_are_encrypted_with_our_key(
    prod: Programs, foundation: Program, function: str
) -> None:
    assert declared(prod, function)["kmsKeyArn"] == foundation.outputs["function_key_arn"]
    assert declared(prod, function)["environment"]["variables"]


def test_C5_every_function_runs_in_the_private_subnets(
    prod: Programs, foundation: Program, function: str
) -> None:
    network = declared(prod, function)["vpcConfig"]
    assert network["subnetIds"] == foundation.outputs["private_subnet_ids"]
    assert network["securityGroupIds"] == [foundation.outputs["function_security_group_id"]]


def test_C8_every_function_reserves_a_concurrency_of_at_least_100(prod: Programs, function: str) -> None:
    assert declared(prod, function)["reservedConcurrentExecutions"] >= 100


def test_R12_every_function_is_traced(prod: Programs, function: str) -> None:
    assert declared(prod, function)["tracingConfig"] == {"mode": "Active"}
    send = role_statements(prod, function)["SendTraces"]
    assert set(send["Action"]) == {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}


def test_R11_every_function_has_its_log_group_of_7_days_before_it_runs(
    prod: Programs, foundation: Program, function: str
) -> None:
    group = prod[LAYERS[function]].one("cloudwatch/logGroup:LogGroup", f"{function}-logs")
    assert group["name"] == f"/aws/lambda/{declared(prod, function)['name']}"
    assert group["retentionInDays"] == 7
    assert group["kmsKeyId"] == foundation.outputs["logs_key_arn"]
    assert declared(prod, function)["loggingConfig"]["logGroup"] == group["name"]
    assert f"LogGroup::{function}-logs" in " ".join(declared(prod, function).dependencies)


def test_R10_every_function_has_a_role_of_its_own_with_a_boundary(
    prod: Programs, foundation: Program, function: str
) -> None:
    role = prod[LAYERS[function]].one("iam/role:Role", f"{function}-role")
    assert role["permissionsBoundary"] == foundation.outputs[f"{function}_boundary_arn"]
    assert declared(prod, function)["role"] == f"arn:aws:iam::{ACCOUNT}:role/{role['name']}"
    assert role.statements("assumeRolePolicy")["Assume"]["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert "managedPolicyArns" not in role.inputs


def test_R10_a_function_is_there_once_its_permissions_are(prod: Programs, function: str) -> None:
    assert f"RolePolicy::{function}-permissions" in " ".join(declared(prod, function).dependencies)


def test_R10_a_function_writes_to_its_own_log_group_and_makes_none(prod: Programs, function: str) -> None:
    write = role_statements(prod, function)["WriteLogs"]
    assert set(write["Action"]) == {"logs:CreateLogStream", "logs:PutLogEvents"}
    name = declared(prod, function)["name"]
    assert write["Resource"] == [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{name}:*"]


def test_C4_the_boundary_allows_all_that_the_role_needs_and_nothing_that_it_does_not(
    prod: Programs, foundation: Program, function: str
) -> None:
    boundary = foundation.one("iam/policy:Policy", function).statements()
    assert allowances(boundary) == allowances(role_statements(prod, function))


def test_C4_the_functions_own_code_is_kept_off_the_network_interfaces(prod: Programs, function: str) -> None:
    deny = role_statements(prod, function)["KeepCodeOffNetwork"]
    assert deny["Effect"] == "Deny"
    assert "ec2:CreateNetworkInterface" in deny["Action"]
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{declared(prod, function)['name']}"
    assert deny["Condition"] == {"ArnEquals": {"lambda:SourceFunctionArn": arn}}


def test_C4_interfaces_are_made_in_the_private_subnets_only(
    prod: Programs, foundation: Program, function: str
) -> None:
    made_in = role_statements(prod, function)["MakeInterfaces"]["Resource"]
    subnets = [arn.rpartition("/")[2] for arn in made_in if ":subnet/" in arn]
    assert subnets == foundation.outputs["private_subnet_ids"]


def test_functions_are_built_for_arm_in_an_account(prod: Programs, function: str) -> None:
    assert declared(prod, function)["architectures"] == ["arm64"]


def test_a_function_is_known_by_the_hash_of_its_zip(prod: Programs, function: str) -> None:
    archive = Path(declared(prod, function)["code"].path)
    digest = hashlib.sha256(archive.read_bytes()).digest()
    assert declared(prod, function)["sourceCodeHash"] == base64.b64encode(digest).decode()


def test_a_zip_holds_its_functions_code_and_no_other_functions(prod: Programs, function: str) -> None:
    with ZipFile(declared(prod, function)["code"].path) as archive:
        folders = {name.split("/")[1] for name in archive.namelist() if name.startswith("functions/")}
    assert folders == {function, "common"}


def role_statements(prod: Programs, function: str) -> dict[str, Statement]:
    policy = prod[LAYERS[function]].one("iam/rolePolicy:RolePolicy", f"{function}-permissions")
    return policy.statements()


def allowances(statements: dict[str, Statement]) -> set[str]:
    return {
        f"{action} on {resource} if {statement.get('Condition')}"
        for statement in statements.values()
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


def test_every_function_calls_the_endpoints_that_the_vpc_endpoints_allow(
    prod: Programs, function: str
) -> None:
    variables = declared(prod, function)["environment"]["variables"]
    assert variables["AWS_ACCOUNT_ID_ENDPOINT_MODE"] == "disabled"
