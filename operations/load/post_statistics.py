"""Counts and latencies of the requests of a load test."""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from math import ceil

from operations.load.locust_process import PostedRequest

# By key of the report, in its order.
CATEGORIES = ("accepted", "replayed", "refused", "throttled", "unavailable", "errors")
MAX_REASONS = 5
# The delay from which on a request counts as late: the schedule was not met.
LATE_SECONDS = 1.0


def classify_status(status: int) -> str:
    """Return the category of an HTTP status; 0 is a request without a response."""
    match status:
        case HTTPStatus.CREATED:
            return "accepted"
        case HTTPStatus.OK:
            return "replayed"
        case HTTPStatus.TOO_MANY_REQUESTS:
            return "throttled"
        case HTTPStatus.SERVICE_UNAVAILABLE:
            return "unavailable"
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return "refused"
    return "errors"


def find_percentile(ordered: "array[float] | list[float]", percent: float) -> float | None:
    """Return the percentile of sorted values by the nearest-rank method; None without values."""
    return ordered[max(1, ceil(len(ordered) * percent / 100)) - 1] if ordered else None


def summarize_milliseconds(seconds: Iterable[float], percents: Iterable[int]) -> dict[str, float | None]:
    """Return percentiles in milliseconds by name, such as `p50`."""
    ordered = sorted(seconds)
    values = {f"p{percent}": find_percentile(ordered, percent) for percent in percents}
    return {name: None if value is None else round(value * 1000, 1) for name, value in values.items()}


@dataclass
class PostStatistics:
    """The results of a run so far.

    `scheduled` counts all arrivals of the run, `posted` those that were posted. Latencies are in seconds and
    count from the scheduled time, so that a request that waited for a connection counts in full.
    """

    scheduled: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    latencies: "array[float]" = field(default_factory=lambda: array("d"))
    late: int = 0
    # From the start of the schedule to the last response.
    seconds: float = 0.0
    _recent: int = 0

    def add(self, request: PostedRequest, reason: str = "") -> None:
        """Count one request. `reason` describes why it failed, if it did."""
        category = classify_status(request.status)
        self.counts[category] += 1
        self.statuses[request.status] += 1
        self.late += request.late > LATE_SECONDS
        if request.status:
            self.latencies.append(request.seconds)
        if category not in ("accepted", "replayed"):
            text = f"{request.status or 'no response'}: {reason}"
            if text in self.reasons or len(self.reasons) < MAX_REASONS:
                self.reasons[text] += 1

    def take_recent_latencies(self) -> "array[float]":
        """Return the latencies since the last call: sorting all of them would delay a long run."""
        recent = self.latencies[self._recent :]
        self._recent += len(recent)
        return recent

    @property
    def posted(self) -> int:
        return self.counts.total()

    @property
    def not_posted(self) -> int:
        return self.scheduled - self.posted

    @property
    def stored(self) -> int:
        """The number of transactions that the API has stored."""
        return self.counts["accepted"] + self.counts["replayed"]

    @property
    def failed(self) -> int:
        return self.posted - self.stored

    @property
    def achieved_rate(self) -> float:
        """The responses a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    @property
    def kept_schedule(self) -> bool:
        """Whether nearly every arrival was posted within LATE_SECONDS of its time."""
        return self.not_posted == 0 and self.late <= self.posted / 100

    def count_categories(self) -> Mapping[str, int]:
        """Return the number of requests by category, in the order of CATEGORIES."""
        return {category: self.counts[category] for category in CATEGORIES}
