"""A stack's updates: when, by whom, from which commit, and what came of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from pulumi.automation import UpdateSummary
from rich.table import Table
from rich.text import Text

from orchestration import update_message
from orchestration.environments import Environment
from orchestration.git import short
from orchestration.layers import Layer
from orchestration.pulumi.results import Changes
from orchestration.update_message import Message
from terminal.errors import UserError
from terminal.output import console, print_json

SUCCEEDED = "succeeded"
UPDATE = "update"
UNKNOWN = "-"


class History(Protocol):
    """What this needs of the engine."""

    def history(self, layer: Layer) -> list[UpdateSummary]: ...


@dataclass(frozen=True)
class Update:
    """One update of a stack; `kind` is update, destroy, refresh or import.

    `dirty` says whether the tree held anything that is not in `commit`. Both are unknown, empty and None, for
    a tree without git. `settings` are the stack's, as the engine read them, secrets hidden.
    """

    version: int
    kind: str
    result: str
    started: datetime
    commit: str
    dirty: bool | None
    changes: Changes
    message: Message
    settings: Mapping[str, str | None]

    @property
    def succeeded(self) -> bool:
        """Whether it ended well."""
        return self.result == SUCCEEDED

    @property
    def unfit(self) -> str:
        """Why nothing can be rolled back to it, as the end of a sentence; empty if it can."""
        if self.kind != UPDATE:
            return f"is a {self.kind}, which has no code to go back to."
        if not self.succeeded:
            return f"is an update that {self.result}: what it would bring back never worked."
        if not self.commit:
            return "was deployed from a tree without git: nobody knows its code."
        if self.dirty:
            return f"was deployed from a dirty tree: its code is not what commit {short(self.commit)} holds."
        return ""

    @property
    def tree(self) -> str:
        """How the tree was, in a word."""
        return {True: "dirty", False: "clean", None: UNKNOWN}[self.dirty]

    def as_dict(self) -> dict[str, Any]:
        """For JSON; the time is ISO 8601 in UTC."""
        return {
            "version": self.version,
            "started": self.started.isoformat(),
            "by": self.message.by,
            "commit": self.commit,
            "dirty": self.dirty,
            "result": self.result,
            "kind": self.kind,
            "changes": self.changes.as_dict(),
            "message": self.message.subject,
            "override": self.message.override,
            "rollback": self.message.rollback,
        }


def updates(engine: History, layer: Layer) -> list[Update]:
    """All updates of the layer's stack, newest first; none if there is no such stack.

    Where the backend does not number them, as S3 and files do not, they are counted, from 1 for the first.
    """
    found = engine.history(layer)
    return [_update(summary, len(found) - index) for index, summary in enumerate(found)]


def show(
    environment: Environment, engine: History, layer: Layer, *, limit: int = 0, as_json: bool = False
) -> None:
    """Print the newest `limit` updates of the layer (0: all); a `UserError` if there are none."""
    found = updates(engine, layer)
    if not found:
        raise UserError(
            f"{layer.name} has no history in '{environment.name}'.",
            f"Deploy it first: invoke deploy --env {environment.name} --layer {layer.name}",
        )
    shown = found[: limit or None]
    if as_json:
        print_json([update.as_dict() for update in shown])
        return
    console.print(_table(shown, f"{layer.name} in '{environment.name}', times in UTC"))


def _update(summary: UpdateSummary, counted: int) -> Update:
    variables = summary.environment or {}
    dirty = variables.get("git.dirty")
    return Update(
        version=summary.version or counted,
        kind=summary.kind,
        result=summary.result,
        started=summary.start_time.replace(tzinfo=UTC),
        commit=variables.get("git.head", ""),
        dirty=None if dirty is None else dirty == "true",
        changes=Changes.of(summary.resource_changes),
        message=update_message.parse(summary.message or ""),
        settings={key: value.value for key, value in (summary.config or {}).items()},
    )


def _table(found: Sequence[Update], title: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("version", justify="right")
    for name in ("when", "by", "commit", "tree", "result", "kind", "changes", "message"):
        table.add_column(name)
    for update in found:
        table.add_row(
            str(update.version),
            update.started.strftime("%Y-%m-%d %H:%M:%S"),
            Text(update.message.by or UNKNOWN),
            short(update.commit) or UNKNOWN,
            Text(update.tree, "yellow" if update.dirty else ""),
            Text(update.result, "green" if update.succeeded else "bold red"),
            update.kind,
            in_words(update.changes) or "none",
            Text(update.message.subject),
        )
    return table


def in_words(changes: Changes) -> str:
    """`2 created, 1 replaced`; empty if nothing changed."""
    past = {"create": "created", "update": "updated", "replace": "replaced", "delete": "deleted"}
    counts = changes.as_dict()
    return ", ".join(f"{counts[name]} {word}" for name, word in past.items() if counts[name])
