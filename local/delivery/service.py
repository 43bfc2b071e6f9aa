"""The delivery service, which the daemon runs next to ministack."""

import os
import threading
import time

from ministack.core import lambda_runtime  # type: ignore[import-untyped]
from ministack.services import lambda_svc  # type: ignore[import-untyped]

from local.aws_json import Caller
from local.delivery.async_queue import AsyncQueue, save_events
from local.delivery.delays import Delays
from local.delivery.emulated_functions import EmulatedFunctions
from local.delivery.function_process import link_runtime_packages
from local.delivery.mappings.emulated_mappings import list_stream_mappings
from local.delivery.mappings.poller import MappingPoller
from local.delivery.patches import (
    api_gateway,
    functions,
    mail,
    mappings,
    metrics,
    ministack,
    permissions,
    pipes,
    signatures,
    streams,
)
from local.delivery.pipes.emulated_pipes import list_bus_pipes
from local.delivery.pipes.poller import PipePoller
from local.delivery.streams.pollers import StreamPollers
from local.endpoint import EmulatorEndpoint
from local.layout import EmulatorLayout
from local.mailbox import MailWriter

# Functions mostly wait for the emulator, so two a core use the machine. A burst waits in the queue instead of
# starting one process per event.
THREADS = max(4, 2 * (os.cpu_count() or 1))
POLL_SECONDS = 0.01


class DeliveryService:
    """Delivers events, stream records and mail between ministack's services."""

    def __init__(self, layout: EmulatorLayout, endpoint: EmulatorEndpoint, delays: Delays) -> None:
        root_user = Caller(endpoint.credentials.access_key_id, endpoint.credentials.secret_access_key)
        self._saved_events = layout.delivery_state / "asynchronous-events.json"
        self._mail = MailWriter(layout.mailbox)
        self._queue = AsyncQueue(EmulatedFunctions(endpoint.url, root_user), delays, threads=THREADS)
        self._delays = delays
        self._pipes = StreamPollers(
            lambda: list_bus_pipes(endpoint.url), lambda pipe: PipePoller(pipe, delays)
        )
        self._mappings = StreamPollers(
            lambda: list_stream_mappings(endpoint.url), lambda mapping: MappingPoller(mapping, delays)
        )
        self._stopping = threading.Event()
        link_runtime_packages(layout.runtime)
        self._patch_ministack()

    def start(self) -> None:
        """Start deliveries. Call it after ministack has restored its state."""
        self._queue.restore(self._saved_events)
        self._queue.start()
        self._pipes.refresh()
        self._mappings.refresh()

    def stop(self, timeout_seconds: float) -> None:
        """Finish current deliveries, save pending events for the next start and end the function processes.

        Call it before ministack saves its state.
        """
        deadline = time.monotonic() + timeout_seconds
        self._stopping.set()
        self._pipes.stop(timeout_seconds)
        self._mappings.stop(max(0.0, deadline - time.monotonic()))
        while lambda_svc._esm_inflight and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        pending_events = self._queue.stop(max(0.0, deadline - time.monotonic()))
        if pending_events:
            save_events(self._saved_events, pending_events)
        lambda_runtime.reset()

    def _wake_pollers(self) -> None:
        self._pipes.wake()
        self._mappings.wake()

    def _patch_ministack(self) -> None:
        """Raises LocalError if ministack has another version than the patches support."""
        ministack.check_version()
        streams.persist_streams()
        streams.report_writes(self._wake_pollers)
        pipes.store_parameters()
        pipes.report_changes(self._pipes.refresh)
        pipes.skip_bus_targets()
        mappings.store_parameters()
        mappings.report_changes(self._mappings.refresh)
        mappings.skip_streams()
        functions.queue_asynchronous_invocations(self._queue.submit)
        functions.pause_polling(lambda: not self._stopping.is_set())
        functions.shorten_visibility(self._delays.visibility)
        functions.isolate_processes()
        mail.deliver_mail(self._mail.write)
        permissions.authorize_stream_arn()
        permissions.accept_loopback_as_tls()
        permissions.authorize_keys_and_attributes()
        metrics.publish_function_metrics()
        metrics.publish_api_metrics()
        metrics.publish_queue_metrics()
        metrics.evict_metrics_hourly()
        api_gateway.return_integration_failures()
        signatures.verify_signatures()
