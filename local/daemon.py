"""The process that is the embedded AWS: ministack, served on a socket that is bound already.

Started by local/emulator.py only, in a scrubbed environment and a session of its own.
"""

import argparse
import asyncio
import logging
import logging.handlers
import os
import signal
import socket
import threading
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app  # type: ignore[import-untyped]
from ministack.core.responses import get_region  # type: ignore[import-untyped]

from local import lock
from local.delivery.all import Hops
from local.delivery.delays import DELAY_SCALE, Delays
from local.endpoint import Credentials, Endpoint
from local.layout import Layout

LOG_BYTES = 2_000_000
LOCK_SECONDS = 10.0
# Requests under way when it is told to stop; ministack's own state is saved after them.
GRACE_SECONDS = 2.0

logger = logging.getLogger("local.daemon")


class BoundedLog(logging.handlers.RotatingFileHandler):
    """The log file and one before it; what is printed past logging goes to the same file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=LOG_BYTES, backupCount=1)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def doRollover(self) -> None:  # noqa: N802 (the base class's name)
        super().doRollover()
        assert self.stream is not None  # noqa: S101 (it was opened a line ago)
        for standard in (1, 2):
            os.dup2(self.stream.fileno(), standard)


def main() -> None:
    parser = argparse.ArgumentParser(prog="local.daemon")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--socket", type=int, required=True, help="descriptor of the listening socket")
    parser.add_argument("--control", type=int, required=True, help="descriptor of the starter's socket")
    parser.add_argument("--lifeline", action="store_true", help="stop when the starter closes that socket")
    arguments = parser.parse_args()
    layout = Layout(arguments.root)
    control = socket.socket(fileno=arguments.control)
    control.set_inheritable(False)
    lock.hold(layout.daemon_lock, timeout_seconds=LOCK_SECONDS)
    layout.endpoint.unlink(missing_ok=True)
    logging.basicConfig(level=logging.WARNING, handlers=[BoundedLog(layout.log)], force=True)
    threading.excepthook = _log_thread_error
    try:
        asyncio.run(_serve(layout, arguments.socket, control, arguments.lifeline))
    finally:
        layout.endpoint.unlink(missing_ok=True)
    logging.shutdown()
    # Threads that ministack started for invocations may never end; everything that matters is saved.
    os._exit(0)


def _log_thread_error(arguments: threading.ExceptHookArgs) -> None:
    name = arguments.thread.name if arguments.thread else "?"
    error = arguments.exc_value or arguments.exc_type()
    logger.error("thread %s failed", name, exc_info=error)


async def _serve(layout: Layout, descriptor: int, control: socket.socket, lifeline: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    delays = Delays(scale=float(os.environ[DELAY_SCALE]))
    endpoint = Endpoint(
        port=_port(descriptor),
        pid=os.getpid(),
        region=get_region(),
        credentials=Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]),
        delay_scale=delays.scale,
    )

    hops = Hops(layout, endpoint, delays)

    def orphaned() -> None:
        # A closed socket stays readable: without this the loop would turn until the end.
        asyncio.get_running_loop().remove_reader(control)
        stop.set()

    def announce() -> None:
        hops.start()
        endpoint.write(layout.endpoint)
        control.sendall(b"1")
        if lifeline:
            asyncio.get_running_loop().add_reader(control, orphaned)
        else:
            control.close()

    config = Config()
    config.bind = [f"fd://{descriptor}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = GRACE_SECONDS
    config.loglevel = "WARNING"

    async def stopped() -> None:
        await stop.wait()
        # Before the sockets close: functions that still run call the emulator.
        await asyncio.to_thread(hops.stop, GRACE_SECONDS)

    await serve(Service(app, announce), config, shutdown_trigger=stopped)


def _port(descriptor: int) -> int:
    duplicate = socket.socket(fileno=os.dup(descriptor))
    with duplicate:
        return int(duplicate.getsockname()[1])


class Service:
    """ministack's application, with what has to be done once it is up and before it saves its state."""

    def __init__(self, app: Any, ready: Any) -> None:
        self._app = app
        self._ready = ready

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_lifespan(message: Any) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._ready()
            await send(message)

        await self._app(scope, receive, send_lifespan)


if __name__ == "__main__":
    main()
