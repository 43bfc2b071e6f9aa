"""Recovery of a layer after an interrupted update: removes the lock and refreshes the state from AWS.

Resources whose creation was interrupted may exist in AWS without being in the state. They are printed. (The
CLI's option --import-pending-creates drops them in version 3.250.)
"""

import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from orchestration import update_message
from orchestration.environments import Environment
from orchestration.layers import Layer
from orchestration.planning.scheduler import run_in_dependency_order
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.urn import parse_name, parse_type
from orchestration.state.locks import LockHolder, Locks
from orchestration.state.pending_operations import CREATING, PendingOperation, list_pending_operations
from terminal.command_line import command_line
from terminal.errors import PartialFailureError, UserError
from terminal.output import console, print_json, print_message


class Recovery:
    """Recovers layers of one environment.

    `save` saves the state of a layer and returns where. `confirm` raises UserError if the user declines,
    `guard` if the environment must not be changed. `by` is the user for the history.
    """

    def __init__(
        self,
        environment: Environment,
        engine: Engine,
        locks: Locks,
        *,
        save: Callable[[Layer], str],
        confirm: Callable[[str], None],
        guard: Callable[[], object] = lambda: None,
        by: str = "",
        as_json: bool = False,
        progress: AbstractContextManager[object] | None = None,
        host: str = "",
    ) -> None:
        self._environment = environment
        self._engine = engine
        self._locks = locks
        self._save = save
        self._confirm = confirm
        self._guard = guard
        self._by = by
        self._as_json = as_json
        self._progress = progress or nullcontext()
        self._host = host or socket.gethostname()

    def run(self, layer: Layer) -> None:
        """Recover the layer. Raises UserError if it was never deployed, or if an update is running."""
        self._guard()
        state = self._engine.export_deployment(layer)
        if not state:
            raise UserError(
                f"{layer.name} was never deployed in '{self._environment.name}'.",
                f"Deploy it: {self._deploy_command(layer)}",
            )
        holder = self._locks.holder(layer)
        self._refuse_running_update(layer, holder)
        interrupted = list_pending_operations(state)
        backup = self._save(layer)
        print_message(f"Saved the state of {layer.name}: {backup}")
        if not self._as_json:
            _print_findings(layer, holder, interrupted)
        self._remove_lock(layer, holder)
        self._confirm(f"Refresh the state of {layer.name} from AWS?")
        self._refresh(layer)
        self._check_no_pending(layer, backup)
        if self._as_json:
            print_json(_to_json(layer, backup, holder, interrupted))
        self._print_next_steps(layer, _interrupted_creations(interrupted))

    def _refuse_running_update(self, layer: Layer, holder: LockHolder | None) -> None:
        if holder and holder.host == self._host and not holder.process_ended:
            raise UserError(
                f"An update of {layer.name} is running: {holder}.", "Wait until it ends, or end its process."
            )

    def _remove_lock(self, layer: Layer, holder: LockHolder | None) -> None:
        if holder is None:
            return
        if not holder.process_ended:
            self._confirm(
                f"{layer.name} is locked by {holder}. Removing the lock corrupts the state if that update is"
                " still running. Remove it?"
            )
        self._engine.cancel(layer)
        print_message(f"Removed the lock of {layer.name}.")

    def _refresh(self, layer: Layer) -> None:
        message = update_message.compose_message(f"recover {layer.name}", by=self._by)
        options = ("--yes", "--skip-preview", "--clear-pending-creates", "--message", message)

        def refresh(layer: Layer) -> str:
            return self._engine.run_cli(layer, "refresh", "--stack", self._environment.name, *options)

        with self._progress:
            [result] = run_in_dependency_order([layer], refresh, interrupt=self._engine.interrupt)
        if result.error:
            raise PartialFailureError(result.error.message, result.error.hint)

    def _check_no_pending(self, layer: Layer, backup: str) -> None:
        if remaining := list_pending_operations(self._engine.export_deployment(layer)):
            names = ", ".join(f"{operation.operation} {operation.resource}" for operation in remaining)
            raise PartialFailureError(
                f"The result of operations on {layer.name} is still unknown: {names}.",
                f"The previous state is saved: {backup}.",
            )

    def _print_next_steps(self, layer: Layer, creations: Sequence[PendingOperation]) -> None:
        for creation in creations:
            print_message(_warn_of_creation(self._environment, layer, creation))
        condition = "Then deploy" if creations else "The layer can be deployed"
        print_message(f"{condition}: {self._deploy_command(layer)}")

    def _deploy_command(self, layer: Layer) -> str:
        return command_line("deploy", env=self._environment.name, layer=layer.name)


def _print_findings(layer: Layer, holder: LockHolder | None, interrupted: Sequence[PendingOperation]) -> None:
    if holder:
        console.print(f"{layer.name} is locked by {holder}", markup=False)
    if not interrupted:
        console.print(f"No operation on {layer.name} was interrupted.")
        return
    console.print(f"Interrupted operations on {layer.name}, whose result is unknown:")
    for operation in interrupted:
        console.print(f"  {operation.operation} {operation.resource}", markup=False)


def _interrupted_creations(operations: Sequence[PendingOperation]) -> list[PendingOperation]:
    return [operation for operation in operations if operation.operation == CREATING]


def _warn_of_creation(environment: Environment, layer: Layer, creation: PendingOperation) -> str:
    urn = creation.urn
    command = (
        f"pulumi import -C stacks/{layer.name} -s {environment.name} {parse_type(urn)} {parse_name(urn)} <ID>"
    )
    return (
        f"{creation.resource} may exist in AWS but is not in the state. If it exists, delete or import it:"
        f" {command}"
    )


def _to_json(
    layer: Layer, backup: str, holder: LockHolder | None, interrupted: Sequence[PendingOperation]
) -> Mapping[str, Any]:
    return {
        "layer": layer.name,
        "backup": backup,
        "lock": holder.as_dict() if holder else None,
        "pending": [operation.as_dict() for operation in interrupted],
        "may_exist": [operation.resource for operation in _interrupted_creations(interrupted)],
    }
