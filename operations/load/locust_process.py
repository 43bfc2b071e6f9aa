"""The process that posts: locust, in an environment of its own."""

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
from botocore.httpsession import get_cert_path

from operations.ingest.api_client import find_proxy
from orchestration.environments import ROOT
from orchestration.tool_environment import install_tool
from terminal.errors import UserError

SCRIPT = ROOT / "tools" / "locust" / "post_requests.py"
# More than the two seconds in which the process waits for responses after SIGTERM.
STOP_SECONDS = 5.0
_SIZE = "39 MB, about 10 seconds"


class PostedRequest(msgspec.Struct):
    """The result of one request. Times are in seconds; `status` is 0 without a response.

    `late` counts from the scheduled time to the POST, `seconds` from the scheduled time to the response.
    """

    number: int
    status: int
    late: float
    seconds: float
    reason: str = ""


@dataclass(frozen=True)
class LocustProcess:
    """A running process. It does not get Ctrl-C of the terminal, and ends if its input is closed."""

    process: subprocess.Popen[bytes]
    errors: Path

    @classmethod
    def start(cls, url: str, connections: int, folder: Path, python: Path | None = None) -> "LocustProcess":
        """Start the process and wait until it is ready. `folder` gets its error output. Raises UserError."""
        python = python or install_tool("locust", _SIZE)
        proxy = find_proxy(url)
        errors = folder / "locust-errors.txt"
        with errors.open("wb") as stream:
            process = subprocess.Popen(
                [
                    python,
                    SCRIPT,
                    url,
                    str(connections),
                    str(get_cert_path(True)),
                    *([proxy] if proxy else []),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                cwd=folder,
                # Variables of the user such as LOCUST_… or PYTHONPATH have no effect.
                env={"HOME": str(folder), "PATH": os.defpath},
                start_new_session=True,
            )
        started = cls(process, errors)
        started._wait_until_ready()
        return started

    def _wait_until_ready(self) -> None:
        assert self.process.stdout  # noqa: S101
        ready = b""
        try:
            ready = self.process.stdout.readline()
        finally:
            if not ready:
                self.kill()
        if not ready:
            raise self.error()

    def send(self, number: int, at: float, until: float, headers: Mapping[str, str], body: bytes) -> None:
        """Schedule a request for the time `at` of `time.monotonic`. It is not posted after `until`.

        Raises BrokenPipeError if the process has ended.
        """
        assert self.process.stdin  # noqa: S101
        request = {"number": number, "at": at, "until": until, "headers": headers, "body": body.decode()}
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()

    def close_input(self) -> None:
        """Let the process end after the responses to all requests."""
        assert self.process.stdin  # noqa: S101
        with suppress(BrokenPipeError):
            self.process.stdin.close()

    def results(self) -> Iterator[PostedRequest]:
        """Yield each result, until the process has ended."""
        assert self.process.stdout  # noqa: S101
        for line in self.process.stdout:
            yield msgspec.json.decode(line, type=PostedRequest)

    def wait(self) -> int:
        """Wait for the end of the process and return its exit status."""
        return self.process.wait()

    def stop(self) -> None:
        """End the process without further requests. Responses within two seconds are still results."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the process at once, if it has not ended."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def error(self) -> UserError:
        """Return the error of a process that has ended unexpectedly."""
        text = self.errors.read_text(errors="replace").strip()
        lines = text.splitlines() or ["no output"]
        return UserError(f"locust failed: {lines[-1]}", "Run it again with --verbose for details.", text)


def make_scratch() -> "tempfile.TemporaryDirectory[str]":
    """Return a folder that is removed at the end of its context."""
    return tempfile.TemporaryDirectory(prefix="fraud-load-")
