"""Multi-window burn-rate alarms of a service level, from a metric that is 1 for a bad event and 0 for a good.

The Average of such a metric is the bad ratio. A burn rate of 1 spends the error budget of 30 days in 30 days.
Each rate is measured over a long window and a short one: the long one shows that it matters, the short one
that it still happens. https://sre.google/workbook/alerting-on-slos/
"""

from dataclasses import dataclass

from shared.alarms import Alarm, CompositeAlarm, Metric, all_of, any_of, in_alarm
from shared.names import Names

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@dataclass(frozen=True, kw_only=True)
class Burn:
    """A burn rate with its windows in seconds."""

    rate: float
    long_seconds: int
    short_seconds: int


BURNS = (
    Burn(rate=14.4, long_seconds=_HOUR, short_seconds=5 * _MINUTE),
    Burn(rate=6, long_seconds=6 * _HOUR, short_seconds=30 * _MINUTE),
    Burn(rate=1, long_seconds=3 * _DAY, short_seconds=6 * _HOUR),
)
# Below this number of bad events in six hours a ratio says nothing: one of five is 20 %.
MINIMUM_BAD_EVENTS = 10
_COUNT_SECONDS = 6 * _HOUR


@dataclass(frozen=True, kw_only=True)
class ServiceLevel:
    """`target`: the share of good events. `bad`: the metric, whose statistic is set here."""

    layer: str
    name: str
    target: float
    namespace: str
    metric: str
    dimensions: dict[str, str]
    runbook: str
    summary: str

    def alarms(self, names: Names) -> tuple[Alarm, ...]:
        """The windows of each burn rate and the minimum of bad events; none of them notifies."""
        windows = [
            self._window(names, burn, seconds)
            for burn in BURNS
            for seconds in (burn.long_seconds, burn.short_seconds)
        ]
        return (*windows, self._minimum(names))

    def composite(self, names: Names) -> CompositeAlarm:
        """ALARM while any burn rate shows in both of its windows and there are enough bad events."""
        minimum = self._minimum(names).physical_name
        pairs = [
            all_of([in_alarm(self._window(names, burn, seconds).physical_name) for seconds in windows])
            for burn in BURNS
            for windows in [(burn.long_seconds, burn.short_seconds)]
        ]
        return CompositeAlarm(
            name=self.name,
            physical_name=names.alarm(self.layer, self.name),
            rule=f"{in_alarm(minimum)} AND {any_of(pairs)}",
            children=tuple(alarm.physical_name for alarm in self.alarms(names)),
            severity="page",
            runbook=self.runbook,
            summary=f"{self.summary} The error budget of 30 days is spent 14.4, 6 or 1 times too fast.",
        )

    def _window(self, names: Names, burn: Burn, seconds: int) -> Alarm:
        name = f"{self.name}-{burn.rate:g}x-{_length(seconds)}".replace(".", "-")
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
            summary=f"{self.summary} Burn rate {burn.rate:g} over {_length(seconds)}.",
            notifies=False,
        )

    def _minimum(self, names: Names) -> Alarm:
        name = f"{self.name}-minimum"
        return Alarm(
            name=name,
            physical_name=names.alarm(self.layer, name),
            metrics=(self._metric("Sum"),),
            threshold=MINIMUM_BAD_EVENTS,
            period_seconds=_COUNT_SECONDS,
            severity="page",
            runbook=self.runbook,
            summary=f"{self.summary} At least {MINIMUM_BAD_EVENTS} bad events in {_length(_COUNT_SECONDS)}.",
            notifies=False,
        )

    def _metric(self, statistic: str) -> Metric:
        return Metric(
            namespace=self.namespace, name=self.metric, dimensions=self.dimensions, statistic=statistic
        )


def _length(seconds: int) -> str:
    for unit, letter in ((_DAY, "d"), (_HOUR, "h")):
        if seconds >= unit and seconds % unit == 0:
            return f"{seconds // unit}{letter}"
    return f"{seconds // _MINUTE}m"
