"""The report of a load test: a table, JSON and the exit status."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from operations.load.decisions import DecisionStatistics
from operations.load.post_statistics import PostStatistics, summarize_milliseconds
from operations.load.throttles import DELAY
from operations.load.traffic import Traffic
from orchestration.environments import LOCAL
from terminal.command_line import command_line
from terminal.errors import INTERRUPTED

LOST = 2
_LABELS = {
    "accepted": "accepted (201)",
    "replayed": "replayed (200)",
    "refused": "refused (4xx)",
    "throttled": "throttled (429)",
    "unavailable": "unavailable (503)",
    "errors": "other errors",
}


@dataclass(frozen=True)
class LoadReport:
    """The results of a run. `queues` are the messages of each failure queue before and after.

    `throttles` is None if the metrics cannot be read.
    """

    environment: str
    traffic: Traffic
    posts: PostStatistics
    decisions: DecisionStatistics
    throttles: Mapping[str, int] | None
    queues: Mapping[str, tuple[int, int]]
    interrupted: bool = False

    @property
    def status(self) -> int:
        """The exit status: 0 if every transaction was stored and decided, 2 if not, 130 after Ctrl-C."""
        if self.interrupted:
            return INTERRUPTED
        return LOST if list(self.find_problems()) else 0

    def find_problems(self) -> Iterator[str]:
        """Yield a sentence for each kind of loss or failure."""
        if self.posts.failed:
            yield f"{self.posts.failed} of {self.posts.posted} posted transactions were not stored."
        if self.posts.posted == 0:
            yield "No transaction was posted."
        # After Ctrl-C, the task does not wait for decisions.
        if self.decisions.undecided and not self.interrupted:
            health = command_line("health", env=self.environment)
            yield (
                f"{self.decisions.undecided} of {self.decisions.sampled} stored transactions are undecided."
                f" See: {health}"
            )
        grown = {name: after - before for name, (before, after) in self.queues.items() if after > before}
        if grown:
            redrive = command_line("redrive", env=self.environment, dry_run=True)
            counts = ", ".join(f"{name}: {count}" for name, count in grown.items())
            yield f"Failed messages of this run: {counts}. See: {redrive}"

    def describe_limit(self) -> str:
        """Return a sentence if the schedule was not met; else nothing."""
        if self.posts.kept_schedule or self.interrupted:
            return ""
        achieved = f"{self.posts.achieved_rate:.1f} of {self.traffic.rate:g} transactions a second"
        if self.posts.not_posted:
            return f"The requested rate was not reached: {achieved}. The API or this machine is the limit."
        return (
            f"The requested rate was reached with delays: {achieved}, {self.posts.late} posted late. The API"
            " or this machine is near its limit."
        )

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON types. Latencies are in milliseconds."""
        posts, decisions = self.posts, self.decisions
        return {
            "environment": self.environment,
            "requested_rate": self.traffic.rate,
            "achieved_rate": round(posts.achieved_rate, 1),
            "rate_reached": posts.kept_schedule,
            "zipf": self.traffic.zipf,
            "merchants": self.traffic.merchants,
            "accounts": self.traffic.accounts,
            "seconds": round(posts.seconds, 1),
            "scheduled": posts.scheduled,
            "posted": posts.posted,
            "not_posted": posts.not_posted,
            "posted_late": posts.late,
            **posts.count_categories(),
            "statuses": {str(status): count for status, count in sorted(posts.statuses.items())},
            "reasons": dict(posts.reasons),
            "stored": posts.stored,
            "sampled": decisions.sampled,
            "decided": decisions.decided,
            "undecided": decisions.undecided,
            "post_ms": summarize_milliseconds(posts.latencies, (50, 95, 99)),
            "decision_ms": summarize_milliseconds(decisions.latencies, (50, 95, 99)),
            "throttles": None if self.throttles is None else dict(self.throttles),
            "failure_queues": {
                name: {"before": before, "after": after} for name, (before, after) in self.queues.items()
            },
            "problems": list(self.find_problems()),
            "interrupted": self.interrupted,
        }


def build_table(report: LoadReport) -> Table:
    """Return the report as a table of a name and a value each."""
    table = Table("figure", "value", title=f"Load on '{report.environment}'", title_justify="left")
    for name, value in _iterate_rows(report):
        table.add_row(Text(name), Text(value))
    return table


def _iterate_rows(report: LoadReport) -> Iterator[tuple[str, str]]:
    posts, decisions = report.posts, report.decisions
    yield "rate", f"{posts.achieved_rate:.1f} a second of {report.traffic.rate:g} requested"
    yield "posted", f"{posts.posted} in {posts.seconds:.1f} s"
    if posts.not_posted and not report.interrupted:
        yield "not posted", f"{posts.not_posted} that were due"
    if posts.late:
        yield "posted late", f"{posts.late} by more than one second"
    for category, count in posts.count_categories().items():
        if count or category in ("accepted", "throttled", "unavailable"):
            yield _LABELS[category], str(count)
    for reason, count in posts.reasons.most_common():
        yield "  reason", f"{count} times {reason}"
    yield "decided", _describe_decided(decisions)
    yield "schedule to response", _format_latencies(summarize_milliseconds(posts.latencies, (50, 95, 99)))
    yield "receipt to decision", _format_latencies(summarize_milliseconds(decisions.latencies, (50, 95, 99)))
    yield "throttles", _describe_throttles(report)
    for name, (before, after) in report.queues.items():
        yield f"queue {name}", f"{before} before, {after} after"


def _describe_decided(decisions: DecisionStatistics) -> str:
    scope = "stored" if decisions.is_complete else f"in a random sample of {decisions.stored} stored"
    return f"{decisions.decided} of {decisions.sampled} {scope}"


def _describe_throttles(report: LoadReport) -> str:
    if report.throttles is None:
        return "unknown: the metrics cannot be read"
    counts = ", ".join(f"{subject}: {count}" for subject, count in report.throttles.items() if count)
    delay = "" if report.environment == LOCAL else f" (CloudWatch may publish metrics {DELAY} late)"
    return (counts or f"none in {len(report.throttles)} metrics") + delay


def _format_latencies(latencies: Mapping[str, float | None]) -> str:
    return (
        ", ".join(f"{name} {value:.0f} ms" for name, value in latencies.items() if value is not None)
        or "none"
    )
