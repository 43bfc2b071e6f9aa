"""The routes for batches, `/transactions/batch` and `/transactions/historic`.

They have a share of the rate of transactions.
"""

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
HISTORIC_PER_SECOND = 10


@pytest.fixture(scope="module")
def edge_with_batches(prod: Programs) -> RecordedProgram:
    upstream = {name: prod[name] for name in ("foundation", "data")}
    config = {
        "fraud-edge:batchRequestsPerSecond": str(BATCHES_PER_SECOND),
        "fraud-edge:historicRequestsPerSecond": str(HISTORIC_PER_SECOND),
    }
    return run_program("edge", "prod", upstream, config)


def _limits(program: RecordedProgram) -> dict[str, tuple[int, int]]:
    return {
        settings["methodPath"]: (
            settings["settings"]["throttlingRateLimit"],
            settings["settings"]["throttlingBurstLimit"],
        )
        for settings in program.find_all("apigateway/methodSettings:MethodSettings")
    }


def test_C6_all_routes_accept_1000_transactions_a_second_together(
    edge_with_batches: RecordedProgram,
) -> None:
    limits = _limits(edge_with_batches)
    # API Gateway encodes the slashes in the path of a nested resource.
    assert limits["~1transactions~1batch/POST"] == (BATCHES_PER_SECOND, BATCHES_PER_SECOND)
    assert limits["~1transactions~1historic/POST"] == (HISTORIC_PER_SECOND, HISTORIC_PER_SECOND)
    assert limits["transactions/POST"] == (250, 170)
    assert limits["transactions/POST"][0] + 25 * (BATCHES_PER_SECOND + HISTORIC_PER_SECOND) == 1000


def test_C6_single_route_has_the_whole_rate_without_batches(edge: RecordedProgram) -> None:
    assert _limits(edge)["transactions/POST"][0] == 1000
    paths = {resource.name for resource in edge.find_all("apigateway/resource:Resource")}
    assert paths == {"transactions", "labels"}


@pytest.mark.parametrize("name", ["batch", "historic"])
def test_R1_route_for_batches_is_below_the_single_route(
    edge_with_batches: RecordedProgram, name: str
) -> None:
    resource = edge_with_batches.find_one("apigateway/resource:Resource", f"transactions-{name}")
    assert (resource["pathPart"], resource["parentId"]) == (name, "transactions-id")


@pytest.mark.parametrize("name", ["batch", "historic"])
def test_R1_signed_batch_invokes_the_api_function(edge_with_batches: RecordedProgram, name: str) -> None:
    method = edge_with_batches.find_one("apigateway/method:Method", f"post-{name}")
    integration = edge_with_batches.find_one("apigateway/integration:Integration", f"{name}-function")
    assert (method["httpMethod"], method["authorization"]) == ("POST", "AWS_IAM")
    assert method["resourceId"] == integration["resourceId"] == f"transactions-{name}-id"
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
    assert arns["api-apigateway-historic"] == outputs["historic_api_arn"]
    assert outputs["historic_api_arn"].endswith("/v1/POST/transactions/historic")
    assert outputs["historic_url"] == "https://api.example/v1/transactions/historic"


@pytest.mark.parametrize(
    ("body", "method_name"), [("transactions", "post-batch"), ("historic", "post-historic")]
)
def test_R3_gateway_checks_the_envelope_of_a_batch(
    edge_with_batches: RecordedProgram, body: str, method_name: str
) -> None:
    model = edge_with_batches.find_one("apigateway/model:Model", body)
    method = edge_with_batches.find_one("apigateway/method:Method", method_name)
    assert model.document("schema") == build_batch_schema(body.capitalize())
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


def test_environment_local_has_the_routes(local: Programs) -> None:
    assert local["edge"].outputs["transactions_batch_url"]
    assert local["edge"].outputs["historic_url"]


@pytest.mark.parametrize("rate", [-1, 40])
def test_batch_rate_leaves_some_rate_for_the_single_route(prod: Programs, rate: int) -> None:
    upstream = {name: prod[name] for name in ("foundation", "data")}
    with pytest.raises(SettingsError):
        run_program("edge", "prod", upstream, {"fraud-edge:batchRequestsPerSecond": str(rate)})


def test_rates_of_both_routes_for_batches_leave_some_rate_for_the_single_route() -> None:
    EdgeSettings(batch_requests_per_second=20, historic_requests_per_second=19)
    with pytest.raises(ValueError, match="historicRequestsPerSecond"):
        EdgeSettings(batch_requests_per_second=20, historic_requests_per_second=20)


def test_historic_route_can_be_the_only_one_for_batches() -> None:
    settings = EdgeSettings(historic_requests_per_second=20)
    assert [route.path for route in settings.routes] == ["transactions", "labels", "transactions/historic"]
    assert (settings.transactions_per_second, settings.transactions_burst) == (500, 80)


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
