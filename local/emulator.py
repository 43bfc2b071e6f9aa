"""The embedded AWS of one root folder: start, stop, reset and status of its daemon."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import IO

from local import process_lock
from local.delivery.delays import DEFAULT_SCALE, DELAY_SCALE
from local.endpoint import (
    HOST,
    EmulatorEndpoint,
    RootCredentials,
    find_requested_port,
    load_credentials,
    open_listening_socket,
)
from local.errors import LocalError
from local.layout import EmulatorLayout
from terminal.command_line import command_line

REPOSITORY = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
# ministack saves its state in less than a second, and the daemon does not wait for functions that do not end.
STOP_SECONDS = 20.0
# Long, because a busy machine responds slowly. A daemon that is suspended does not respond at all.
HEALTH_CHECK_SECONDS = 10.0
LOG_LINES_SHOWN = 15


class Emulator:
    """The embedded AWS with its files under `root`. Any process can start, find and stop it.

    `delay_scale` scales the delays before AWS's retries. With `stops_with_process`, the emulator stops when
    this process ends, even if it is killed. Without it, the emulator runs until it is stopped.
    """

    def __init__(
        self, root: Path, *, delay_scale: float = DEFAULT_SCALE, stops_with_process: bool = False
    ) -> None:
        self.layout = EmulatorLayout(root.resolve())
        self._delay_scale = delay_scale
        self._stops_with_process = stops_with_process
        # Stays open: the operating system closes it when this process ends, and the daemon detects that.
        self._lifeline: socket.socket | None = None

    def status(self) -> EmulatorEndpoint | None:
        """The endpoint if the emulator runs and is ready, otherwise None."""
        if process_lock.find_holder(self.layout.daemon_lock) is None:
            return None
        return EmulatorEndpoint.read(self.layout.endpoint)

    def start(self, port: int | None = None) -> EmulatorEndpoint:
        """Start the emulator if it does not run, and return its endpoint.

        `port` overrides FRAUD_LOCAL_PORT; 0 means any free port. Raises LocalError if the port is in use, if
        the emulator already runs on another port, or if it does not become ready.
        """
        requested_port = find_requested_port(port)
        with self._lock():
            running = self.status()
            # A daemon that was just killed may hold its lock for a moment.
            if running is None or not _is_healthy(running):
                return self._start(requested_port)
        if requested_port not in (None, 0, running.port):
            raise LocalError(
                f"The embedded AWS already runs on port {running.port}, not on {requested_port}."
                f" To change the port, stop it first: {command_line('local.down')}"
            )
        return running

    def stop(self) -> None:
        """Stop the emulator and all processes that it started. Its state is saved for the next start."""
        with self._lock():
            self._stop()

    def reset(self) -> None:
        """Delete all state and mail. A running emulator is restarted on the same port."""
        with self._lock():
            running = self.status()
            self._stop()
            shutil.rmtree(self.layout.emulator, ignore_errors=True)
            shutil.rmtree(self.layout.mailbox, ignore_errors=True)
            if running:
                self._start(running.port)

    def _lock(self) -> AbstractContextManager[object]:
        timeout_seconds = START_SECONDS + STOP_SECONDS
        return process_lock.acquire_lock(self.layout.start_lock, timeout_seconds=timeout_seconds)

    def _start(self, port: int | None) -> EmulatorEndpoint:
        # A daemon that runs but is not ready remains from a start that was interrupted.
        self._stop()
        for folder in (self.layout.home, self.layout.temporary):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        process = None
        control, daemon_control = socket.socketpair()
        try:
            with (
                daemon_control,
                open_listening_socket(port, self.layout.port) as listening,
                self.layout.log.open("a") as log,
            ):
                process = self._spawn(listening, daemon_control, log)
            self._wait_until_ready(control)
            endpoint = self._announced_endpoint()
        except BaseException:
            control.close()
            if process is not None:
                _kill_process_group(process.pid)
            raise
        if self._stops_with_process:
            self._lifeline = control
        else:
            control.close()
        self.layout.port.write_text(str(endpoint.port))
        return endpoint

    def _spawn(
        self, listening: socket.socket, control: socket.socket, log: IO[str]
    ) -> subprocess.Popen[bytes]:
        root_user = load_credentials(self.layout.credentials)
        environment = _daemon_environment(self.layout, listening.getsockname()[1], root_user)
        environment[DELAY_SCALE] = str(self._delay_scale)
        inherited = (listening.fileno(), control.fileno())
        command = [sys.executable, "-s", "-m", "local.daemon", "--root", str(self.layout.root)]
        command += ["--socket", str(inherited[0]), "--control", str(inherited[1])]
        return subprocess.Popen(
            [*command, "--lifeline"] if self._stops_with_process else command,
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=inherited,
            # In a new session, Ctrl-C in the user's terminal does not stop the daemon.
            start_new_session=True,
        )

    def _wait_until_ready(self, control: socket.socket) -> None:
        control.settimeout(START_SECONDS)
        try:
            if control.recv(1):
                return
            problem = "stopped during its start"
        except TimeoutError:
            problem = f"was not ready after {START_SECONDS:.0f} seconds"
        except ConnectionResetError:
            problem = "stopped during its start"
        lines = self.layout.log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
        raise LocalError(
            "\n  ".join([f"The embedded AWS {problem}. Last lines of its log {self.layout.log}:", *lines])
        )

    def _announced_endpoint(self) -> EmulatorEndpoint:
        endpoint = self.status()
        if endpoint is None:
            raise LocalError(
                f"The embedded AWS stopped immediately after its start. See its log: {self.layout.log}"
            )
        return endpoint

    def _stop(self) -> None:
        daemon_lock = self.layout.daemon_lock
        pid = process_lock.find_holder(daemon_lock)
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            process_lock.wait_until_free(daemon_lock, timeout_seconds=STOP_SECONDS)
            _kill_process_group(pid)
            if not process_lock.wait_until_free(daemon_lock, timeout_seconds=STOP_SECONDS):
                raise LocalError(f"The embedded AWS (process {pid}) does not stop. Kill it: kill -9 {pid}")
        self.layout.endpoint.unlink(missing_ok=True)
        shutil.rmtree(self.layout.temporary, ignore_errors=True)


def _daemon_environment(layout: EmulatorLayout, port: int, root_user: RootCredentials) -> dict[str, str]:
    """The environment of the daemon. Functions inherit it, so it has no variables of the user."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(layout.home),
        "LANG": "C.UTF-8",
        "TMPDIR": str(layout.temporary),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": root_user.access_key_id,
        "AWS_SECRET_ACCESS_KEY": root_user.secret_access_key,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(layout.aws_state),
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        # ministack removes Docker containers at its start, so it must not find the user's Docker.
        "DOCKER_HOST": f"unix://{layout.home}/no-docker.sock",
        "LOG_LEVEL": "WARNING",
        # Lambda's default; ministack's default depends on the free memory of the machine.
        "LAMBDA_ACCOUNT_CONCURRENCY": "1000",
    }


def _is_healthy(endpoint: EmulatorEndpoint) -> bool:
    connection = http.client.HTTPConnection(HOST, endpoint.port, timeout=HEALTH_CHECK_SECONDS)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _kill_process_group(leader: int) -> None:
    """Kill the remaining processes of a daemon, and reap the daemon if it is a child of this process."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(leader, 0)
