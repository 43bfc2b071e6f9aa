"""The policy of the API: which callers it denies, and which settings it accepts."""

import json
from typing import Any

import pytest

from shared.configuration import SettingsError
from shared.settings import find_problems
from stacks.edge.settings import EdgeSettings
from tests.aws.policies import Policies, Request
from tests.stacks.conftest import Programs
from tests.stacks.guarded import OTHER_ACCOUNT, VPC_ENDPOINT
from tests.stacks.mocked_aws import ACCOUNT, arn
from tests.stacks.recording import RecordedProgram, RecordedResource, run_program

ROUTE = arn("execute-api", "api/v1/POST/transactions")
THIRD_ACCOUNT = "444455556666"


def run_edge(prod: Programs, **callers: Any) -> RecordedProgram:
    upstream = {name: prod[name] for name in ("foundation", "data")}
    return run_program("edge", "prod", upstream, {"fraud-edge:callers": json.dumps(callers)})


def find_policy(program: RecordedProgram) -> RecordedResource:
    return program.find_one("apigateway/restApiPolicy:RestApiPolicy")


def is_denied(program: RecordedProgram, account: str = ACCOUNT, **context: str) -> bool:
    """Whether the policy of the API denies a request of a role of an account."""
    keys = {key.replace("__", ":"): value for key, value in context.items()}
    policies = Policies({"edge": program})
    request = Request("execute-api:Invoke", ROUTE, keys)
    return bool(policies.find_denial("caller", request, find_policy(program)["policy"], account))


def test_policy_belongs_to_the_api(edge: RecordedProgram) -> None:
    assert find_policy(edge)["restApiId"] == "transactions-id"


def test_by_default_only_the_own_account_may_call(edge: RecordedProgram) -> None:
    assert not is_denied(edge)
    assert is_denied(edge, OTHER_ACCOUNT)
    assert {statement["Effect"] for statement in find_policy(edge).document()["Statement"]} == {"Deny"}


def test_other_accounts_are_allowed_on_the_routes_of_the_api(prod: Programs) -> None:
    program = run_edge(prod, accounts=[OTHER_ACCOUNT])
    assert not is_denied(program)
    assert not is_denied(program, OTHER_ACCOUNT)
    assert is_denied(program, THIRD_ACCOUNT)
    allowance = find_policy(program).statements()["AllowOtherAccounts"]
    assert allowance["Resource"] == [program.outputs[name] for name in ("api_arn", "labels_api_arn")]
    # An allowance for the own account would replace the permission of its identities.
    assert allowance["Principal"] == {"AWS": [f"arn:aws:iam::{OTHER_ACCOUNT}:root"]}


def test_own_account_in_the_list_changes_nothing(prod: Programs, edge: RecordedProgram) -> None:
    assert find_policy(run_edge(prod, accounts=[ACCOUNT]))["policy"] == find_policy(edge)["policy"]


def test_address_outside_of_the_ranges_is_denied(prod: Programs) -> None:
    program = run_edge(prod, addressRanges=["203.0.113.0/24", "2001:db8::/32"])
    assert not is_denied(program, aws__SourceIp="203.0.113.7")
    assert not is_denied(program, aws__SourceIp="2001:db8::1")
    assert is_denied(program, aws__SourceIp="198.51.100.7")
    assert is_denied(program, OTHER_ACCOUNT, aws__SourceIp="203.0.113.7")


def test_vpc_endpoints_make_the_api_private(prod: Programs) -> None:
    program = run_edge(prod, vpcEndpoints=[VPC_ENDPOINT])
    assert program.find_one("apigateway/restApi:RestApi")["endpointConfiguration"] == {
        "types": "PRIVATE",
        "vpcEndpointIds": [VPC_ENDPOINT],
    }
    assert not is_denied(program, aws__SourceVpce=VPC_ENDPOINT)
    assert is_denied(program, aws__SourceVpce="vpce-00000000")
    # A request over the internet has no endpoint.
    assert is_denied(program)


def test_private_api_compares_addresses_in_the_vpc(prod: Programs) -> None:
    program = run_edge(prod, vpcEndpoints=[VPC_ENDPOINT], addressRanges=["10.0.0.0/16"])
    inside = {"aws__SourceVpce": VPC_ENDPOINT, "aws__VpcSourceIp": "10.0.3.4"}
    assert not is_denied(program, **inside)
    assert is_denied(program, **{**inside, "aws__VpcSourceIp": "10.1.3.4"})
    assert is_denied(program, aws__SourceVpce=VPC_ENDPOINT)


def test_every_limit_applies_by_itself(guarded: Programs) -> None:
    allowed = {"aws__SourceVpce": VPC_ENDPOINT, "aws__VpcSourceIp": "10.0.3.4"}
    assert not is_denied(guarded["edge"], OTHER_ACCOUNT, **allowed)
    assert is_denied(guarded["edge"], THIRD_ACCOUNT, **allowed)
    for key in allowed:
        assert is_denied(guarded["edge"], OTHER_ACCOUNT, **{**allowed, key: "vpce-00000000"})


@pytest.mark.parametrize(
    ("callers", "key"),
    [
        ({"accounts": ["1234"]}, "callers.accounts"),
        ({"accounts": [111122223333]}, "callers.accounts"),
        ({"accounts": "111122223333"}, "callers.accounts"),
        ({"vpcEndpoints": ["vpc-0123456789abcdef0"]}, "callers.vpcEndpoints"),
        ({"vpcEndpoints": ["vpce-*"]}, "callers.vpcEndpoints"),
        ({"addressRanges": ["203.0.113.7"]}, "callers.addressRanges"),
        ({"addressRanges": ["203.0.113.0/24", "203.0.113.7/24"]}, "callers.addressRanges[1]"),
        ({"addressRanges": ["0.0.0.0/0"]}, "callers.addressRanges"),
        ({"addressRanges": ["::/0"]}, "callers.addressRanges"),
        ({"addressRanges": ["example.com/24"]}, "callers.addressRanges"),
        ({"ranges": []}, "callers.ranges"),
        ([], "callers"),
    ],
)
def test_invalid_limit_is_refused_with_its_key(callers: Any, key: str) -> None:
    (problem,) = find_problems(EdgeSettings, {"callers": callers})
    assert problem.key.startswith(key)
    assert problem.remedy.startswith("Use")


def test_invalid_limit_fails_the_program(prod: Programs) -> None:
    with pytest.raises(SettingsError, match="addressRanges"):
        run_edge(prod, addressRanges=["0.0.0.0/0"])
