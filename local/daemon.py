"""The process of the embedded AWS: serves ministack on a socket that local/emulator.py has bound.

local/emulator.py starts it with a minimal environment and in a new session.
"""

import argparse
import asyncio
import logging
import logging.handlers
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app  # type: ignore[import-untyped]
from ministack.core.responses import get_region  # type: ignore[import-untyped]

from local.delivery.delays import DELAY_SCALE, Delays
from local.delivery.service import DeliveryService
from local.endpoint import EmulatorEndpoint, RootCredentials
from local.layout import EmulatorLayout
from local.process_lock import hold_lock

MAXIMUM_LOG_BYTES = 2_000_000
LOCK_SECONDS = 10.0
# Time for the requests in progress at a stop; ministack saves its state after them.
GRACE_SECONDS = 2.0

logger = logging.getLogger("local.daemon")


class BoundedLog(logging.handlers.RotatingFileHandler):
    """The log file and the previous one. Standard output and standard error go to the same file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=MAXIMUM_LOG_BYTES, backupCount=1)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def doRollover(self) -> None:  # noqa: N802 (name in the base class)
        super().doRollover()
        assert self.stream is not None  # noqa: S101 (doRollover has just opened it)
        for standard in (1, 2):
            os.dup2(self.stream.fileno(), standard)


def main() -> None:
    parser = argparse.ArgumentParser(prog="local.daemon")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--socket", type=int, required=True, help="file descriptor of the listening socket")
    parser.add_argument("--control", type=int, required=True, help="file descriptor of the control socket")
    parser.add_argument("--lifeline", action="store_true", help="stop when the control socket is closed")
    arguments = parser.parse_args()
    layout = EmulatorLayout(arguments.root)
    control = socket.socket(fileno=arguments.control)
    control.set_inheritable(False)
    hold_lock(layout.daemon_lock, timeout_seconds=LOCK_SECONDS)
    layout.endpoint.unlink(missing_ok=True)
    logging.basicConfig(level=logging.WARNING, handlers=[BoundedLog(layout.log)], force=True)
    threading.excepthook = _log_thread_error
    try:
        asyncio.run(_run_server(layout, arguments.socket, control, arguments.lifeline))
    finally:
        layout.endpoint.unlink(missing_ok=True)
    logging.shutdown()
    # ministack's invocation threads may never end. The state is saved at this point.
    os._exit(0)


def _log_thread_error(arguments: threading.ExceptHookArgs) -> None:
    name = arguments.thread.name if arguments.thread else "?"
    error = arguments.exc_value or arguments.exc_type()
    logger.error("thread failed: %s", name, exc_info=error)


async def _run_server(
    layout: EmulatorLayout, descriptor: int, control: socket.socket, lifeline: bool
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    delays = Delays(scale=float(os.environ[DELAY_SCALE]))
    endpoint = EmulatorEndpoint(
        port=int(os.environ["GATEWAY_PORT"]),
        pid=os.getpid(),
        region=get_region(),
        credentials=RootCredentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]),
        delay_scale=delays.scale,
    )

    delivery = DeliveryService(layout, endpoint, delays)

    def stop_on_lifeline() -> None:
        # A closed socket remains readable, so the reader would be called again at once.
        asyncio.get_running_loop().remove_reader(control)
        stop.set()

    def announce_ready() -> None:
        delivery.start()
        endpoint.write(layout.endpoint)
        control.sendall(b"1")
        if lifeline:
            asyncio.get_running_loop().add_reader(control, stop_on_lifeline)
        else:
            control.close()

    config = Config()
    config.bind = [f"fd://{descriptor}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = GRACE_SECONDS
    config.loglevel = "WARNING"

    async def wait_for_stop() -> None:
        await stop.wait()
        # Functions that still run call the emulator, so deliveries end before the sockets are closed.
        await asyncio.to_thread(delivery.stop, GRACE_SECONDS)

    await serve(ReadinessMiddleware(app, announce_ready), config, shutdown_trigger=wait_for_stop)


class ReadinessMiddleware:
    """ASGI middleware that calls `on_ready` when ministack has started."""

    def __init__(self, app: Any, on_ready: Callable[[], None]) -> None:
        self._app = app
        self._on_ready = on_ready

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_lifespan(message: Any) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._on_ready()
            await send(message)

        await self._app(scope, receive, send_lifespan)


if __name__ == "__main__":
    main()
