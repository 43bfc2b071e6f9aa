"""The part of the bill that does not depend on the number of transactions, for a month."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from operations.cost import assumptions, prices
from operations.cost.declared import DeclaredEnvironment, LayerResources
from operations.cost.estimate import HOURS_PER_MONTH, SECONDS_PER_MONTH, CostLine
from operations.cost.typical_transaction import TypicalTransaction

_METRICS_PER_METHOD = 5  # Count, Latency, IntegrationLatency, 4XXError, 5XXError
# As Lambda polls a stream. AWS documents no number for pipes.
_STREAM_POLLS_PER_SECOND = 4
# Custom metrics that exist only for an alarm. The functions write the others for dashboards and queries.
_ALARM_METRICS = frozenset({"DecidedLate"})
_QUEUE_READER = "lambda/eventSourceMapping:EventSourceMapping"
# A queue without a reader is empty. Its key is not used.
_ENCRYPTED_TYPES = (
    "dynamodb/table:Table",
    "sns/topic:Topic",
    "cloudwatch/eventBus:EventBus",
    _QUEUE_READER,
)
_fixed_line = partial(CostLine, "fixed")
_alarm_line = partial(CostLine, "alarms")


@dataclass(frozen=True)
class MonthlyCosts:
    """The lines of an environment. `typical`: the custom metrics of each function."""

    declared: DeclaredEnvironment
    typical: TypicalTransaction

    def lines(self) -> Iterator[CostLine]:
        """All lines, including those with a quantity of 0."""
        yield from self._network_lines()
        yield from self._firewall_lines()
        yield from self._key_lines()
        yield from self._poll_lines()
        yield from self._metric_lines()
        yield from self._alarm_lines()

    def _network_lines(self) -> Iterator[CostLine]:
        zones = sum(
            len(endpoint["subnetIds"])
            for endpoint in self.declared.find("ec2/vpcEndpoint:VpcEndpoint")
            if endpoint["vpcEndpointType"] == "Interface"
        )
        hours = zones * HOURS_PER_MONTH
        yield _fixed_line("foundation", "VPC endpoints", f"{zones} interfaces", hours, prices.ENDPOINT_HOUR)

    def _firewall_lines(self) -> Iterator[CostLine]:
        web_acls = self.declared.web_acls
        rules = sum(len(web_acl["rules"]) for web_acl in web_acls)
        yield _fixed_line("edge", "WAF", "web ACL", len(web_acls), prices.WEB_ACL)
        yield _fixed_line("edge", "WAF", "rules", rules, prices.WEB_ACL_RULE)

    def _key_lines(self) -> Iterator[CostLine]:
        keys = len(self.declared.find("kms/key:Key")) - self.declared.alarm_keys
        yield _fixed_line("foundation", "KMS", "keys", keys, prices.KEY)
        encrypted = sum(
            len(self.declared.layers[layer].find(type_))
            for layer in ("data", "processing")
            for type_ in _ENCRYPTED_TYPES
        )
        intervals = SECONDS_PER_MONTH / assumptions.KEY_CACHE_SECONDS.value
        requests = encrypted * assumptions.KEY_CALLERS.value * intervals
        yield _fixed_line("foundation", "KMS", "requests for data keys", requests, prices.KEY_REQUEST)

    def _poll_lines(self) -> Iterator[CostLine]:
        polls = assumptions.POLLERS.value * SECONDS_PER_MONTH / assumptions.POLL_SECONDS.value
        for layer, resources in self.declared.layers.items():
            readers = len(resources.find(_QUEUE_READER))
            yield _fixed_line(layer, "SQS", "polls of queues", readers * polls, prices.QUEUE_REQUEST)
        shards = self.declared.stream_shards
        yield _fixed_line(
            "processing",
            "DynamoDB",
            f"pipe: reads of {shards} shards of the stream, if they are not free as those of Lambda are",
            shards * _STREAM_POLLS_PER_SECOND * SECONDS_PER_MONTH,
            prices.STREAM_READ,
            is_certain=False,
        )

    def _metric_lines(self) -> Iterator[CostLine]:
        for name, usage in self.typical.functions.items():
            if name not in self.declared.functions:
                continue
            layer = self.declared.functions[name].layer
            metrics, alarm_metrics = usage.metrics - _ALARM_METRICS, usage.metrics & _ALARM_METRICS
            item = f"{name}: custom metrics"
            yield _fixed_line(layer, "CloudWatch", item, len(metrics), prices.CUSTOM_METRIC)
            yield _alarm_line(layer, "CloudWatch", item, len(alarm_metrics), prices.CUSTOM_METRIC)
        detailed = self.declared.detailed_methods * _METRICS_PER_METHOD
        yield _fixed_line("edge", "CloudWatch", "metrics of API methods", detailed, prices.CUSTOM_METRIC)

    def _alarm_lines(self) -> Iterator[CostLine]:
        """The price of alarms as in ADR 24. The first layers use the free tier up."""
        yield _alarm_line("foundation", "KMS", "key of alarms", self.declared.alarm_keys, prices.KEY)
        metrics, dashboards = prices.FREE_ALARM_METRICS, prices.FREE_DASHBOARDS
        for layer, resources in self.declared.layers.items():
            billed, metrics = _use_free_tier(_count_alarm_metrics(resources), metrics)
            yield _alarm_line(layer, "CloudWatch", "metrics of alarms", billed, prices.ALARM_METRIC)
            composites = len(resources.find("cloudwatch/compositeAlarm:CompositeAlarm"))
            yield _alarm_line(layer, "CloudWatch", "composite alarms", composites, prices.COMPOSITE_ALARM)
            count = len(resources.find("cloudwatch/dashboard:Dashboard"))
            billed, dashboards = _use_free_tier(count, dashboards)
            yield _alarm_line(layer, "CloudWatch", "dashboards", billed, prices.DASHBOARD)


def _count_alarm_metrics(resources: LayerResources) -> int:
    """The metrics that alarms read. An alarm without queries reads one."""
    return sum(
        sum("metric" in query for query in alarm.get("metricQueries") or ()) or 1
        for alarm in resources.find("cloudwatch/metricAlarm:MetricAlarm")
    )


def _use_free_tier(count: int, free: int) -> tuple[int, int]:
    """The billed part of `count`, and the rest of the free tier."""
    return max(count - free, 0), max(free - count, 0)
