"""Going back: the code and settings of one of a layer's earlier updates, applied to its stack alone.

It is one more update, forward in the stack's history: what was written to tables and queues since then stays.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol

from pulumi.automation import UpdateSummary

from orchestration import update_message
from orchestration.environments import Environment
from orchestration.git import Git, short
from orchestration.layers import LAYERS, Layer
from orchestration.planning import layer_paths, plan_view
from orchestration.planning.contracts import Neighbours, say_outdated
from orchestration.planning.scheduler import Fate, Report, in_waves
from orchestration.pulumi.errors import LayerError, MissingUpstreamError
from orchestration.pulumi.results import Outcome
from orchestration.rollback import rollback_view as display
from orchestration.rollback import targets
from orchestration.rollback.rollback_view import Commits
from orchestration.rollback.targets import Move
from orchestration.state import pending_operations
from orchestration.status import history
from orchestration.status.history import Update
from terminal.errors import PartlyDoneError, UserError
from terminal.output import console_for_question, say, say_stopping


class Stacks(Protocol):
    """What this needs of the engine to know where the stacks stand."""

    def history(self, layer: Layer) -> list[UpdateSummary]: ...
    def exported(self, layer: Layer) -> dict[str, Any]: ...
    def outputs(self, layer: Layer) -> Mapping[str, Any] | None: ...


class Revision(Protocol):
    """What this needs of the engine that has the layer's program as it was."""

    def preview(self, layer: Layer, *, refresh: bool) -> Outcome: ...
    def up(self, layer: Layer, *, message: str, refresh: bool) -> Outcome: ...
    def interrupt(self) -> None: ...


# What the engine says of a resource that it would have to delete, or to replace.
PROTECTED = ("because it is protected", "marked for protection")

AtCommit = Callable[[Layer, str], AbstractContextManager[Revision]]


@dataclass(frozen=True)
class Ways:
    """How a rollback acts. `by` is who asks for it.

    `guard` raises UserError where the environment must not be changed from here; `backup` keeps a layer's
    state before it changes.
    """

    by: str = ""
    as_json: bool = False
    refresh: bool = True
    guard: Callable[[], object] = field(default=lambda: None)
    backup: Callable[[Layer], object] = field(default=lambda _: None)


class Rollback:
    """Rolls back layers of one environment.

    `confirm` raises `UserError` if the user does not agree; every method does if the layer was not rolled
    back, `PartlyDoneError` if something may have changed. The engine acts within `progress`.
    """

    def __init__(
        self,
        environment: Environment,
        stacks: Stacks,
        git: Git,
        at_commit: AtCommit,
        *,
        confirm: Callable[[str], None],
        ways: Ways = Ways(),
        progress: AbstractContextManager[object] | None = None,
        all_layers: Sequence[Layer] = LAYERS,
    ) -> None:
        self._environment = environment
        self._stacks = stacks
        self._git = git
        self._at_commit = at_commit
        self._confirm = confirm
        self._ways = ways
        self._progress = progress or nullcontext()
        self._output = console_for_question(as_json=ways.as_json)
        self._neighbours = Neighbours(environment, stacks, all_layers)

    def run(self, layer: Layer, to: int = 0) -> None:
        """Go back to version `to` of the layer, or with 0 to the last successful one of other code."""
        move = self._chosen(layer, to)
        self._ways.guard()
        self._refuse_early(move)
        commits = Commits.between(move, self._git, self._environment)
        display.announce(move, commits, self._git, self._environment, self._output)
        with self._at_commit(layer, move.target.commit) as revision:
            plan = self._previewed(revision, move)
            version = 0 if is_same(plan) else self._changed(revision, move)
        if self._ways.as_json:
            display.print_result(move, commits, plan, version=version)
        elif version:
            display.say_what_now(move, commits, self._environment, version=version)
        else:
            say(f"Nothing to do: {layer.name} is what version {move.target.version} would make it.")

    def _changed(self, revision: Revision, move: Move) -> int:
        """Do it, after the question; the number of the new version."""
        layer = move.layer
        self._confirm(f"Roll {layer.name} in '{self._environment.name}' back to this?")
        self._ways.backup(layer)
        try:
            outcome = self._applied(revision, move)
            self._verify(revision, move, outcome)
        except UserError as error:
            see = f"See what it left: invoke status --env {self._environment.name}"
            raise PartlyDoneError(error.message, error.hint or see) from error
        self._say_stale_consumers(layer, outcome)
        return history.updates(self._stacks, layer)[0].version

    def _chosen(self, layer: Layer, to: int) -> Move:
        found = history.updates(self._stacks, layer)
        return targets.choose(self._environment, layer, found, to, lambda *both: self._differ(layer, *both))

    def _differ(self, layer: Layer, one: Update, other: Update) -> bool:
        """Whether two updates were made from different code of the layer, or settings."""
        if one.kind != other.kind or one.dirty or other.dirty or one.settings != other.settings:
            return True
        if not self._git.has(one.commit) or not self._git.has(other.commit):
            return one.commit != other.commit
        changed = self._git.changed(one.commit, other.commit)
        return bool(layer_paths.reasons(layer, changed, self._environment.name))

    def _refuse_early(self, move: Move) -> None:
        """What can be refused without the old program."""
        layer, commit = move.layer, move.target.commit
        if not self._git.has(commit):
            raise UserError(
                f"Commit {short(commit)} of version {move.target.version} is not in this clone.",
                "Nothing was changed. Fetch it first: git fetch --all (and --unshallow in a shallow clone).",
            )
        pending_operations.refuse(self._environment, layer, self._stacks.exported(layer))
        for name in layer.depends_on:
            if not self._neighbours.outputs(name):
                raise MissingUpstreamError(self._environment, layer, name)

    def _previewed(self, revision: Revision, move: Move) -> Outcome:
        """What going back would do, shown; refuses what would lose something or break a neighbour."""
        layer = move.layer
        try:
            plan = self._act(revision, layer, lambda: revision.preview(layer, refresh=self._ways.refresh))
        except LayerError as error:
            raise _refusal(move, error) from error
        report = [Report(layer, Fate.DONE, result=plan)]
        title = f"Would change in '{self._environment.name}'"
        plan_view.show(report, title, self._output, in_account=not self._environment.is_local)
        if losses := plan_view.losses(report):
            sentences = " ".join(loss.sentence for loss in losses)
            raise UserError(
                f"Version {move.target.version} is not brought back. {sentences}",
                "Nothing was changed. Correct the code instead, so that it stays, and deploy that.",
            )
        self._neighbours.check_contracts([layer], {layer.name: plan.outputs})
        return plan

    def _applied(self, revision: Revision, move: Move) -> Outcome:
        message = update_message.compose(move.subject, by=self._ways.by, rollback=str(move.target.version))

        def up() -> Outcome:
            return revision.up(move.layer, message=message, refresh=self._ways.refresh)

        return self._act(revision, move.layer, up)

    def _verify(self, revision: Revision, move: Move, outcome: Outcome) -> None:
        """Raise UserError unless a new preview finds nothing more to do, and contracts hold."""
        layer = move.layer
        again = self._act(revision, layer, lambda: revision.preview(layer, refresh=self._ways.refresh))
        if again.changes.any:
            raise UserError(
                f"{layer.name} was rolled back, but a new preview still finds"
                f" {', '.join(step.resource for step in again.steps) or 'something'} to change.",
                f"Look at it: invoke drift --env {self._environment.name} --layer {layer.name}",
            )
        self._neighbours.check_contracts([layer], {layer.name: outcome.outputs})

    def _act(self, revision: Revision, layer: Layer, act: Callable[[], Outcome]) -> Outcome:
        """Do it so that Ctrl-C lets the engine finish what is under way."""

        def interrupt() -> None:
            say_stopping()
            revision.interrupt()

        with self._progress:
            [report] = in_waves([layer], lambda _: act(), interrupt=interrupt)
        if report.error:
            raise report.error
        assert report.result is not None  # noqa: S101 - it is done
        return report.result

    def _say_stale_consumers(self, layer: Layer, outcome: Outcome) -> None:
        say_outdated(self._environment, self._neighbours.outdated({layer: outcome}))


def is_same(plan: Outcome) -> bool:
    """Whether an update would change neither a resource nor an output."""
    return not plan.changes.any and plan.outputs == plan.before


def _refusal(move: Move, error: LayerError) -> UserError:
    version = f"Version {move.target.version} cannot be brought back"
    if not any(words in error.message for words in PROTECTED):
        return UserError(f"{version}. {error.message}", error.hint or "Nothing was changed.")
    # The engine's own words advise to take the protection off.
    resource = error.message.removeprefix(f"{move.layer.name}: ").partition(": ")[0]
    return UserError(
        f"{version}: {resource} would be deleted or replaced, and is protected.",
        "Nothing was changed. Correct the code instead, so that it stays, and deploy that.",
    )
