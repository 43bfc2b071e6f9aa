"""Access of each role at run time, by policy, boundary, key and VPC endpoint."""

from collections.abc import Iterable, Iterator, Mapping

import pytest

from shared.names import FUNCTIONS
from tests.aws.changes import remove_statement
from tests.aws.conftest import Programs
from tests.aws.policies import Policies, Request
from tests.aws.runtime import (
    CODE_CALLS,
    code_requests,
    event_source_requests,
    gateway_log_requests,
    lambda_requests,
    pipe_requests,
    role_name,
)
from tests.aws.source_calls import find_operations
from tests.aws.stores import Stores
from tests.stacks.recording import RecordedResource


@pytest.fixture(scope="session")
def stores(prod: Programs) -> Stores:
    return Stores(prod)


@pytest.fixture(scope="session")
def functions(prod: Programs) -> dict[str, RecordedResource]:
    functions = [
        function for program in prod.values() for function in program.find_all("lambda/function:Function")
    ]
    return {function["name"].removeprefix("fraud-pipeline-"): function for function in functions}


def find_refusals(policies: Policies, stores: Stores, role: str, requests: Iterable[Request]) -> list[str]:
    """The denials of a role's requests by its policy, boundary, a key, or the policy of a queue or topic."""
    refusals = []
    for request in requests:
        refusals.append(policies.find_refusal(role, request))
        if request.action.startswith(("sqs:", "sns:")):
            refusals.append(policies.find_denial(role, request, stores[request.resource].policy or ""))
    return [refusal for refusal in refusals if refusal]


def find_endpoint_refusals(policies: Policies, function: str, requests: Iterable[Request]) -> Iterator[str]:
    for request in requests:
        service = request.action.partition(":")[0]
        if service != "kms":
            yield policies.find_endpoint_refusal(service, f"fraud-pipeline-{function}", request)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_code_calls_list_exactly_the_calls_in_the_source(function: str) -> None:
    assert {call.operation for call in CODE_CALLS[function]} == find_operations(function)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_code_may_make_its_calls_through_the_vpc_endpoints(
    policies: Policies, stores: Stores, function: str
) -> None:
    for call in CODE_CALLS[function]:
        requests = list(code_requests(call, function, stores))
        assert find_refusals(policies, stores, f"fraud-pipeline-{function}", requests) == []
        assert [refusal for refusal in find_endpoint_refusals(policies, function, requests) if refusal] == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_code_calls_only_stores_in_its_environment(
    functions: Mapping[str, RecordedResource], function: str
) -> None:
    variables = functions[function]["environment"]["variables"].values()
    names = {str(value).replace("/", ":").rpartition(":")[2] for value in variables}
    assert {call.store.replace("/", ":").rpartition(":")[2] for call in CODE_CALLS[function]} <= names


@pytest.mark.parametrize("function", FUNCTIONS)
def test_lambda_may_run_the_function_and_use_its_event_sources(
    prod: Programs,
    policies: Policies,
    stores: Stores,
    functions: Mapping[str, RecordedResource],
    function: str,
) -> None:
    recorded = functions[function]
    requests = [*lambda_requests(recorded), *event_source_requests(recorded, prod, stores)]
    assert find_refusals(policies, stores, role_name(recorded["role"]), requests) == []


def test_pipe_may_read_the_stream_and_send_events_and_failures(
    prod: Programs, policies: Policies, stores: Stores
) -> None:
    pipe = prod["processing"].find_one("pipes/pipe:Pipe")
    assert find_refusals(policies, stores, role_name(pipe["roleArn"]), pipe_requests(pipe, stores)) == []


def test_api_gateway_may_write_logs_with_the_logging_role(
    prod: Programs, policies: Policies, stores: Stores
) -> None:
    role = role_name(prod["edge"].find_one("apigateway/account:Account")["cloudwatchRoleArn"])
    assert find_refusals(policies, stores, role, gateway_log_requests()) == []


@pytest.mark.parametrize(
    ("layer", "name", "sid"),
    [
        ("processing", "fraud", "SendMessagesEncrypted"),
        ("processing", "fraud", "KeepFailuresEncrypted"),
        ("processing", "merchants", "ReadStreamEncrypted"),
        ("processing", "merchants", "CountMerchantsEncrypted"),
        ("processing", "notify", "ConsumeMessagesEncrypted"),
        ("edge", "api", "StoreItemsEncrypted"),
    ],
)
def test_function_without_the_key_of_a_store_is_denied(
    prod: Programs, stores: Stores, layer: str, name: str, sid: str
) -> None:
    changed = remove_statement(prod, layer, "iam/rolePolicy:RolePolicy", f"{name}-permissions", sid)
    function = prod[layer].find_one("lambda/function:Function", f"{name}-function")
    requests = list(event_source_requests(function, prod, stores))
    requests += [request for call in CODE_CALLS[name] for request in code_requests(call, name, stores)]
    refusals = find_refusals(Policies(changed), stores, f"fraud-pipeline-{name}", requests)
    assert refusals
    assert all("kms:" in refusal for refusal in refusals)
