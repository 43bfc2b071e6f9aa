"""View of the results of a deployment: a table, JSON for scripts, and the errors."""

from collections.abc import Sequence
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from orchestration.layers import join_layer_names
from orchestration.planning.scheduler import LayerResult, ResultStatus, failed_results
from orchestration.pulumi.results import Changes, OperationResult
from terminal.output import console, print_error
from terminal.tables import fit_table

NOTHING = "·"
OPERATIONS = ("create", "update", "replace", "delete", "same")
NUMBERS = (*OPERATIONS, "seconds")
# Left out on a narrow terminal, in this order.
OPTIONAL_COLUMNS = ("same", "seconds", "commit")
STYLES = {
    ResultStatus.DONE: "green",
    ResultStatus.FAILED: "bold red",
    ResultStatus.STOPPED: "bold yellow",
    ResultStatus.LEFT_OUT: "yellow",
}

Results = Sequence[LayerResult[OperationResult]]


def build_table(results: Results, title: str, commit: str = "", output: Console = console) -> Table:
    """Build a table with a row for each layer that fits the width of `output`.

    `commit` is the deployed one. Only layers that are done show it.
    """

    def build(columns: Sequence[str]) -> Table:
        table = Table(title=title, title_justify="left", title_style="bold")
        for name in columns:
            table.add_column(name, justify="right" if name in NUMBERS else "left", no_wrap=name == "layer")
        for result in results:
            cells = _build_cells(result, commit)
            table.add_row(*(cells[name] for name in columns))
        return table

    columns = ["layer", "result", *NUMBERS, *(["commit"] if commit else [])]
    optional = [name for name in OPTIONAL_COLUMNS if name in columns]
    return fit_table(build, columns, optional, output)


def to_json(results: Results, commit: str = "") -> list[dict[str, Any]]:
    """Return an object for each layer. `commit` is null for a layer that is not done."""
    return [
        {
            "layer": result.layer.name,
            "result": str(result.status),
            "changes": msgspec.to_builtins(_changes(result)),
            "seconds": round(result.seconds, 3),
            "reason": result.reason,
            "commit": (commit or None) if result.status is ResultStatus.DONE else None,
            "steps": msgspec.to_builtins(result.value.steps) if result.value else [],
        }
        for result in results
    ]


def print_failures(results: Sequence[LayerResult[Any]]) -> str:
    """Print each error once, because several layers can fail for the same reason, such as a missing login.

    Returns the names of the failed layers; empty if none failed.
    """
    failures = failed_results(results)
    errors = [(failure.reason, failure.error.hint) for failure in failures if failure.error]
    for message, hint in dict.fromkeys(errors):
        print_error(message, hint)
    return join_layer_names(failure.layer for failure in failures)


def _build_cells(result: LayerResult[OperationResult], commit: str) -> dict[str, str]:
    counts = msgspec.to_builtins(_changes(result))
    return {
        "layer": result.layer.name,
        "result": f"[{STYLES[result.status]}]{_describe_status(result)}[/]",
        # A dot for zero makes the changes stand out.
        **{name: str(counts[name] or NOTHING) for name in OPERATIONS},
        "seconds": f"{result.seconds:.1f}",
        "commit": commit if result.status is ResultStatus.DONE else NOTHING,
    }


def _describe_status(result: LayerResult[OperationResult]) -> str:
    if result.status is ResultStatus.LEFT_OUT:
        return f"{result.status}: {result.reason}"
    if result.status is ResultStatus.DONE and not _changes(result).any:
        return "outputs changed" if result.value and result.value.changes_outputs else "no change"
    return str(result.status)


def _changes(result: LayerResult[OperationResult]) -> Changes:
    return result.value.changes if result.value else Changes()
