"""The route for batches, which has a share of the rate of transactions."""

import json

import pytest

from functions.api.post_batch import LONGEST_STORE_MS
from functions.common.http.batch_schema import build_batch_schema
from functions.common.runtime.aws_clients import CONFIG
from shared.configuration import SettingsError
from stacks.edge.settings import EdgeSettings
from tests.stacks.conftest import Programs
from tests.stacks.recording import RecordedProgram, run_program

BATCHES_PER_SECOND = 20


@pytest.fixture(scope="module")
def edge_with_batches(prod: Programs) -> RecordedProgram:
    upstream = {name: prod[name] for name in ("foundation", "data")}
    return run_program(
        "edge", "prod", upstream, {"fraud-edge:batchRequestsPerSecond": str(BATCHES_PER_SECOND)}
    )


def _limits(program: RecordedProgram) -> dict[str, tuple[int, int]]:
    return {
        settings["methodPath"]: (
            settings["settings"]["throttlingRateLimit"],
            settings["settings"]["throttlingBurstLimit"],
        )
        for settings in program.find_all("apigateway/methodSettings:MethodSettings")
    }


def test_C6_both_routes_accept_1000_transactions_a_second_together(
    edge_with_batches: RecordedProgram,
) -> None:
    limits = _limits(edge_with_batches)
    # API Gateway encodes the slashes in the path of a nested resource.
    assert limits["~1transactions~1batch/POST"] == (BATCHES_PER_SECOND, BATCHES_PER_SECOND)
    assert limits["transactions/POST"] == (500, 180)
    assert limits["transactions/POST"][0] + 25 * BATCHES_PER_SECOND == 1000


def test_C6_single_route_has_the_whole_rate_without_batches(edge: RecordedProgram) -> None:
    assert _limits(edge)["transactions/POST"][0] == 1000
    assert "transactions-batch" not in [
        resource.name for resource in edge.find_all("apigateway/resource:Resource")
    ]


def test_R1_batch_route_is_below_the_single_route(edge_with_batches: RecordedProgram) -> None:
    resource = edge_with_batches.find_one("apigateway/resource:Resource", "transactions-batch")
    assert (resource["pathPart"], resource["parentId"]) == ("batch", "transactions-id")


def test_R1_signed_batch_invokes_the_api_function(edge_with_batches: RecordedProgram) -> None:
    method = edge_with_batches.find_one("apigateway/method:Method", "post-batch")
    integration = edge_with_batches.find_one("apigateway/integration:Integration", "batch-function")
    assert (method["httpMethod"], method["authorization"]) == ("POST", "AWS_IAM")
    assert method["resourceId"] == integration["resourceId"] == "transactions-batch-id"
    name = edge_with_batches.outputs["api_function_name"]
    assert f"function:{name}/invocations" in integration["uri"]


def test_R1_each_method_may_invoke_the_api_function_by_its_own_permission(
    edge_with_batches: RecordedProgram,
) -> None:
    outputs = edge_with_batches.outputs
    arns = {
        permission.name: permission["sourceArn"]
        for permission in edge_with_batches.find_all("lambda/permission:Permission")
    }
    assert arns["api-apigateway"] == outputs["api_arn"]
    assert arns["api-apigateway-batch"] == outputs["transactions_batch_api_arn"]
    assert outputs["transactions_batch_api_arn"].endswith("/v1/POST/transactions/batch")
    assert outputs["transactions_batch_url"] == "https://api.example/v1/transactions/batch"


def test_R3_gateway_checks_the_envelope_of_a_batch(edge_with_batches: RecordedProgram) -> None:
    model = edge_with_batches.find_one("apigateway/model:Model", "transactions")
    method = edge_with_batches.find_one("apigateway/method:Method", "post-batch")
    assert model.document("schema") == build_batch_schema("Transactions")
    assert method["requestModels"] == {"application/json": model["name"]}
    (entries,) = json.loads(model["schema"])["properties"].values()
    assert (entries["minItems"], entries["maxItems"], entries["items"]) == (1, 25, {"type": "object"})


def test_failed_transactions_of_batches_have_an_alarm(
    edge: RecordedProgram, edge_with_batches: RecordedProgram
) -> None:
    name = "fraud-pipeline-edge-batch-failures"
    alarms = {
        alarm["name"]: alarm for alarm in edge_with_batches.find_all("cloudwatch/metricAlarm:MetricAlarm")
    }
    assert (alarms[name]["metricName"], alarms[name]["dimensions"]) == ("RequestsFailed", {"service": "api"})
    assert name not in [alarm["name"] for alarm in edge.find_all("cloudwatch/metricAlarm:MetricAlarm")]


def test_environment_local_has_the_route(local: Programs) -> None:
    assert local["edge"].outputs["transactions_batch_url"]


@pytest.mark.parametrize("rate", [-1, 40])
def test_batch_rate_leaves_some_rate_for_the_single_route(prod: Programs, rate: int) -> None:
    upstream = {name: prod[name] for name in ("foundation", "data")}
    with pytest.raises(SettingsError):
        run_program("edge", "prod", upstream, {"fraud-edge:batchRequestsPerSecond": str(rate)})


def test_bursts_of_both_routes_are_within_the_reserved_concurrency() -> None:
    settings = EdgeSettings(batch_requests_per_second=39)
    reserved = settings.api.reserved_concurrency
    assert settings.transactions_burst + settings.batch_requests_per_second == reserved
    with pytest.raises(ValueError, match="throttleBurst"):
        EdgeSettings(batch_requests_per_second=39, throttle_burst=reserved - 38)


def test_api_function_has_time_for_the_slowest_transaction() -> None:
    attempts = CONFIG.retries["total_max_attempts"]
    write_seconds = attempts * (CONFIG.connect_timeout + CONFIG.read_timeout)
    # The guard and the transaction.
    assert 2 * write_seconds * 1000 <= LONGEST_STORE_MS
    assert EdgeSettings().api.timeout_seconds * 1000 >= LONGEST_STORE_MS + 5000
