"""Entry point of the fraud function: `functions.fraud.handler.handle`.

The module loads rules and models at startup, so that a process with invalid ones never receives an event.
"""

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions.common.runtime.aws_clients import create_client
from functions.common.runtime.clock import now_ms
from functions.common.runtime.environment import read_environment
from functions.common.runtime.telemetry import Telemetry
from functions.fraud.environment import FraudEnvironment
from functions.fraud.profile_store import ProfileStore
from functions.fraud.retries import RetryProcessor
from functions.fraud.scoring.decider import Decider
from functions.fraud.scoring.scorer import create_scorers
from functions.fraud.senders import RetrySender, SuspiciousTransactionSender, UnreadableMessageSender
from functions.fraud.service import FraudDetector

if TYPE_CHECKING:
    from functions.common.runtime.lambda_context import LambdaContext

_FOLDER = Path(__file__).parent
_SECONDS_PER_DAY = 86_400


def _read_file(name: str) -> bytes | None:
    file = _FOLDER / name
    return file.read_bytes() if file.exists() else None


_environment = read_environment(FraudEnvironment, os.environ)
_telemetry = Telemetry("fraud")
# A model consists of thousands of objects. Garbage collections would take twice as long as creating them, and
# without `freeze`, later collections would visit them again.
gc.disable()
_live, _candidate = create_scorers(_read_file)
gc.freeze()
gc.enable()
_sqs = create_client("sqs")
_detector = FraudDetector(
    decider=Decider(_live, _candidate, _environment.alert_window_seconds),
    profiles=ProfileStore(
        create_client("dynamodb"),
        _environment.table_name,
        _environment.profiles_table_name,
        _environment.retention_days * _SECONDS_PER_DAY,
    ),
    sender=SuspiciousTransactionSender(_sqs, _environment.queue_url),
    retries=RetrySender(_sqs, _environment.retry_queue_url),
    telemetry=_telemetry,
    clock=now_ms,
)
_retries = RetryProcessor(
    _detector, UnreadableMessageSender(_sqs, _environment.failure_queue_url), _telemetry
)


def handle(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any] | None:
    """Decide on the transaction of one EventBridge event, or on those of a batch from the retry queue.

    After an exception, Lambda retries the event and then sends it to the retry queue. For a batch, returns
    the messages to deliver again.
    """
    with _telemetry.invocation():
        if "Records" in event:
            return _retries.process_batch(event, context.get_remaining_time_in_millis)
        _detector.process_event(event)
    return None
