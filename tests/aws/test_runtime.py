"""Each role may make every request of the running pipeline, by policy, boundary, key and VPC endpoint."""

from collections.abc import Iterable, Iterator, Mapping

import pytest

from shared.names import FUNCTIONS
from tests.aws.changes import without_statement
from tests.aws.conftest import Programs
from tests.aws.policies import Policies, Request
from tests.aws.runtime import (
    CODE_CALLS,
    requests_of_code,
    requests_of_gateway_logs,
    requests_of_invocations,
    requests_of_lambda,
    requests_of_pipe,
    role_of,
)
from tests.aws.source_calls import find_operations
from tests.aws.stores import Stores
from tests.stacks.recording import Recorded


@pytest.fixture(scope="session")
def stores(prod: Programs) -> Stores:
    return Stores(prod)


@pytest.fixture(scope="session")
def functions(prod: Programs) -> dict[str, Recorded]:
    all_ = [each for program in prod.values() for each in program.all("lambda/function:Function")]
    return {each["name"].removeprefix("fraud-pipeline-"): each for each in all_}


def refusals(policies: Policies, stores: Stores, role: str, requests: Iterable[Request]) -> list[str]:
    """What refuses a role's requests: its policy, its boundary, a key, or the policy of a queue or topic."""
    found = []
    for request in requests:
        found.append(policies.refusal(role, request))
        if request.action.startswith(("sqs:", "sns:")):
            found.append(policies.denial(role, request, stores[request.resource].policy or ""))
    return [each for each in found if each]


def refusals_of_endpoints(policies: Policies, function: str, requests: Iterable[Request]) -> Iterator[str]:
    for request in requests:
        service = request.action.partition(":")[0]
        if service != "kms":
            yield policies.refusal_of_endpoint(service, f"fraud-pipeline-{function}", request)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_call_in_a_functions_source_is_listed_and_no_other_is(function: str) -> None:
    assert {call.operation for call in CODE_CALLS[function]} == find_operations(function)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_functions_code_may_make_its_calls_through_the_vpc_endpoints(
    policies: Policies, stores: Stores, function: str
) -> None:
    for call in CODE_CALLS[function]:
        requests = list(requests_of_code(call, function, stores))
        assert refusals(policies, stores, f"fraud-pipeline-{function}", requests) == []
        assert [each for each in refusals_of_endpoints(policies, function, requests) if each] == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_calls_the_stores_that_its_environment_names(
    functions: Mapping[str, Recorded], function: str
) -> None:
    variables = functions[function]["environment"]["variables"].values()
    named = {str(value).replace("/", ":").rpartition(":")[2] for value in variables}
    assert {call.store.replace("/", ":").rpartition(":")[2] for call in CODE_CALLS[function]} <= named


@pytest.mark.parametrize("function", FUNCTIONS)
def test_lambda_may_run_a_function_and_poll_and_keep_failures_with_its_role(
    prod: Programs, policies: Policies, stores: Stores, functions: Mapping[str, Recorded], function: str
) -> None:
    recorded = functions[function]
    requests = [*requests_of_lambda(recorded), *requests_of_invocations(recorded, prod, stores)]
    assert refusals(policies, stores, role_of(recorded["role"]), requests) == []


def test_the_pipe_may_follow_the_stream_announce_and_keep_failures(
    prod: Programs, policies: Policies, stores: Stores
) -> None:
    pipe = prod["processing"].one("pipes/pipe:Pipe")
    assert refusals(policies, stores, role_of(pipe["roleArn"]), requests_of_pipe(pipe, stores)) == []


def test_api_gateway_may_log_with_the_accounts_role(
    prod: Programs, policies: Policies, stores: Stores
) -> None:
    role = role_of(prod["edge"].one("apigateway/account:Account")["cloudwatchRoleArn"])
    assert refusals(policies, stores, role, requests_of_gateway_logs()) == []


@pytest.mark.parametrize(
    ("layer", "name", "sid"),
    [
        ("processing", "fraud", "SendMessagesEncrypted"),
        ("processing", "fraud", "KeepFailuresEncrypted"),
        ("processing", "notify", "ConsumeMessagesEncrypted"),
        ("edge", "api", "StoreItemsEncrypted"),
    ],
)
def test_a_function_without_the_key_of_a_store_is_refused(
    prod: Programs, stores: Stores, layer: str, name: str, sid: str
) -> None:
    changed = without_statement(prod, layer, "iam/rolePolicy:RolePolicy", f"{name}-permissions", sid)
    function = prod[layer].one("lambda/function:Function", f"{name}-function")
    requests = list(requests_of_invocations(function, prod, stores))
    requests += [each for call in CODE_CALLS[name] for each in requests_of_code(call, name, stores)]
    found = refusals(Policies(changed), stores, f"fraud-pipeline-{name}", requests)
    assert found
    assert all("kms:" in refusal for refusal in found)
