"""Entry point of the fraud function: `functions.fraud.handler.handle`.

Rules are validated when the process starts: a function with rules it cannot use never takes an event.
"""

import os
from pathlib import Path

from functions.common.aws import client
from functions.common.clock import now_ms
from functions.common.environment import from_variables
from functions.common.telemetry import Telemetry
from functions.fraud.detector import FraudDetector
from functions.fraud.environment import FraudEnvironment
from functions.fraud.queue import SqsQueue
from functions.fraud.rules import RuleSet

# Put into the zip by the stack that owns the rules.
_RULES = Path(__file__).with_name("rules.json")

_environment = from_variables(FraudEnvironment, os.environ)
_telemetry = Telemetry("fraud")
_detector = FraudDetector(
    ruleset=RuleSet.from_json(_RULES.read_bytes()),
    queue=SqsQueue(client("sqs"), _environment.queue_url),
    telemetry=_telemetry,
    clock=now_ms,
)


def handle(event: object, _context: object) -> None:
    """Scores one EventBridge event; an exception makes Lambda try again and, in the end, keep the event."""
    try:
        _detector.inspect(event)
    finally:
        _telemetry.flush()
