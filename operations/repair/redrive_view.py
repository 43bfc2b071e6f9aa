"""Tables, lines and JSON for the result of a redrive."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from operations.monitoring.queues import ALERTS, EVENTS, FRAUD, PIPE, RETRY
from operations.repair.redrive import RedriveResult
from operations.repair.survey import ErrorSummary, QueueSurvey
from terminal import durations

DESTINATIONS = {PIPE: "the bus", EVENTS: "the bus", FRAUD: "fraud-retry", ALERTS: "suspicious"}
# Rows per queue. Further errors are added up in one row.
MAX_ERRORS = 8


def build_survey_table(surveys: Sequence[QueueSurvey], retrying: int | None, now_ms: int) -> Table:
    """Return a row per queue and error. `retrying` is the message count of the retry queue; None omits it."""
    table = Table("queue", "messages", "oldest", "error", "with error", "transactions", "goes back to")
    for survey in surveys:
        rows = survey.by_count[:MAX_ERRORS]
        if rest := survey.by_count[MAX_ERRORS:]:
            rows.append(
                (f"{len(rest)} other errors", ErrorSummary(sum(summary.count for _, summary in rest)))
            )
        oldest = (
            "-" if survey.oldest_ms is None else durations.format_duration((now_ms - survey.oldest_ms) / 1000)
        )
        first, *further = [_format_error_cells(error, summary) for error, summary in rows] or [
            (Text("-"), "-", Text("-"))
        ]
        table.add_row(survey.queue, _format_count(survey), oldest, *first, DESTINATIONS[survey.queue])
        for cells in further:
            table.add_row("", "", "", *cells, "")
    if retrying is not None:
        table.add_row(RETRY, str(retrying), "-", "-", "-", "-", "AWS retries every 6 minutes")
    return table


def _format_count(survey: QueueSurvey) -> str:
    unread = survey.count - survey.read
    return f"{survey.count}" if not unread else f"{survey.count} ({survey.read} read)"


def _format_error_cells(error: str, summary: ErrorSummary) -> tuple[Text, str, Text]:
    more = ", …" if summary.count > len(summary.ids) > 0 else ""
    return Text(error), str(summary.count), Text(", ".join(summary.ids) + more)


def surveys_to_json(surveys: Sequence[QueueSurvey], retrying: int | None) -> list[dict[str, Any]]:
    """Return the surveys as JSON objects. Times are epoch milliseconds."""
    queues: list[dict[str, Any]] = [
        {
            "queue": survey.queue,
            "messages": survey.count,
            "looked_at": survey.read,
            "oldest_sent_at": survey.oldest_ms,
            "errors": [
                {"error": error, "messages": summary.count, "ids": summary.ids}
                for error, summary in survey.by_count
            ],
        }
        for survey in surveys
    ]
    return queues if retrying is None else [*queues, {"queue": RETRY, "messages": retrying}]


def format_results(results: Sequence[RedriveResult]) -> list[str]:
    """Return a line per queue with a result, and one per named message that stays."""
    lines = []
    for result in results:
        if result.sent or result.remaining:
            stay = f", {result.remaining} stay" if result.remaining else ""
            lines.append(f"{result.queue}: {result.sent} sent to {DESTINATIONS[result.queue]}{stay}")
        lines += [f"  message {identifier} stays: {reason}" for identifier, reason in result.reasons.items()]
        if result.remaining > len(result.reasons):
            lines.append(f"  {result.remaining - len(result.reasons)} more stay")
    return lines


def results_to_json(results: Sequence[RedriveResult]) -> list[dict[str, Any]]:
    """Return the results as JSON objects."""
    return [
        {
            "queue": result.queue,
            "sent": result.sent,
            "unreadable": result.unreadable,
            "refused": result.refused,
            "stay": result.reasons,
        }
        for result in results
    ]
