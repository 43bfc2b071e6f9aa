"""History of a stack: its updates, with their user, commit and result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from pulumi.automation import UpdateSummary
from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestration import update_message
from orchestration.environments import Environment
from orchestration.git import shorten_commit
from orchestration.layers import Layer
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.results import Changes
from orchestration.update_message import UpdateMessage
from terminal.command_line import command_line
from terminal.errors import UserError
from terminal.output import console, print_json
from terminal.progress import show_activity
from terminal.tables import fit_table

SUCCEEDED = "succeeded"
UPDATE = "update"
UNKNOWN = "-"
COLUMNS = ("version", "when", "by", "commit", "tree", "result", "kind", "changes", "message")
# Left out on a narrow terminal, in this order.
OPTIONAL_COLUMNS = ("tree", "kind", "message", "by")


@dataclass(frozen=True)
class Update:
    """An update of a stack. `kind` is update, destroy, refresh or import.

    `dirty` says whether the tree had changes that `commit` lacks. Without git, `commit` is empty and `dirty`
    is None. `settings` are the stack's settings, with secrets hidden.
    """

    version: int
    kind: str
    result: str
    started: datetime
    commit: str
    dirty: bool | None
    changes: Changes
    message: UpdateMessage
    settings: Mapping[str, str | None]

    @property
    def succeeded(self) -> bool:
        return self.result == SUCCEEDED

    @property
    def not_restorable_because(self) -> str:
        """Why a rollback cannot restore the update, as a clause; empty if it can."""
        if self.kind != UPDATE:
            return f"a {self.kind} has no code"
        if not self.succeeded:
            return f"the update {self.result}"
        if not self.commit:
            return "it was deployed from a tree without git"
        if self.dirty:
            return f"it was deployed from a tree with changes that commit {shorten_commit(self.commit)} lacks"
        return ""

    @property
    def worktree_state(self) -> str:
        """`dirty`, `clean`, or UNKNOWN without git."""
        return {True: "dirty", False: "clean", None: UNKNOWN}[self.dirty]

    def as_dict(self) -> dict[str, Any]:
        """Return the update for JSON, with the time in ISO 8601 and UTC."""
        return {
            "version": self.version,
            "started": self.started.isoformat(),
            "by": self.message.by,
            "commit": self.commit,
            "dirty": self.dirty,
            "result": self.result,
            "kind": self.kind,
            "changes": msgspec.to_builtins(self.changes),
            "message": self.message.subject,
            "override": self.message.override,
            "rollback": self.message.rollback,
        }


def list_updates(engine: Engine, layer: Layer) -> list[Update]:
    """Return the updates of the layer's stack, newest first; empty without a stack.

    Backends in S3 and in folders do not number updates. Theirs are numbered from 1, the oldest.
    """
    summaries = engine.history(layer)
    return [_from_summary(summary, len(summaries) - index) for index, summary in enumerate(summaries)]


def show_history(
    environment: Environment, engine: Engine, layer: Layer, *, limit: int = 0, as_json: bool = False
) -> None:
    """Print the newest `limit` updates of the layer; 0 is all. Raises UserError if there are none."""
    with show_activity("Reading the history"):
        updates = list_updates(engine, layer)[: limit or None]
    if not updates:
        raise UserError(
            f"{layer.name} has no history in '{environment.name}'.",
            f"Deploy it first: {command_line('deploy', env=environment.name, layer=layer.name)}",
        )
    if as_json:
        print_json([update.as_dict() for update in updates])
    else:
        console.print(build_table(updates, f"{layer.name} in '{environment.name}', times in UTC"))


def build_table(updates: Sequence[Update], title: str, output: Console = console) -> Table:
    """Build a table with a row for each update that fits the width of `output`."""

    def build(columns: Sequence[str]) -> Table:
        table = Table(title=title, title_justify="left", title_style="bold")
        for name in columns:
            table.add_column(name, justify="right" if name == "version" else "left")
        for update in updates:
            cells = _build_cells(update)
            table.add_row(*(cells[name] for name in columns))
        return table

    return fit_table(build, COLUMNS, OPTIONAL_COLUMNS, output)


def format_changes(changes: Changes) -> str:
    """Return text such as `2 created, 1 replaced`; empty if nothing changed."""
    participles = {"create": "created", "update": "updated", "replace": "replaced", "delete": "deleted"}
    counts = msgspec.to_builtins(changes)
    return ", ".join(
        f"{counts[name]} {participle}" for name, participle in participles.items() if counts[name]
    )


def _from_summary(summary: UpdateSummary, number: int) -> Update:
    variables = summary.environment or {}
    dirty = variables.get("git.dirty")
    return Update(
        version=summary.version or number,
        kind=summary.kind,
        result=summary.result,
        started=summary.start_time.replace(tzinfo=UTC),
        commit=variables.get("git.head", ""),
        dirty=None if dirty is None else dirty == "true",
        changes=Changes.from_operation_counts(summary.resource_changes),
        message=update_message.parse_message(summary.message or ""),
        settings={key: value.value for key, value in (summary.config or {}).items()},
    )


def _build_cells(update: Update) -> dict[str, Text]:
    return {
        "version": Text(str(update.version)),
        "when": Text(update.started.strftime("%Y-%m-%d %H:%M:%S")),
        "by": Text(update.message.by or UNKNOWN),
        "commit": Text(shorten_commit(update.commit) or UNKNOWN),
        "tree": Text(update.worktree_state, "yellow" if update.dirty else ""),
        "result": Text(update.result, "green" if update.succeeded else "bold red"),
        "kind": Text(update.kind),
        "changes": Text(format_changes(update.changes) or "none"),
        "message": Text(update.message.subject),
    }
