"""Tables and JSON of `invoke redrive`."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from operations.monitoring.queues import ALERTS, EVENTS, FRAUD, PIPE, RETRY
from operations.repair.redrive import RedriveResult
from operations.repair.survey import ErrorSummary, QueueSurvey
from terminal import durations

DESTINATIONS = {PIPE: "the bus", EVENTS: "the bus", FRAUD: "fraud-retry", ALERTS: "suspicious"}
# Rows of errors per queue; the rest is added up.
MAX_ERRORS = 8


def survey_table(surveys: Sequence[QueueSurvey], retrying: int | None, now_ms: int) -> Table:
    """A row per queue and error. `retrying`: the number of messages in the retry queue, None to omit it."""
    table = Table("queue", "messages", "oldest", "error", "with error", "transactions", "goes back to")
    for survey in surveys:
        rows = survey.by_count[:MAX_ERRORS]
        if rest := survey.by_count[MAX_ERRORS:]:
            rows.append(
                (f"{len(rest)} other errors", ErrorSummary(sum(summary.count for _, summary in rest)))
            )
        oldest = "-" if survey.oldest_ms is None else durations.in_words((now_ms - survey.oldest_ms) / 1000)
        first, *others = [_error_cells(error, summary) for error, summary in rows] or [
            (Text("-"), "-", Text("-"))
        ]
        table.add_row(survey.queue, _count(survey), oldest, *first, DESTINATIONS[survey.queue])
        for cells in others:
            table.add_row("", "", "", *cells, "")
    if retrying is not None:
        table.add_row(RETRY, str(retrying), "-", "-", "-", "-", "AWS retries every 6 minutes")
    return table


def _count(survey: QueueSurvey) -> str:
    unseen = survey.count - survey.looked_at
    return f"{survey.count}" if not unseen else f"{survey.count} ({survey.looked_at} looked at)"


def _error_cells(error: str, summary: ErrorSummary) -> tuple[Text, str, Text]:
    more = ", …" if summary.count > len(summary.ids) > 0 else ""
    return Text(error), str(summary.count), Text(", ".join(summary.ids) + more)


def survey_object(surveys: Sequence[QueueSurvey], retrying: int | None) -> list[dict[str, Any]]:
    """For scripts: times are epoch milliseconds."""
    queues: list[dict[str, Any]] = [
        {
            "queue": survey.queue,
            "messages": survey.count,
            "looked_at": survey.looked_at,
            "oldest_sent_at": survey.oldest_ms,
            "errors": [
                {"error": error, "messages": summary.count, "ids": summary.ids}
                for error, summary in survey.by_count
            ],
        }
        for survey in surveys
    ]
    return queues if retrying is None else [*queues, {"queue": RETRY, "messages": retrying}]


def result_lines(results: Sequence[RedriveResult]) -> list[str]:
    """A line per queue with a result, and one per named message that stays."""
    lines = []
    for result in results:
        if result.sent or result.left:
            stay = f", {result.left} stay" if result.left else ""
            lines.append(f"{result.queue}: {result.sent} sent to {DESTINATIONS[result.queue]}{stay}")
        lines += [f"  message {identifier} stays: {reason}" for identifier, reason in result.named.items()]
        if result.left > len(result.named):
            lines.append(f"  {result.left - len(result.named)} more stay")
    return lines


def result_object(results: Sequence[RedriveResult]) -> list[dict[str, Any]]:
    """For scripts."""
    return [
        {
            "queue": result.queue,
            "sent": result.sent,
            "unreadable": result.unreadable,
            "refused": result.refused,
            "stay": result.named,
        }
        for result in results
    ]
