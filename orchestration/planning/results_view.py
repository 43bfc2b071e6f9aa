"""What became of each layer, as a table for people and as JSON for scripts."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from orchestration.layers import in_words
from orchestration.planning.scheduler import Fate, Report, failed
from orchestration.pulumi.results import Changes, Outcome
from terminal.output import fail

COLUMNS = ("create", "update", "replace", "delete", "same")
STYLES = {Fate.DONE: "green", Fate.FAILED: "bold red", Fate.LEFT_OUT: "yellow"}

Reports = Sequence[Report[Outcome]]


def as_table(reports: Reports, title: str, commit: str = "") -> Table:
    """One row per layer; zeros are shown as a dot, so that changes stand out.

    `commit` is that of the tree, shown for the layers that are now what it says.
    """
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("layer")
    table.add_column("result")
    for name in (*COLUMNS, "seconds"):
        table.add_column(name, justify="right")
    if commit:
        table.add_column("commit")
    for report in reports:
        counts = _changes(report).as_dict()
        table.add_row(
            report.layer.name,
            f"[{STYLES[report.fate]}]{_result(report)}[/]",
            *(str(counts[name] or "·") for name in COLUMNS),
            f"{report.seconds:.1f}",
            *([commit if report.fate is Fate.DONE else "·"] if commit else []),
        )
    return table


def as_json(reports: Reports, commit: str = "") -> list[dict[str, Any]]:
    """One object per layer; `commit` as in the table, null for a layer that did not get there."""
    return [
        {
            "layer": report.layer.name,
            "result": str(report.fate),
            "changes": _changes(report).as_dict(),
            "seconds": round(report.seconds, 3),
            "reason": report.reason,
            "commit": (commit or None) if report.fate is Fate.DONE else None,
            "steps": [step.as_dict() for step in report.result.steps] if report.result else [],
        }
        for report in reports
    ]


def say_failures(reports: Sequence[Report[Any]]) -> str:
    """Tell why layers failed, and what is wrong with the whole environment, such as a missing login, once.

    Returns the names of those layers; empty if none failed.
    """
    failures = failed(reports)
    for message, hint in dict.fromkeys((one.reason, one.error.hint) for one in failures if one.error):
        fail(message, hint)
    return in_words(report.layer for report in failures)


def _result(report: Report[Outcome]) -> str:
    if report.fate is Fate.LEFT_OUT:
        return f"left out: {report.reason}"
    if report.fate is Fate.DONE and not _changes(report).any:
        return "outputs changed" if report.result and report.result.changes_outputs else "no change"
    return str(report.fate)


def _changes(report: Report[Outcome]) -> Changes:
    return report.result.changes if report.result else Changes()
