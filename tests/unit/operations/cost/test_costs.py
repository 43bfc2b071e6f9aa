from typing import Any

import pytest

from operations.cost.estimate import Estimate
from tests.unit.operations.cost.environments import (
    STREAM_MAPPING,
    declare,
    estimate,
    find_usd,
    function,
    table,
)

DAY_SECONDS = 86_400


def estimate_fraud(**changes: Any) -> Estimate:
    functions = [function("fraud", **changes), function("merchants"), function("notify")]
    return estimate(declare(processing={"lambda/function:Function": functions}))


def find_traces(result: Estimate, item: str) -> float:
    return sum(line.quantity for line in result.lines if line.service == "X-Ray" and item in line.item)


def test_request_units_are_charged_at_the_price_of_on_demand_capacity() -> None:
    result = estimate(declare())
    usd = sum(find_usd(result, "DynamoDB", f"{name}: ") for name in ("api", "fraud", "merchants"))
    assert usd == pytest.approx(result.write_units * 0.625 + result.read_units * 0.125)


def test_twice_the_memory_costs_twice_as_much() -> None:
    half, whole = (
        find_usd(estimate_fraud(memorySize=size), "Lambda", f"fraud: {size} MB") for size in (512, 1024)
    )
    assert whole == pytest.approx(2 * half)


def test_x86_costs_more_than_arm() -> None:
    arm, x86 = (
        find_usd(estimate_fraud(architectures=[name]), "Lambda", "fraud: 512") for name in ("arm64", "x86_64")
    )
    assert x86 == pytest.approx(1.25 * arm, rel=0.001)


def test_passive_function_records_no_traces_of_its_own() -> None:
    assert find_traces(estimate_fraud(tracingConfig={"mode": "PassThrough"}), "fraud") == 0
    assert find_traces(estimate_fraud(), "fraud") > 0


def test_system_log_at_warn_saves_its_lines() -> None:
    info = find_usd(estimate_fraud(), "CloudWatch Logs", "fraud: log")
    warn = find_usd(estimate_fraud(loggingConfig={"systemLogLevel": "WARN"}), "CloudWatch Logs", "fraud: log")
    assert info - warn == pytest.approx((520 + 2 * 26) / 1000 * 0.5)


def test_default_sampling_traces_one_request_a_second_and_a_twentieth_of_the_others() -> None:
    assert find_traces(estimate(declare(), per_day=DAY_SECONDS), "API") == pytest.approx(1_000_000)
    assert find_traces(estimate(declare(), per_day=21 * DAY_SECONDS), "API") == pytest.approx(2_000_000 / 21)


def test_sampling_rule_replaces_the_default_for_the_api() -> None:
    stage = declare().layers["edge"].by_type | {
        "xray/samplingRule:SamplingRule": [{"reservoirSize": 0.0, "fixedRate": 0.01}]
    }
    assert find_traces(estimate(declare(edge=dict(stage))), "API") == pytest.approx(10_000)


def test_api_without_tracing_has_no_traces() -> None:
    assert find_traces(estimate(declare(edge={"apigateway/stage:Stage": [{}]})), "API") == 0


def test_storage_grows_with_the_retention() -> None:
    short, long = (
        find_usd(estimate(declare(), retention_days=days), "DynamoDB", "transactions: storage")
        for days in (90, 360)
    )
    assert long == pytest.approx(4 * short)


def test_recovery_costs_four_fifths_of_the_storage() -> None:
    tables = [table("transactions", pointInTimeRecovery={"enabled": True}), table("profiles")]
    result = estimate(declare(data={"dynamodb/table:Table": tables}))
    storage = find_usd(result, "DynamoDB", "transactions: storage")
    assert find_usd(result, "DynamoDB", "transactions: recovery") == pytest.approx(0.8 * storage)
    assert find_usd(result, "DynamoDB", "profiles: recovery") == 0


def test_interface_endpoint_costs_its_hours_in_each_zone() -> None:
    endpoints = [
        {"vpcEndpointType": "Gateway"},
        {"vpcEndpointType": "Interface", "subnetIds": ["a", "b", "c"]},
    ]
    result = estimate(declare(foundation={"ec2/vpcEndpoint:VpcEndpoint": endpoints}))
    assert find_usd(result, "VPC endpoints", "interfaces") == pytest.approx(3 * 730 * 0.01)


@pytest.mark.parametrize(
    ("settings", "metrics"),
    [
        ([{"methodPath": "*/*", "settings": {"metricsEnabled": True}}], 10),
        ([{"methodPath": "labels/POST", "settings": {"metricsEnabled": True}}], 5),
        ([{"methodPath": "*/*", "settings": {"metricsEnabled": False}}], 0),
    ],
)
def test_detailed_metrics_of_a_method_are_custom_metrics(
    settings: list[dict[str, Any]], metrics: int
) -> None:
    edge = dict(declare().layers["edge"].by_type) | {
        "apigateway/methodSettings:MethodSettings": settings,
        "apigateway/method:Method": [{}, {}],
    }
    result = estimate(declare(edge=edge))
    assert find_usd(result, "CloudWatch", "API methods") == pytest.approx(0.3 * metrics)


def test_free_tier_of_alarms_is_used_once_for_all_layers() -> None:
    alarms = {"cloudwatch/metricAlarm:MetricAlarm": [{}] * 8}
    layers = {name: dict(declare().layers[name].by_type) | alarms for name in ("data", "processing")}
    assert find_usd(estimate(declare(**layers)), "CloudWatch", "metrics of alarms") == pytest.approx(0.6)


def test_alarm_on_an_expression_costs_each_of_its_metrics() -> None:
    queries = [{"expression": "a + b"}, {"metric": {}}, {"metric": {}}]
    alarms = {"cloudwatch/metricAlarm:MetricAlarm": [{"metricQueries": queries}] * 6}
    assert find_usd(estimate(declare(foundation=alarms)), "CloudWatch", "metrics of") == pytest.approx(0.2)


def test_sums_by_layer_and_by_service_are_the_same_total() -> None:
    result = estimate(declare())
    for sums in (result.sum_monthly(lambda line: line.layer), result.sum_monthly(lambda line: line.service)):
        assert sum(sums.values()) == pytest.approx(result.usd_per_month)


def test_environment_without_transactions_has_fixed_costs_only() -> None:
    result = estimate(declare(), per_day=0)
    fixed = sum(line.usd for line in result.lines if line.part in ("fixed", "alarms"))
    assert result.usd_per_month == pytest.approx(fixed)
    assert result.per_million(result.usd_per_month) is None


def test_merchants_are_written_once_for_each_batch_of_a_shard() -> None:
    result = estimate(declare())
    (batches,) = [line.quantity for line in result.lines if line.item == "merchants: requests"]
    # A window of 60 s for each of four shards.
    assert batches == pytest.approx(4 * 86_400 / 60)
    (writes,) = [line.quantity for line in result.lines if line.item == "merchants: writes to profiles"]
    # One unit for each merchant and category, and one for each batch.
    assert 0.7 < (writes - batches) / 1_000_000 < 0.75


def test_longer_window_saves_writes_of_merchants() -> None:
    def writes(seconds: float) -> float:
        mapping = STREAM_MAPPING | {"maximumBatchingWindowInSeconds": seconds}
        processing = dict(declare().layers["processing"].by_type)
        changed = processing | {"lambda/eventSourceMapping:EventSourceMapping": [mapping]}
        return find_usd(estimate(declare(processing=changed)), "DynamoDB", "merchants: writes")

    assert writes(1) > 2 * writes(60)


def test_device_of_a_transaction_costs_one_write() -> None:
    result = estimate(declare())
    [line] = [line for line in result.lines if line.item == "fraud: writes of devices and IP addresses"]
    assert line.quantity == 1_000_000
    [others] = [line for line in result.lines if line.item == "fraud: writes to profiles"]
    assert others.quantity == 2_000_000


def test_function_that_is_not_declared_costs_nothing() -> None:
    result = estimate(declare(processing={"lambda/function:Function": [function("fraud")]}))
    assert not [line for line in result.lines if line.item.startswith(("notify: ", "merchants: "))]


def test_uncertain_lines_are_in_no_sum() -> None:
    result = estimate(declare())
    assert {line.service for line in result.uncertain_lines} == {"KMS", "DynamoDB"}
    assert all(line.is_certain for line in result.lines)


@pytest.mark.parametrize(
    ("service", "item"),
    [
        ("API Gateway", "requests"),
        ("Lambda", "api: requests"),
    ],
)
def test_batch_of_ten_is_one_request(service: str, item: str) -> None:
    single, batch = (
        find_usd(estimate(declare(), items_per_request=items), service, item) for items in (1, 10)
    )
    assert batch == pytest.approx(single / 10)


@pytest.mark.parametrize(
    ("service", "item"),
    [("CloudWatch Logs", "api: log"), ("Data transfer", "responses"), ("Lambda", "api: 512 MB")],
)
def test_batch_of_ten_costs_less_than_ten_requests(service: str, item: str) -> None:
    single, batch = (
        find_usd(estimate(declare(), items_per_request=items), service, item) for items in (1, 10)
    )
    assert 0 < batch < single / 2


def test_units_of_the_tables_are_the_same_in_batches() -> None:
    single, batch = (estimate(declare(), items_per_request=items) for items in (1, 10))
    assert (batch.write_units, batch.read_units) == (single.write_units, single.read_units)
    assert find_usd(batch, "DynamoDB", "") == pytest.approx(find_usd(single, "DynamoDB", ""))


def test_firewall_costs_its_rules_and_the_requests_that_it_inspects() -> None:
    without = estimate(declare())
    assert find_usd(without, "WAF", "") == 0
    edge = {"lambda/function:Function": [function("api")], "wafv2/webAcl:WebAcl": [{"rules": [{}] * 4}]}
    single = estimate(declare(edge=edge))
    assert single.part_usd("fixed") - without.part_usd("fixed") == pytest.approx(5 + 4 * 1)
    assert find_usd(single, "WAF", "requests") == pytest.approx(0.60)
    batches = estimate(declare(edge=edge), items_per_request=25)
    assert find_usd(batches, "WAF", "requests") == pytest.approx(0.60 / 25)
