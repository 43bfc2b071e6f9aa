"""Multi-window burn-rate alarms of a service level.

The metric is 1 for a bad event and 0 for a good one, so its Average is the ratio of bad events. A burn rate
of 1 spends the error budget of 30 days in 30 days. Each rate is measured over two windows: the long window
shows that the problem is significant, the short window that it persists.

https://sre.google/workbook/alerting-on-slos/
"""

from dataclasses import dataclass

from shared.alarms import Alarm, CompositeAlarm, Metric, alarm_condition, join_with_and, join_with_or
from shared.names import Names

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@dataclass(frozen=True, kw_only=True)
class BurnRate:
    """A burn rate with its two windows."""

    rate: float
    long_seconds: int
    short_seconds: int


BURN_RATES = (
    BurnRate(rate=14.4, long_seconds=_HOUR, short_seconds=5 * _MINUTE),
    BurnRate(rate=6, long_seconds=6 * _HOUR, short_seconds=30 * _MINUTE),
    BurnRate(rate=1, long_seconds=3 * _DAY, short_seconds=6 * _HOUR),
)
# With fewer bad events in six hours, the ratio is not significant: one of five is 20 %.
MINIMUM_BAD_EVENTS = 10
_COUNT_SECONDS = 6 * _HOUR


@dataclass(frozen=True, kw_only=True)
class ServiceLevel:
    """`target`: the share of good events. `namespace`, `metric`, `dimensions`: the metric of bad events."""

    layer: str
    name: str
    target: float
    namespace: str
    metric: str
    dimensions: dict[str, str]
    runbook: str
    summary: str

    def alarms(self, names: Names) -> tuple[Alarm, ...]:
        """An alarm for each window and one for the minimum of bad events. None of them notifies."""
        windows = [
            self._window_alarm(names, burn, seconds)
            for burn in BURN_RATES
            for seconds in (burn.long_seconds, burn.short_seconds)
        ]
        return (*windows, self._minimum_alarm(names))

    def composite(self, names: Names) -> CompositeAlarm:
        """In state ALARM while both windows of any burn rate are, and there are enough bad events."""
        children = tuple(alarm.physical_name for alarm in self.alarms(names))
        *windows, minimum = map(alarm_condition, children)
        # The long and the short window of each burn rate.
        pairs = [join_with_and(pair) for pair in zip(windows[::2], windows[1::2], strict=True)]
        return CompositeAlarm(
            name=self.name,
            physical_name=names.alarm(self.layer, self.name),
            rule=f"{minimum} AND {join_with_or(pairs)}",
            children=children,
            severity="page",
            runbook=self.runbook,
            summary=f"{self.summary} The error budget of 30 days is spent 14.4, 6 or 1 times too fast.",
        )

    def _window_alarm(self, names: Names, burn: BurnRate, seconds: int) -> Alarm:
        name = f"{self.name}-{burn.rate:g}x-{_format_window(seconds)}".replace(".", "-")
        threshold = round(burn.rate * (1 - self.target), 6)
        return Alarm(
            name=name,
            physical_name=names.alarm(self.layer, name),
            metrics=(self._metric("Average"),),
            threshold=threshold,
            comparison="GreaterThanThreshold",
            period_seconds=seconds,
            severity="page",
            runbook=self.runbook,
            summary=f"{self.summary} Burn rate {burn.rate:g} over {_format_window(seconds)}.",
            notifies=False,
        )

    def _minimum_alarm(self, names: Names) -> Alarm:
        name = f"{self.name}-minimum"
        return Alarm(
            name=name,
            physical_name=names.alarm(self.layer, name),
            metrics=(self._metric("Sum"),),
            threshold=MINIMUM_BAD_EVENTS,
            period_seconds=_COUNT_SECONDS,
            severity="page",
            runbook=self.runbook,
            summary=(
                f"{self.summary} At least {MINIMUM_BAD_EVENTS} bad events in"
                f" {_format_window(_COUNT_SECONDS)}."
            ),
            notifies=False,
        )

    def _metric(self, statistic: str) -> Metric:
        return Metric(
            namespace=self.namespace, name=self.metric, dimensions=self.dimensions, statistic=statistic
        )


def _format_window(seconds: int) -> str:
    for unit, letter in ((_DAY, "d"), (_HOUR, "h")):
        if seconds >= unit and seconds % unit == 0:
            return f"{seconds // unit}{letter}"
    return f"{seconds // _MINUTE}m"
