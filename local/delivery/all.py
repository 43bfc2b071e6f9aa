"""The hops together: what the daemon starts before it is ready and stops before ministack saves its state."""

import os
import threading
import time
from collections.abc import Mapping
from typing import Any

from ministack.core import lambda_runtime  # type: ignore[import-untyped]
from ministack.services import lambda_svc  # type: ignore[import-untyped]

from local.aws_json import Caller
from local.delivery import hooks
from local.delivery.async_queue import AsyncQueue, RuleTarget, save
from local.delivery.delays import Delays
from local.delivery.emulated_functions import EmulatedFunctions
from local.delivery.emulated_pipes import bus_pipes
from local.delivery.pipe_runner import PipeRunner
from local.delivery.postman import Postman
from local.delivery.worker import make_runtime
from local.endpoint import Endpoint
from local.layout import Layout

# Enough to keep every core busy with functions that wait for the emulator, few enough that a burst does not
# start a process per event: what does not fit waits in the queue.
THREADS = max(4, 2 * (os.cpu_count() or 1))
POLL_SECONDS = 0.01


class Hops:
    """Everything between ministack's services that ministack itself does not do."""

    def __init__(self, layout: Layout, endpoint: Endpoint, delays: Delays) -> None:
        root_user = Caller(endpoint.credentials.access_key_id, endpoint.credentials.secret_access_key)
        self._kept = layout.hops_state / "asynchronous-events.json"
        self._postman = Postman(layout.mailbox)
        self._queue = AsyncQueue(EmulatedFunctions(endpoint.url, root_user), delays, threads=THREADS)
        self._delays = delays
        self._pipes = PipeRunner(lambda: bus_pipes(endpoint.url), delays)
        self._stopping = threading.Event()
        make_runtime(layout.runtime)
        hooks.install(self)

    def start(self) -> None:
        """Take up the work, once ministack has its state back."""
        self._queue.restore(self._kept)
        self._queue.start()
        self._pipes.refresh()

    def stop(self, timeout_seconds: float) -> None:
        """Finish what is under way, keep the rest for the next start, and end the functions' processes."""
        deadline = time.monotonic() + timeout_seconds
        self._stopping.set()
        self._pipes.stop(timeout_seconds)
        while lambda_svc._esm_inflight and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        left = self._queue.stop(max(0.0, deadline - time.monotonic()))
        if left:
            save(self._kept, left)
        lambda_runtime.reset()

    def table_written(self) -> None:
        self._pipes.wake()

    def pipes_changed(self) -> None:
        self._pipes.refresh()

    def invoke_later(self, function_arn: str, payload: str, rule: RuleTarget | None) -> None:
        self._queue.submit(function_arn, payload, rule)

    def mail(self, subscription: Mapping[str, Any], message: Mapping[str, Any]) -> None:
        self._postman.deliver(to=subscription["endpoint"], **message)

    def polling(self) -> bool:
        return not self._stopping.is_set()

    def visibility_seconds(self, timeout_seconds: float) -> float:
        return self._delays.visibility(timeout_seconds)
