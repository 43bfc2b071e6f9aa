"""The embedded AWS as the tasks need it: running, with its plugin, and agreeing with the engine's state."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock

from local.emulator import Emulator
from local.endpoint import Endpoint
from local.errors import LocalError
from local.marker import Marker
from local.plugin.install import install
from orchestration.environments import Environment
from orchestration.state.backup_store import FOLDER
from orchestration.state.local import LocalState
from terminal.errors import UserError
from terminal.output import say

if TYPE_CHECKING:
    from local.mailbox import Mailbox


@contextmanager
def told_to_users() -> Iterator[None]:
    """What `local` raises, as the error of a task."""
    try:
        yield
    except LocalError as error:
        message = str(error)
        raise UserError(message[:1].upper() + message[1:]) from error


def start(environment: Environment, port: int | None = None) -> Endpoint:
    """The embedded AWS of this clone, started if it does not run."""
    with told_to_users():
        emulator = Emulator(environment.state_folder)
        running = emulator.status()
        endpoint = emulator.start(port)
        if running is None:
            say(f"The embedded AWS runs at {endpoint.url}")
        return endpoint


def stop(environment: Environment) -> None:
    """Stop it, with every process that it started; what it holds is kept."""
    with told_to_users():
        Emulator(environment.state_folder).stop()


def reset(environment: Environment) -> None:
    """Forget what it holds, and the stacks with it; it runs afterwards only if it did before."""
    state = LocalState(environment.state_folder / "pulumi")
    state.drop_stale_locks()
    if state.is_locked():
        raise UserError(
            "A deploy or destroy of 'local' is under way.", "Wait for it to end, or stop it first."
        )
    with told_to_users():
        Emulator(environment.state_folder).reset()
    state.forget()
    # Copies of states of which nothing exists any more.
    shutil.rmtree(environment.state_folder / FOLDER, ignore_errors=True)


def running(environment: Environment) -> Endpoint:
    """The embedded AWS; a `UserError` if it does not run."""
    with told_to_users():
        endpoint = Emulator(environment.state_folder).status()
    if endpoint is None:
        raise UserError("The embedded AWS does not run.", "Start it: invoke local.up, or invoke deploy")
    return endpoint


def mailbox(environment: Environment) -> "Mailbox":
    """The mail that the embedded AWS delivered."""
    from local.mailbox import Mailbox  # noqa: PLC0415

    return Mailbox(Emulator(environment.state_folder).layout.mailbox)


def prepare(environment: Environment, *, changing: bool, port: int | None = None) -> Mapping[str, str]:
    """Make `local` ready for the engine; returns the AWS plugin's variables. Nothing to do for an account.

    What a killed run left is put right, if need be by starting afresh. `changing` says that resources may
    change, so that a kill from now on is noticed by the next run.
    """
    if not environment.is_local:
        return {}
    environment.state_folder.mkdir(exist_ok=True)
    with FileLock(environment.state_folder / "prepare.lock"):
        endpoint = start(environment, port)
        state = LocalState(environment.state_folder / "pulumi")
        state.make()
        install(environment.state_folder / "pulumi-home")
        state.drop_stale_locks()
        if not state.is_locked():
            endpoint = _agreeing(environment, endpoint, state)
        if changing:
            with told_to_users():
                Marker(environment.state_folder, endpoint).renew()
    return endpoint.environment()


def resume(environment: Environment, *, changing: bool = False) -> Mapping[str, str]:
    """The AWS plugin's variables for `local` as the last run left it, cut off or not: nothing starts afresh.

    `changing` says that resources may change, as in `prepare`. A `UserError` if the embedded AWS has lost
    what the engine's state describes.
    """
    endpoint = start(environment)
    with told_to_users():
        marker = Marker(environment.state_folder, endpoint)
        agrees = marker.agrees()
        if agrees and changing:
            marker.renew()
    if not agrees:
        raise UserError(
            "The embedded AWS was killed and lost what Pulumi's state describes.",
            "Start both afresh: invoke deploy",
        )
    install(environment.state_folder / "pulumi-home")
    return endpoint.environment()


def _agreeing(environment: Environment, endpoint: Endpoint, state: LocalState) -> Endpoint:
    with told_to_users():
        if not Marker(environment.state_folder, endpoint).agrees():
            say("The embedded AWS was killed and lost what Pulumi's state describes: starting both afresh.")
        elif state.has_pending_operations():
            say("An earlier run was cut off in the middle of a change: starting the embedded AWS afresh.")
        else:
            return endpoint
        reset(environment)
        return Emulator(environment.state_folder).start()
