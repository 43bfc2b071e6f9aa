"""Rollback: deploys the code and settings of an earlier update of one layer again.

A rollback is a new update in the stack's history. Data in tables and queues is not reverted.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from orchestration import update_message
from orchestration.environments import Environment
from orchestration.git import Git, shorten_commit
from orchestration.layers import LAYERS, Layer
from orchestration.planning import layer_paths, plan_view
from orchestration.planning.contracts import LayerContracts, print_stale_consumers
from orchestration.planning.scheduler import LayerResult, ResultStatus, run_in_dependency_order
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.errors import LayerError, MissingUpstreamError
from orchestration.pulumi.results import OperationResult
from orchestration.rollback import rollback_view
from orchestration.rollback.rollback_view import CommitRange
from orchestration.rollback.targets import RollbackMove, choose_target
from orchestration.state import pending_operations
from orchestration.status import history
from orchestration.status.history import Update
from terminal.command_line import command_line
from terminal.errors import PartialFailureError, UserError
from terminal.output import console_for_question, print_message, print_stopping

# Parts of the engine's messages about a protected resource that it would delete or replace.
PROTECTED = ("because it is protected", "marked for protection")
CORRECT_CODE = "Nothing was changed. Correct the current code so that the resource stays, and deploy it."

# Opens an engine that runs the layer's program of a commit.
OpenEngineAt = Callable[[Layer, str], AbstractContextManager[Engine]]


class Rollback:
    """Rolls back layers of one environment.

    Raises UserError if the layer was not rolled back, PartialFailureError if it may have changed. `confirm`
    raises UserError if the user declines, `guard` if the environment must not be changed. `backup` saves the
    state of a layer. `by` is the user for the history. `progress` is entered while an engine runs.
    """

    def __init__(
        self,
        environment: Environment,
        engine: Engine,
        git: Git,
        open_engine_at: OpenEngineAt,
        *,
        confirm: Callable[[str], None],
        guard: Callable[[], object] = lambda: None,
        backup: Callable[[Layer], object] = lambda _: None,
        by: str = "",
        as_json: bool = False,
        refresh: bool = True,
        progress: AbstractContextManager[object] | None = None,
        all_layers: Sequence[Layer] = LAYERS,
    ) -> None:
        self._environment = environment
        self._engine = engine
        self._git = git
        self._open_engine_at = open_engine_at
        self._confirm = confirm
        self._guard = guard
        self._backup = backup
        self._by = by
        self._as_json = as_json
        self._refresh = refresh
        self._progress = progress or nullcontext()
        self._output = console_for_question(as_json=as_json)
        self._contracts = LayerContracts(environment, engine, all_layers)

    def run(self, layer: Layer, to: int = 0) -> None:
        """Roll back to version `to`; 0 is the last successful version with other code or settings."""
        updates = history.list_updates(self._engine, layer)
        move = choose_target(
            self._environment, layer, updates, to, lambda first, second: self._differ(layer, first, second)
        )
        self._guard()
        self._check_target(move)
        commits = CommitRange.from_move(move, self._git, self._environment)
        rollback_view.print_move(move, commits, self._git, self._environment, self._output)
        with self._open_engine_at(layer, move.target.commit) as earlier_engine:
            plan = self._preview(earlier_engine, move)
            version = 0 if changes_nothing(plan) else self._apply(earlier_engine, move)
        if self._as_json:
            rollback_view.print_result(move, commits, plan, version=version)
        elif version:
            rollback_view.print_next_steps(move, commits, self._environment, version=version)
        else:
            print_message(f"Nothing to do: {layer.name} is the same as version {move.target.version}.")

    def _differ(self, layer: Layer, first: Update, second: Update) -> bool:
        """Whether two updates of a layer have different code or settings."""
        if first.kind != second.kind or first.dirty or second.dirty or first.settings != second.settings:
            return True
        if not self._git.has_commit(first.commit) or not self._git.has_commit(second.commit):
            return first.commit != second.commit
        changed = self._git.changed_paths(first.commit, second.commit)
        return bool(layer_paths.matching_paths(layer, changed, self._environment.name))

    def _check_target(self, move: RollbackMove) -> None:
        """Raise UserError for reasons that are known without the earlier program."""
        layer, commit = move.layer, move.target.commit
        if not self._git.has_commit(commit):
            raise UserError(
                f"This clone lacks commit {shorten_commit(commit)} of version {move.target.version}.",
                "Nothing was changed. Fetch it first: git fetch --all (a shallow clone needs --unshallow).",
            )
        state = self._engine.export_deployment(layer)
        pending_operations.refuse_pending_operations(self._environment, layer, state)
        for name in layer.depends_on:
            if not self._contracts.outputs(name):
                raise MissingUpstreamError(self._environment, layer, name)

    def _preview(self, engine: Engine, move: RollbackMove) -> OperationResult:
        """Show the changes. Raises UserError if data would be lost or a contract broken."""
        layer = move.layer
        try:
            plan = self._act(engine, layer, lambda: engine.preview(layer, refresh=self._refresh))
        except LayerError as error:
            raise _explain_failed_preview(move, error) from error
        results = [LayerResult(layer, ResultStatus.DONE, value=plan)]
        title = f"Changes in '{self._environment.name}'"
        plan_view.print_plan(results, title, self._output, in_account=not self._environment.is_local)
        if losses := plan_view.find_losses(results):
            sentences = " ".join(loss.sentence for loss in losses)
            raise UserError(f"Version {move.target.version} cannot be restored. {sentences}", CORRECT_CODE)
        self._contracts.check_contracts([layer], {layer.name: plan.outputs})
        return plan

    def _apply(self, engine: Engine, move: RollbackMove) -> int:
        """Ask, deploy the earlier version, and verify it. Returns the number of the new version."""
        layer = move.layer
        self._confirm(f"Roll back {layer.name} in '{self._environment.name}'?")
        self._backup(layer)
        may_have_changed = False
        try:
            result = self._update(engine, move)
            may_have_changed = True
            self._verify(engine, move, result)
        except UserError as error:
            if not may_have_changed and isinstance(error, LayerError) and not error.may_have_changed:
                raise
            status = command_line("status", env=self._environment.name)
            hint = error.hint or f"See the result: {status}"
            raise PartialFailureError(error.message, hint, error.details) from error
        print_stale_consumers(self._environment, self._contracts.stale_consumers({layer: result}))
        return history.list_updates(self._engine, layer)[0].version

    def _update(self, engine: Engine, move: RollbackMove) -> OperationResult:
        message = update_message.compose_message(move.message, by=self._by, rollback=str(move.target.version))
        return self._act(
            engine, move.layer, lambda: engine.up(move.layer, message=message, refresh=self._refresh)
        )

    def _verify(self, engine: Engine, move: RollbackMove, result: OperationResult) -> None:
        """Raise PartialFailureError if a new preview finds changes; UserError if a contract is broken."""
        layer = move.layer
        preview = self._act(engine, layer, lambda: engine.preview(layer, refresh=self._refresh))
        if preview.changes.any:
            resources = ", ".join(step.resource for step in preview.steps) or "resources"
            drift = command_line("drift", env=self._environment.name, layer=layer.name)
            raise PartialFailureError(
                f"{layer.name} was rolled back, but a new preview would change {resources}.",
                f"See the differences: {drift}",
            )
        self._contracts.check_contracts([layer], {layer.name: result.outputs})

    def _act(self, engine: Engine, layer: Layer, operate: Callable[[], OperationResult]) -> OperationResult:
        """Run an operation so that Ctrl-C lets the engine finish what it has started."""

        def interrupt() -> None:
            print_stopping()
            engine.interrupt()

        with self._progress:
            [result] = run_in_dependency_order([layer], lambda _: operate(), interrupt=interrupt)
        if result.error:
            raise result.error
        assert result.value is not None  # noqa: S101 - a result without an error has a value
        return result.value


def changes_nothing(plan: OperationResult) -> bool:
    """Whether the plan changes neither a resource nor an output."""
    return not plan.changes.any and plan.outputs == plan.outputs_before


def _explain_failed_preview(move: RollbackMove, error: LayerError) -> UserError:
    version = f"Version {move.target.version} cannot be restored"
    if not any(text in error.message for text in PROTECTED):
        return UserError(f"{version}. {error.message}", error.hint or "Nothing was changed.", error.details)
    # The engine's message advises to remove the protection.
    resource = error.message.removeprefix(f"{move.layer.name}: ").partition(": ")[0]
    return UserError(f"{version}: {resource} is protected and would be deleted or replaced.", CORRECT_CODE)
