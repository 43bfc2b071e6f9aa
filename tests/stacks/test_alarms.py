"""The alarm tables: registered resources, AWS's metrics, CloudWatch's limits, and costs."""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import pytest
from botocore.loaders import Loader

from functions.common.runtime.telemetry import METRICS_NAMESPACE
from operations.cost import prices
from shared.alarms import RUNBOOKS, Alarm, AlarmTable, Metric
from shared.names import FUNCTIONS
from tests.stacks.aws_metrics import METRICS
from tests.stacks.conftest import Programs
from tests.stacks.recording import ROOT, RecordedProgram
from tests.stacks.tables import read_alarms, read_tables

ALARMS = [alarm for table in read_tables().values() for alarm in table.alarms]
COMPOSITES = [composite for table in read_tables().values() for composite in table.composites]
BY_NAME = [pytest.param(alarm, id=alarm.physical_name) for alarm in ALARMS]
# Custom metrics that exist only for an alarm. The functions write the others for dashboard and queries.
OWN_METRICS = ("DecidedLate",)
MAX_USD = 6.00
PIPELINE = frozenset({"foundation", "data", "processing", "edge"})
DAY_SECONDS, WEEK_SECONDS, HOUR_SECONDS = 86400, 604800, 3600
MAX_METRICS = 10
# The resource type and the property that each dimension names.
NAMED = {
    "QueueName": ("sqs/queue:Queue", "name"),
    "FunctionName": ("lambda/function:Function", "name"),
    "PipeName": ("pipes/pipe:Pipe", "name"),
    "RuleName": ("cloudwatch/eventRule:EventRule", "name"),
    "EventBusName": ("cloudwatch/eventBus:EventBus", "name"),
    "TopicName": ("sns/topic:Topic", "name"),
    "TableName": ("dynamodb/table:Table", "name"),
    "ApiName": ("apigateway/restApi:RestApi", "name"),
}
# Registered resources without an alarm, with the reason.
UNWATCHED = {
    "fraud-operations": "An alarm on the alarm topic would be published to it. `status` shows its addresses.",
    "fraud-key-state": "Its target is the alarm topic. `invoke health` shows the state of keys.",
}
SERVICES = FUNCTIONS


def registered_names(programs: Programs) -> dict[str, set[str]]:
    """The names of the registered resources by dimension."""
    return {
        dimension: {resource[key] for program in programs.values() for resource in program.find_all(type_)}
        for dimension, (type_, key) in NAMED.items()
    }


def find_unknown_dimensions(alarm: Alarm, names: Mapping[str, Collection[str]]) -> list[str]:
    return [
        f"{dimension}={value}"
        for metric in alarm.metrics
        for dimension, value in metric.dimensions.items()
        if value not in names.get(dimension, SERVICES)
    ]


@pytest.mark.parametrize("alarm", BY_NAME)
def test_dimensions_of_an_alarm_name_registered_resources(alarm: Alarm, prod: Programs) -> None:
    assert find_unknown_dimensions(alarm, registered_names(prod)) == []


def test_wrong_name_in_a_dimension_is_detected(prod: Programs) -> None:
    alarm = next(alarm for alarm in ALARMS if "QueueName" in alarm.metrics[0].dimensions)
    seeded = replace(alarm, metrics=(replace(alarm.metrics[0], dimensions={"QueueName": "suspicous"}),))
    assert find_unknown_dimensions(seeded, registered_names(prod)) == ["QueueName=suspicous"]


@pytest.mark.parametrize("alarm", BY_NAME)
def test_metrics_of_an_alarm_are_documented_by_aws(alarm: Alarm) -> None:
    for metric in alarm.metrics:
        if metric.namespace == METRICS_NAMESPACE:
            assert tuple(metric.dimensions) == ("service",)
        else:
            documented = METRICS[metric.namespace][metric.name]
            assert tuple(sorted(metric.dimensions)) in documented, metric


def test_functions_write_the_custom_metrics_of_the_tables() -> None:
    tables = read_tables().values()
    metrics = [
        metric for table in tables for entry in (*table.alarms, *table.graphs) for metric in entry.metrics
    ]
    own = {
        (metric.dimensions["service"], metric.name)
        for metric in metrics
        if metric.namespace == METRICS_NAMESPACE
    }
    assert own >= {("api", "TransactionsAccepted"), ("fraud", "TransactionsScored"), ("fraud", "DecidedLate")}
    for service, name in own:
        sources = (ROOT / "functions" / service).rglob("*.py")
        assert any(f'"{name}"' in source.read_text() for source in sources), f"{service} {name}"


def test_every_resource_has_an_alarm_or_a_reason_for_none(prod: Programs) -> None:
    watched = {value for alarm in ALARMS for metric in alarm.metrics for value in metric.dimensions.values()}
    names = {name for values in registered_names(prod).values() for name in values}
    assert names - watched == set(UNWATCHED)


@pytest.mark.parametrize("queue", ["pipe-failures", "events-failures", "fraud-failures", "suspicious-dlq"])
def test_every_failure_queue_has_an_alarm_on_its_depth(queue: str) -> None:
    depths = {
        metric.dimensions["QueueName"]
        for alarm in ALARMS
        for metric in alarm.metrics
        if metric.name == "ApproximateNumberOfMessagesVisible" and alarm.threshold == 1
    }
    assert queue in depths


def test_every_queue_has_an_alarm_on_depth_or_age(prod: Programs) -> None:
    """A new failure queue needs an alarm on its depth, a new source queue needs one on its age."""
    metrics = {
        True: "ApproximateAgeOfOldestMessage",
        False: "ApproximateNumberOfMessagesVisible",
    }
    for queue in [queue for program in prod.values() for queue in program.find_all("sqs/queue:Queue")]:
        expected = Metric(
            namespace="AWS/SQS",
            name=metrics["redrivePolicy" in queue.inputs],
            dimensions={"QueueName": queue["name"]},
            statistic="Maximum",
        )
        assert any(expected in alarm.metrics for alarm in ALARMS), queue["name"]


@pytest.mark.parametrize("alarm", BY_NAME)
def test_evaluation_of_an_alarm_is_within_the_limits_of_cloudwatch(alarm: Alarm) -> None:
    total = alarm.period_seconds * alarm.evaluation_periods
    assert alarm.period_seconds % 60 == 0
    assert total <= (WEEK_SECONDS if alarm.period_seconds >= HOUR_SECONDS else DAY_SECONDS)
    assert 1 <= len(alarm.metrics) <= MAX_METRICS
    assert (alarm.expression is None) == (len(alarm.metrics) == 1)
    assert (alarm.datapoints_to_alarm or 1) <= alarm.evaluation_periods


@pytest.mark.parametrize("alarm", BY_NAME)
def test_values_and_lengths_of_an_alarm_match_the_api(alarm: Alarm) -> None:
    shapes: dict[str, Any] = Loader().load_service_model("cloudwatch", "service-2")["shapes"]
    assert alarm.comparison in shapes["ComparisonOperator"]["enum"]
    assert len(alarm.description) <= shapes["AlarmDescription"]["max"]
    assert len(alarm.physical_name) <= shapes["AlarmName"]["max"]
    for metric in alarm.metrics:
        assert metric.statistic in shapes["Statistic"]["enum"] or metric.statistic.startswith("p")
        if alarm.expression:
            assert metric.id in alarm.expression


def test_names_of_alarms_are_unique() -> None:
    names = [alarm.physical_name for alarm in (*ALARMS, *COMPOSITES)]
    assert len(set(names)) == len(names)


def test_every_runbook_has_the_required_headings() -> None:
    files = {alarm.runbook for alarm in (*ALARMS, *COMPOSITES)} | {"key-state.md", "budget.md"}
    for file in sorted(files):
        text = (ROOT / RUNBOOKS / file).read_text()
        for heading in ("Symptom", "First look", "Cause", "Repair", "Verification"):
            assert heading in text, f"{file}: {heading}"


def test_monitoring_costs_at_most_six_dollars_a_month(prod: Programs) -> None:
    """The limit applies to the layers of the pipeline, not to added layers."""
    assert calculate_cost_usd(select_pipeline(prod)) <= MAX_USD


def test_another_alarm_would_exceed_the_limit(prod: Programs) -> None:
    """The budget is used up. A new alarm replaces an old one or needs a change of ADR 24."""
    assert calculate_cost_usd(select_pipeline(prod)) + prices.ALARM_METRIC.usd > MAX_USD


def test_dashboards_are_within_the_free_tier() -> None:
    tables = [table for layer, table in read_tables().items() if layer in PIPELINE]
    assert len(tables) <= prices.FREE_DASHBOARDS
    assert all(count_metrics(table) <= prices.FREE_METRICS_PER_DASHBOARD for table in tables)


def count_metrics(table: AlarmTable) -> int:
    """The number of metrics on the dashboard, which determines its price."""
    graphs = [graph.metrics for graph in table.graphs]
    graphs += [alarm.metrics for alarm in table.alarms if alarm.notifies]
    return sum(len(metrics) for metrics in graphs)


def select_pipeline(programs: Programs) -> Programs:
    """The layers of the pipeline, without added layers."""
    return {layer: program for layer, program in programs.items() if layer in PIPELINE}


def calculate_cost_usd(programs: Programs) -> float:
    """The monthly costs of the registered resources. CloudWatch charges for each metric of an alarm."""
    alarms = sum(
        len([query for query in alarm.inputs.get("metricQueries", []) if "metric" in query]) or 1
        for alarm in find_resources(programs, "cloudwatch/metricAlarm:MetricAlarm")
    )
    composites = len(find_resources(programs, "cloudwatch/compositeAlarm:CompositeAlarm"))
    dashboards = len(find_resources(programs, "cloudwatch/dashboard:Dashboard"))
    return round(
        prices.KEY.usd
        + prices.CUSTOM_METRIC.usd * len(OWN_METRICS)
        + prices.ALARM_METRIC.usd * max(alarms - prices.FREE_ALARM_METRICS, 0)
        + prices.COMPOSITE_ALARM.usd * composites
        + prices.DASHBOARD.usd * max(dashboards - prices.FREE_DASHBOARDS, 0),
        2,
    )


def find_resources(programs: Programs, type_: str) -> list[Any]:
    return [resource for program in programs.values() for resource in program.find_all(type_)]


def test_registered_alarms_are_those_of_the_tables(prod: Programs) -> None:
    names = {alarm["name"] for alarm in find_resources(prod, "cloudwatch/metricAlarm:MetricAlarm")}
    assert names == {alarm.physical_name for alarm in ALARMS}
    composites = {
        alarm["alarmName"] for alarm in find_resources(prod, "cloudwatch/compositeAlarm:CompositeAlarm")
    }
    assert composites == {alarm.physical_name for alarm in COMPOSITES}


def test_alarm_notifies_operations_when_it_starts_and_ends(prod: Programs) -> None:
    topic = prod["foundation"].outputs["operations_topic_arn"]
    silent = {alarm.physical_name for alarm in ALARMS if not alarm.notifies}
    for alarm in find_resources(prod, "cloudwatch/metricAlarm:MetricAlarm"):
        expected = None if alarm["name"] in silent else [topic]
        assert (alarm.inputs.get("alarmActions"), alarm.inputs.get("okActions")) == (expected, expected)
    for alarm in find_resources(prod, "cloudwatch/compositeAlarm:CompositeAlarm"):
        assert alarm["alarmActions"] == alarm["okActions"] == [topic]


def test_alarm_without_notification_is_part_of_a_composite_alarm() -> None:
    children = {child for composite in COMPOSITES for child in composite.children}
    assert {alarm.physical_name for alarm in ALARMS if not alarm.notifies} == children


def test_description_names_the_severity_and_the_runbook(prod: Programs) -> None:
    kinds = ("cloudwatch/metricAlarm:MetricAlarm", "cloudwatch/compositeAlarm:CompositeAlarm")
    for alarm in [alarm for kind in kinds for alarm in find_resources(prod, kind)]:
        assert f"Runbook: {RUNBOOKS}/" in alarm["alarmDescription"]
        assert "Severity: " in alarm["alarmDescription"]


def test_thresholds_of_functions_follow_their_settings(processing: RecordedProgram) -> None:
    alarms = {alarm.name: alarm for alarm in read_alarms()["processing"]}
    function = processing.find_one("lambda/function:Function", "fraud-function")
    assert alarms["fraud-duration"].threshold == pytest.approx(function["timeout"] * 900)
    reserved = function["reservedConcurrentExecutions"]
    assert alarms["fraud-concurrency"].threshold == pytest.approx(reserved * 0.9)


def test_function_without_a_concurrency_alarm_cannot_reach_its_reservation(
    processing: RecordedProgram,
) -> None:
    mapping = processing.find_one("lambda/eventSourceMapping:EventSourceMapping", "suspicious")
    reserved = processing.find_one("lambda/function:Function", "notify-function")[
        "reservedConcurrentExecutions"
    ]
    assert mapping["scalingConfig"]["maximumConcurrency"] < reserved * 0.9


def test_widgets_of_a_dashboard_do_not_overlap(prod: Programs) -> None:
    for dashboard in find_resources(prod, "cloudwatch/dashboard:Dashboard"):
        cells = [
            (x, y)
            for widget in json.loads(dashboard["dashboardBody"])["widgets"]
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        ]
        assert len(set(cells)) == len(cells)
        assert max(x for x, _ in cells) < 24
