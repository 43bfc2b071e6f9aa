"""The embedded AWS of `local`: its start and stop, its Pulumi plugin, and consistency with Pulumi's state."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock

from local.emulator import Emulator
from local.endpoint import EmulatorEndpoint
from local.errors import LocalError
from local.plugin.install import install_provider
from local.state_marker import StateMarker
from orchestration.environments import Environment
from orchestration.state.backup_store import BACKUP_FOLDER
from orchestration.state.local import LocalState
from terminal.command_line import command_line
from terminal.errors import UserError
from terminal.output import print_message

if TYPE_CHECKING:
    from local.mailbox import Mailbox


@contextmanager
def translate_local_errors() -> Iterator[None]:
    """Raise errors of the package `local` as `UserError`."""
    try:
        yield
    except LocalError as error:
        message = str(error)
        raise UserError(message[:1].upper() + message[1:]) from error


def start_emulator(environment: Environment, port: int | None = None) -> EmulatorEndpoint:
    """Start the embedded AWS of this clone if it does not run, and return its endpoint."""
    with translate_local_errors():
        emulator = Emulator(environment.state_folder)
        running = emulator.status()
        endpoint = emulator.start(port)
        if running is None:
            print_message(f"The embedded AWS runs at {endpoint.url}")
        return endpoint


def stop_emulator(environment: Environment) -> None:
    """Stop the embedded AWS and its child processes. Its data is saved."""
    with translate_local_errors():
        Emulator(environment.state_folder).stop()


def reset_emulator(environment: Environment) -> None:
    """Delete the data of the embedded AWS and the states of its stacks. It keeps running if it runs."""
    state = LocalState(environment.state_folder / "pulumi")
    state.remove_stale_locks()
    if state.is_locked():
        raise UserError(
            "A deployment or destroy of 'local' is in progress.", "Wait until it ends, or stop it."
        )
    with translate_local_errors():
        Emulator(environment.state_folder).reset()
    state.delete_stacks()
    # The backups describe resources that no longer exist.
    shutil.rmtree(environment.state_folder / BACKUP_FOLDER, ignore_errors=True)


def find_running_emulator(environment: Environment) -> EmulatorEndpoint:
    """Return the endpoint of the running embedded AWS. Raises UserError if it does not run."""
    with translate_local_errors():
        endpoint = Emulator(environment.state_folder).status()
    if endpoint is None:
        raise UserError(
            "The embedded AWS is not running.",
            f"Start it: {command_line('local.up')}, or {command_line('deploy')}",
        )
    return endpoint


def open_mailbox(environment: Environment) -> "Mailbox":
    """Return the mailbox with the mail that the embedded AWS delivered."""
    from local.mailbox import Mailbox  # noqa: PLC0415

    return Mailbox(Emulator(environment.state_folder).layout.mailbox)


def prepare_emulator(
    environment: Environment, *, changing: bool, port: int | None = None
) -> Mapping[str, str]:
    """Make `local` ready for the engine, and return the variables of the AWS plugin; empty for an account.

    If a run was killed and left an inconsistent state, both sides are reset. `changing` states that resources
    may change, so that the next run detects a kill of this one.
    """
    if not environment.is_local:
        return {}
    environment.state_folder.mkdir(exist_ok=True)
    with FileLock(environment.state_folder / "prepare.lock"):
        endpoint = start_emulator(environment, port)
        state = LocalState(environment.state_folder / "pulumi")
        state.create_folder()
        install_provider(environment.state_folder / "pulumi-home")
        state.remove_stale_locks()
        if not state.is_locked():
            endpoint = _reset_if_inconsistent(environment, endpoint, state)
        if changing:
            with translate_local_errors():
                StateMarker(environment.state_folder, endpoint).renew()
    return endpoint.environment()


def resume_emulator(environment: Environment, *, changing: bool = False) -> Mapping[str, str]:
    """Start the embedded AWS without a reset, and return the variables of the AWS plugin.

    `changing` has the same meaning as in `prepare_emulator`. Raises UserError if the embedded AWS lost the
    resources in Pulumi's state.
    """
    endpoint = start_emulator(environment)
    with translate_local_errors():
        marker = StateMarker(environment.state_folder, endpoint)
        is_consistent = marker.matches()
        if is_consistent and changing:
            marker.renew()
    if not is_consistent:
        raise UserError(
            "The embedded AWS was killed and lost the resources in Pulumi's state.",
            f"Deploy again from the start: {command_line('deploy')}",
        )
    install_provider(environment.state_folder / "pulumi-home")
    return endpoint.environment()


def _reset_if_inconsistent(
    environment: Environment, endpoint: EmulatorEndpoint, state: LocalState
) -> EmulatorEndpoint:
    with translate_local_errors():
        if not StateMarker(environment.state_folder, endpoint).matches():
            print_message(
                "The embedded AWS was killed and lost the resources in Pulumi's state. Resetting both."
            )
        elif state.has_pending_operations():
            print_message("An earlier run was interrupted during a change. Resetting the embedded AWS.")
        else:
            return endpoint
        reset_emulator(environment)
        return Emulator(environment.state_folder).start()
