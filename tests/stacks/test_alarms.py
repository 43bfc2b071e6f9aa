"""The alarm tables against what the layers register, AWS's metrics, CloudWatch's limits, and the price."""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import pytest
from botocore.loaders import Loader

from functions.common.runtime.telemetry import METRICS_NAMESPACE
from shared.alarms import RUNBOOKS, Alarm, Metric
from shared.dashboard import count_metrics
from tests.stacks import aws_prices
from tests.stacks.aws_metrics import METRICS
from tests.stacks.conftest import Programs
from tests.stacks.recording import ROOT, Program
from tests.stacks.tables import read_alarms, read_tables

ALARMS = [alarm for table in read_tables().values() for alarm in table.alarms]
COMPOSITES = [composite for table in read_tables().values() for composite in table.composites]
BY_NAME = [pytest.param(alarm, id=alarm.physical_name) for alarm in ALARMS]
# Custom metrics that exist for an alarm alone. Functions write the others for the dashboard and by hand.
OWN_METRICS = ("DecidedLate",)
MOST_USD = 6.00
PIPELINE = frozenset({"foundation", "data", "processing", "edge"})
DAY_SECONDS, WEEK_SECONDS, HOUR_SECONDS = 86400, 604800, 3600
MAX_METRICS = 10
# By dimension, the type of resource that it names and the property with the name.
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
# Registered, but named by no alarm, with the reason.
UNWATCHED = {
    "fraud-operations": "An alarm about the topic of alarms would go there. `status` shows its addresses.",
    "fraud-key-state": "Its target is the topic of alarms. `invoke health` shows the state of keys.",
}
SERVICES = ("api", "fraud", "labels", "notify")


def registered(programs: Programs) -> dict[str, set[str]]:
    """By dimension, the names of the resources that the layers register."""
    return {
        dimension: {resource[key] for program in programs.values() for resource in program.all(type_)}
        for dimension, (type_, key) in NAMED.items()
    }


def unknown_dimensions(alarm: Alarm, names: Mapping[str, Collection[str]]) -> list[str]:
    return [
        f"{dimension}={value}"
        for metric in alarm.metrics
        for dimension, value in metric.dimensions.items()
        if value not in names.get(dimension, SERVICES)
    ]


@pytest.mark.parametrize("alarm", BY_NAME)
def test_the_dimensions_of_an_alarm_name_registered_resources(alarm: Alarm, prod: Programs) -> None:
    assert unknown_dimensions(alarm, registered(prod)) == []


def test_a_wrong_name_in_a_dimension_is_found(prod: Programs) -> None:
    alarm = next(alarm for alarm in ALARMS if "QueueName" in alarm.metrics[0].dimensions)
    seeded = replace(alarm, metrics=(replace(alarm.metrics[0], dimensions={"QueueName": "suspicous"}),))
    assert unknown_dimensions(seeded, registered(prod)) == ["QueueName=suspicous"]


@pytest.mark.parametrize("alarm", BY_NAME)
def test_the_metrics_of_an_alarm_are_those_that_aws_documents(alarm: Alarm) -> None:
    for metric in alarm.metrics:
        if metric.namespace == METRICS_NAMESPACE:
            assert tuple(metric.dimensions) == ("service",)
        else:
            documented = METRICS[metric.namespace][metric.name]
            assert tuple(sorted(metric.dimensions)) in documented, metric


def test_the_functions_write_the_metrics_of_their_own_that_are_watched_or_shown() -> None:
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


def test_every_resource_is_watched_or_has_a_reason_not_to_be(prod: Programs) -> None:
    watched = {value for alarm in ALARMS for metric in alarm.metrics for value in metric.dimensions.values()}
    names = {name for values in registered(prod).values() for name in values}
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


def test_a_queue_without_a_dead_letter_queue_is_a_failure_queue(prod: Programs) -> None:
    """So that a new failure queue needs an alarm on its depth, and a new source queue one on its age."""
    metrics = {
        True: "ApproximateAgeOfOldestMessage",
        False: "ApproximateNumberOfMessagesVisible",
    }
    for queue in [queue for program in prod.values() for queue in program.all("sqs/queue:Queue")]:
        wanted = Metric(
            namespace="AWS/SQS",
            name=metrics["redrivePolicy" in queue.inputs],
            dimensions={"QueueName": queue["name"]},
            statistic="Maximum",
        )
        assert any(wanted in alarm.metrics for alarm in ALARMS), queue["name"]


@pytest.mark.parametrize("alarm", BY_NAME)
def test_the_evaluation_of_an_alarm_is_within_cloudwatchs_limits(alarm: Alarm) -> None:
    total = alarm.period_seconds * alarm.evaluation_periods
    assert alarm.period_seconds % 60 == 0
    assert total <= (WEEK_SECONDS if alarm.period_seconds >= HOUR_SECONDS else DAY_SECONDS)
    assert 1 <= len(alarm.metrics) <= MAX_METRICS
    assert (alarm.expression is None) == (len(alarm.metrics) == 1)
    assert (alarm.datapoints_to_alarm or 1) <= alarm.evaluation_periods


@pytest.mark.parametrize("alarm", BY_NAME)
def test_the_enums_and_lengths_of_an_alarm_are_those_of_the_api(alarm: Alarm) -> None:
    shapes: dict[str, Any] = Loader().load_service_model("cloudwatch", "service-2")["shapes"]
    assert alarm.comparison in shapes["ComparisonOperator"]["enum"]
    assert len(alarm.description) <= shapes["AlarmDescription"]["max"]
    assert len(alarm.physical_name) <= shapes["AlarmName"]["max"]
    for metric in alarm.metrics:
        assert metric.statistic in shapes["Statistic"]["enum"] or metric.statistic.startswith("p")
        if alarm.expression:
            assert metric.id in alarm.expression


def test_names_are_unique() -> None:
    names = [alarm.physical_name for alarm in (*ALARMS, *COMPOSITES)]
    assert len(set(names)) == len(names)


def test_every_runbook_exists_with_its_headings() -> None:
    files = {alarm.runbook for alarm in (*ALARMS, *COMPOSITES)} | {"key-state.md", "budget.md"}
    for file in sorted(files):
        text = (ROOT / RUNBOOKS / file).read_text()
        for heading in ("Symptom", "First look", "Cause", "Repair", "Verification"):
            assert heading in text, f"{file}: {heading}"


def test_the_cost_is_at_most_six_dollars_a_month(prod: Programs) -> None:
    """Of the pipeline itself: a further layer pays for its own alarms."""
    assert cost_usd(of_pipeline(prod)) <= MOST_USD


def test_one_more_alarm_would_cost_more(prod: Programs) -> None:
    """The table is full: what is added must replace something, or ADR 24 must be changed."""
    assert cost_usd(of_pipeline(prod)) + aws_prices.ALARM_METRIC > MOST_USD


def test_the_dashboards_are_within_the_free_tier() -> None:
    tables = [table for layer, table in read_tables().items() if layer in PIPELINE]
    assert len(tables) <= aws_prices.FREE_DASHBOARDS
    assert all(count_metrics(table) <= aws_prices.FREE_METRICS_PER_DASHBOARD for table in tables)


def of_pipeline(programs: Programs) -> Programs:
    """The layers of the pipeline, without further ones."""
    return {layer: program for layer, program in programs.items() if layer in PIPELINE}


def cost_usd(programs: Programs) -> float:
    """What the registered resources cost: alarms by the metrics that they read."""
    alarms = sum(
        len([query for query in alarm.inputs.get("metricQueries", []) if "metric" in query]) or 1
        for alarm in every(programs, "cloudwatch/metricAlarm:MetricAlarm")
    )
    composites = len(every(programs, "cloudwatch/compositeAlarm:CompositeAlarm"))
    dashboards = len(every(programs, "cloudwatch/dashboard:Dashboard"))
    return round(
        aws_prices.KEY
        + aws_prices.CUSTOM_METRIC * len(OWN_METRICS)
        + aws_prices.ALARM_METRIC * max(alarms - aws_prices.FREE_ALARM_METRICS, 0)
        + aws_prices.COMPOSITE_ALARM * composites
        + aws_prices.DASHBOARD * max(dashboards - aws_prices.FREE_DASHBOARDS, 0),
        2,
    )


def every(programs: Programs, type_: str) -> list[Any]:
    return [resource for program in programs.values() for resource in program.all(type_)]


def test_what_is_registered_is_what_the_tables_list(prod: Programs) -> None:
    names = {alarm["name"] for alarm in every(prod, "cloudwatch/metricAlarm:MetricAlarm")}
    assert names == {alarm.physical_name for alarm in ALARMS}
    composites = {alarm["alarmName"] for alarm in every(prod, "cloudwatch/compositeAlarm:CompositeAlarm")}
    assert composites == {alarm.physical_name for alarm in COMPOSITES}


def test_an_alarm_tells_operations_when_it_starts_and_when_it_ends(prod: Programs) -> None:
    topic = prod["foundation"].outputs["operations_topic_arn"]
    silent = {alarm.physical_name for alarm in ALARMS if not alarm.notifies}
    for alarm in every(prod, "cloudwatch/metricAlarm:MetricAlarm"):
        wanted = None if alarm["name"] in silent else [topic]
        assert (alarm.inputs.get("alarmActions"), alarm.inputs.get("okActions")) == (wanted, wanted)
    for alarm in every(prod, "cloudwatch/compositeAlarm:CompositeAlarm"):
        assert alarm["alarmActions"] == alarm["okActions"] == [topic]


def test_a_silent_alarm_is_part_of_a_composite_alarm() -> None:
    children = {child for composite in COMPOSITES for child in composite.children}
    assert {alarm.physical_name for alarm in ALARMS if not alarm.notifies} == children


def test_a_description_names_the_severity_and_the_runbook(prod: Programs) -> None:
    kinds = ("cloudwatch/metricAlarm:MetricAlarm", "cloudwatch/compositeAlarm:CompositeAlarm")
    for alarm in [alarm for kind in kinds for alarm in every(prod, kind)]:
        assert f"Runbook: {RUNBOOKS}/" in alarm["alarmDescription"]
        assert "Severity: " in alarm["alarmDescription"]


def test_the_thresholds_of_functions_follow_their_settings(processing: Program) -> None:
    alarms = {alarm.name: alarm for alarm in read_alarms()["processing"]}
    function = processing.one("lambda/function:Function", "fraud-function")
    assert alarms["fraud-duration"].threshold == pytest.approx(function["timeout"] * 900)
    reserved = function["reservedConcurrentExecutions"]
    assert alarms["fraud-concurrency"].threshold == pytest.approx(reserved * 0.9)


def test_the_function_without_a_concurrency_alarm_cannot_reach_its_reservation(processing: Program) -> None:
    mapping = processing.one("lambda/eventSourceMapping:EventSourceMapping", "suspicious")
    reserved = processing.one("lambda/function:Function", "notify-function")["reservedConcurrentExecutions"]
    assert mapping["scalingConfig"]["maximumConcurrency"] < reserved * 0.9


def test_the_widgets_of_a_dashboard_do_not_overlap(prod: Programs) -> None:
    for dashboard in every(prod, "cloudwatch/dashboard:Dashboard"):
        cells = [
            (x, y)
            for widget in json.loads(dashboard["dashboardBody"])["widgets"]
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        ]
        assert len(set(cells)) == len(cells)
        assert max(x for x, _ in cells) < 24
