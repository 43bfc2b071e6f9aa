"""After an update that was cut off: its lock taken away, the state in line with AWS, `deploy` safe again.

What was being created and may exist unknown to Pulumi is named, never dropped in silence. (The CLI's
--import-pending-creates, which sounds like the way to keep it, drops it in 3.250.)
"""

import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol

from orchestration import update_message
from orchestration.environments import Environment
from orchestration.layers import Layer
from orchestration.planning.scheduler import in_waves
from orchestration.state import pending_operations
from orchestration.state.locks import Holder, Locks
from orchestration.state.pending_operations import CREATING, Pending
from terminal.errors import PartlyDoneError, UserError
from terminal.output import console, print_json, say


class Stacks(Protocol):
    """What this needs of the engine."""

    def exported(self, layer: Layer) -> dict[str, Any]: ...
    def cancel(self, layer: Layer) -> None: ...
    def ask(self, layer: Layer, *arguments: str) -> str: ...
    def interrupt(self) -> None: ...


@dataclass(frozen=True)
class Ways:
    """How it acts. `by` is who asks for it; `guard` raises UserError where it must not be done from here."""

    by: str = ""
    as_json: bool = False
    guard: Callable[[], object] = field(default=lambda: None)


class Recovery:
    """Recovers layers of one environment.

    `save` keeps a layer's state and says where; `confirm` raises `UserError` if the user does not agree.
    """

    def __init__(
        self,
        environment: Environment,
        stacks: Stacks,
        locks: Locks,
        *,
        save: Callable[[Layer], str],
        confirm: Callable[[str], None],
        ways: Ways = Ways(),
        progress: AbstractContextManager[object] | None = None,
        host: str = "",
    ) -> None:
        self._environment = environment
        self._stacks = stacks
        self._locks = locks
        self._save = save
        self._confirm = confirm
        self._ways = ways
        self._progress = progress or nullcontext()
        self._host = host or socket.gethostname()

    def run(self, layer: Layer) -> None:
        """Recover the layer. Raises UserError if it was never deployed, or an update of it is under way."""
        self._ways.guard()
        before = self._stacks.exported(layer)
        if not before:
            raise UserError(f"{layer.name} was never deployed in '{self._environment.name}'.")
        holder = self._locks.holder(layer)
        self._refuse_living(layer, holder)
        found = pending_operations.of(before)
        backup = self._save(layer)
        say(f"The state of {layer.name} is kept: {backup}")
        if not self._ways.as_json:
            _print(layer, holder, found)
        self._unlock(layer, holder)
        self._confirm(f"Bring the state of {layer.name} in line with what AWS has?")
        self._refresh(layer)
        if left := pending_operations.of(self._stacks.exported(layer)):
            raise PartlyDoneError(
                f"{layer.name} still has operations of unknown result: {_names(left)}.",
                f"The state as it was is kept: {backup}.",
            )
        lost = [one for one in found if one.operation == CREATING]
        if self._ways.as_json:
            print_json(_as_object(layer, backup, holder, found))
        for one in lost:
            say(_warning(self._environment, layer, one))
        after = " once that is settled" if lost else ""
        say(f"Deploying is safe{after}: invoke deploy --env {self._environment.name} --layer {layer.name}")

    def _refuse_living(self, layer: Layer, holder: Holder | None) -> None:
        if holder and holder.host == self._host and not holder.gone:
            raise UserError(
                f"An update of {layer.name} is under way: {holder}.",
                "Wait for it to end, or end that process.",
            )

    def _unlock(self, layer: Layer, holder: Holder | None) -> None:
        if holder is None:
            return
        if not holder.gone:
            self._confirm(
                f"{layer.name} is locked by {holder}. If that still runs, this breaks it. Take the lock away?"
            )
        self._stacks.cancel(layer)
        say(f"The lock of {layer.name} is taken away.")

    def _refresh(self, layer: Layer) -> None:
        message = update_message.compose(f"recover {layer.name}", by=self._ways.by)
        arguments = ("--yes", "--skip-preview", "--clear-pending-creates", "--message", message)

        def act(layer: Layer) -> str:
            return self._stacks.ask(layer, "refresh", "--stack", self._environment.name, *arguments)

        with self._progress:
            [report] = in_waves([layer], act, interrupt=self._stacks.interrupt)
        if report.error:
            raise PartlyDoneError(report.error.message, report.error.hint)


def _print(layer: Layer, holder: Holder | None, found: Sequence[Pending]) -> None:
    if holder:
        console.print(f"{layer.name} is locked by {holder}", markup=False)
    if not found:
        console.print(f"No operation of {layer.name} was cut off.")
        return
    console.print(f"Cut off in {layer.name}, with unknown result:")
    for one in found:
        console.print(f"  {one.operation} {one.resource}", markup=False)


def _warning(environment: Environment, layer: Layer, lost: Pending) -> str:
    kind, name = lost.urn.split("::")[2].split("$")[-1], lost.urn.split("::")[-1]
    return (
        f"{lost.resource} may exist in AWS without Pulumi knowing. Look for it there; if it does, delete it,"
        f" or keep it: pulumi import -C stacks/{layer.name} -s {environment.name} {kind} {name} <its id>"
    )


def _names(found: Sequence[Pending]) -> str:
    return ", ".join(f"{one.operation} {one.resource}" for one in found)


def _as_object(
    layer: Layer, backup: str, holder: Holder | None, found: Sequence[Pending]
) -> Mapping[str, Any]:
    return {
        "layer": layer.name,
        "backup": backup,
        "lock": holder.as_dict() if holder else None,
        "pending": [one.as_dict() for one in found],
        "may_exist": [one.resource for one in found if one.operation == CREATING],
    }
