"""Starting, stopping and finding the daemon that is the embedded AWS of one root folder."""

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

from local import lock, ports
from local.delivery.delays import DEFAULT_SCALE, DELAY_SCALE
from local.endpoint import HOST, Credentials, Endpoint, credentials
from local.errors import LocalError
from local.layout import Layout

REPOSITORY = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
# Saving what ministack holds takes well under a second; a function that does not end is not waited for.
STOP_SECONDS = 20.0
# A machine under load is slow to answer; one that is stopped does not answer at all.
ANSWER_SECONDS = 10.0
LOG_LINES_SHOWN = 15


class Emulator:
    """The embedded AWS whose files are under `root`. Any process may start, find and stop it.

    `delay_scale` shortens the waits before AWS retries what failed. With `dies_with_us` the emulator ends
    when this process does, also if that is killed; otherwise it runs until it is stopped.
    """

    def __init__(self, root: Path, *, delay_scale: float = DEFAULT_SCALE, dies_with_us: bool = False) -> None:
        self.layout = Layout(root.resolve())
        self._delay_scale = delay_scale
        self._dies_with_us = dies_with_us
        # Kept open: the system closes it when this process ends, however it ends, and the daemon notices.
        self._lifeline: socket.socket | None = None

    def status(self) -> Endpoint | None:
        """The endpoint if the emulator runs and is ready."""
        if lock.holder(self.layout.daemon_lock) is None:
            return None
        return Endpoint.read(self.layout.endpoint)

    def start(self, port: int | None = None) -> Endpoint:
        """The running emulator, started if it does not run yet.

        `port` goes before FRAUD_LOCAL_PORT; 0 is any free one. Raises LocalError if the port is busy, if the
        emulator runs on another one already, or if it does not become ready.
        """
        asked = ports.requested(port)
        with self._alone():
            running = self.status()
            # One that was just killed may hold its lock for a moment longer.
            if running is None or not _answers(running):
                return self._start(asked)
        if asked not in (None, 0, running.port):
            raise LocalError(
                f"the local AWS runs on port {running.port} already; stop it first with: invoke local.down"
            )
        return running

    def stop(self) -> None:
        """Stop it, if it runs, with every process it started; what it holds is kept for the next start."""
        with self._alone():
            self._stop()

    def reset(self) -> None:
        """Forget everything it holds, mail included. If it ran, it runs afterwards, on the same port."""
        with self._alone():
            running = self.status()
            self._stop()
            shutil.rmtree(self.layout.emulator, ignore_errors=True)
            shutil.rmtree(self.layout.mailbox, ignore_errors=True)
            if running:
                self._start(running.port)

    def _alone(self) -> AbstractContextManager[None]:
        return lock.held(self.layout.start_lock, timeout_seconds=START_SECONDS + STOP_SECONDS)

    def _start(self, port: int | None) -> Endpoint:
        # A daemon that lives but is not ready is left from a start that was cut off.
        self._stop()
        for folder in (self.layout.home, self.layout.temporary):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        process = None
        ours, daemons = socket.socketpair()
        try:
            with daemons, ports.listen(port, self.layout.port) as listening, self.layout.log.open("a") as log:
                process = self._spawn(listening, daemons, log)
            self._wait_until_ready(ours)
            endpoint = self._announced()
        except BaseException:
            ours.close()
            if process is not None:
                _end_group(process.pid)
            raise
        if self._dies_with_us:
            self._lifeline = ours
        else:
            ours.close()
        self.layout.port.write_text(str(endpoint.port))
        return endpoint

    def _spawn(
        self, listening: socket.socket, control: socket.socket, log: IO[str]
    ) -> subprocess.Popen[bytes]:
        inherited = (listening.fileno(), control.fileno())
        command = [sys.executable, "-s", "-m", "local.daemon", "--root", str(self.layout.root)]
        command += ["--socket", str(inherited[0]), "--control", str(inherited[1])]
        return subprocess.Popen(
            [*command, "--lifeline"] if self._dies_with_us else command,
            cwd=REPOSITORY,
            env=self._environment(listening.getsockname()[1]),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=inherited,
            # Its own session: Ctrl-C in the user's terminal does not reach it.
            start_new_session=True,
        )

    def _environment(self, port: int) -> dict[str, str]:
        root_user = credentials(self.layout.credentials)
        return {**environment(self.layout, port, root_user), DELAY_SCALE: str(self._delay_scale)}

    def _wait_until_ready(self, control: socket.socket) -> None:
        control.settimeout(START_SECONDS)
        try:
            if control.recv(1):
                return
            reason = "stopped while starting"
        except TimeoutError:
            reason = f"was not ready after {START_SECONDS:.0f} seconds"
        except ConnectionResetError:
            reason = "stopped while starting"
        lines = self.layout.log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
        raise LocalError("\n  ".join([f"the local AWS {reason}; the end of {self.layout.log}:", *lines]))

    def _announced(self) -> Endpoint:
        endpoint = self.status()
        if endpoint is None:
            raise LocalError(f"the local AWS stopped at once; see {self.layout.log}")
        return endpoint

    def _stop(self) -> None:
        pid = lock.holder(self.layout.daemon_lock)
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            lock.wait_until_free(self.layout.daemon_lock, timeout_seconds=STOP_SECONDS)
            _end_group(pid)
            if not lock.wait_until_free(self.layout.daemon_lock, timeout_seconds=STOP_SECONDS):
                raise LocalError(f"the local AWS (process {pid}) does not stop; end it with: kill -9 {pid}")
        self.layout.endpoint.unlink(missing_ok=True)
        shutil.rmtree(self.layout.temporary, ignore_errors=True)


def environment(layout: Layout, port: int, root_user: Credentials) -> dict[str, str]:
    """All that the daemon knows of the outside: functions inherit it, so nothing of the user's is in it."""
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
        # Where it finds Docker, ministack removes containers at start; a user's are not to be touched.
        "DOCKER_HOST": f"unix://{layout.home}/no-docker.sock",
        "LOG_LEVEL": "WARNING",
        # Lambda's default; ministack would take a number that follows from the machine's free memory.
        "LAMBDA_ACCOUNT_CONCURRENCY": "1000",
    }


def _answers(endpoint: Endpoint) -> bool:
    """Whether the emulator answers a request."""
    connection = http.client.HTTPConnection(HOST, endpoint.port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end_group(leader: int) -> None:
    """Kill what is left of a daemon's process group, and collect the daemon if it is a child of ours."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(leader, 0)
