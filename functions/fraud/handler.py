"""Entry point of the fraud function: `functions.fraud.handler.handle`.

Rules and model are read when the process starts: one that cannot use them never takes an event.
"""

import os
from pathlib import Path
from typing import Any, Protocol

from functions.common.runtime.aws_clients import client
from functions.common.runtime.clock import now_ms
from functions.common.runtime.environment import from_variables
from functions.common.runtime.telemetry import Telemetry
from functions.fraud.environment import FraudEnvironment
from functions.fraud.profile_store import DynamoDbProfileStore
from functions.fraud.queue import FailureQueue, SqsQueue
from functions.fraud.retries import RetryBatch
from functions.fraud.scoring.decider import Judge
from functions.fraud.scoring.model import Model
from functions.fraud.scoring.rules import RuleSet
from functions.fraud.scoring.scorer import Scorer
from functions.fraud.service import FraudDetector

_HERE = Path(__file__).parent


def _scorers() -> tuple[Scorer, Scorer | None]:
    """The live scorer and, if there is any part of one, the candidate, which has the rest from the live one.

    Put into the zip by the stack that owns the rules; all but the rules may be missing.
    """
    rules, model = RuleSet.from_json((_HERE / "rules.json").read_bytes()), _model("model.json")
    candidate_rules, candidate_model = _HERE / "candidate_rules.json", _model("candidate_model.json")
    live = Scorer(rules, model)
    if candidate_model is None and not candidate_rules.exists():
        return live, None
    tried = RuleSet.from_json(candidate_rules.read_bytes()) if candidate_rules.exists() else rules
    return live, Scorer(tried, candidate_model or model)


def _model(name: str) -> Model | None:
    file = _HERE / name
    return Model.from_json(file.read_bytes()) if file.exists() else None


_environment = from_variables(FraudEnvironment, os.environ)
_telemetry = Telemetry("fraud")
_live, _candidate = _scorers()
_sqs = client("sqs")
_detector = FraudDetector(
    judge=Judge(_live, _candidate, _environment.alert_window_seconds),
    profiles=DynamoDbProfileStore(
        client("dynamodb"), _environment.table_name, _environment.profiles_table_name
    ),
    queue=SqsQueue(_sqs, _environment.queue_url),
    telemetry=_telemetry,
    clock=now_ms,
)


_retries = RetryBatch(_detector, FailureQueue(_sqs, _environment.failure_queue_url), _telemetry)


class Context(Protocol):
    """The part of Lambda's context object that the function uses."""

    def get_remaining_time_in_millis(self) -> int: ...


def handle(event: dict[str, Any], context: Context) -> dict[str, Any] | None:
    """Decides on one EventBridge event, or on a batch of the retry queue.

    An exception makes Lambda try the event again, and then send it to the retry queue. For a batch, returns
    which of its messages to deliver again.
    """
    with _telemetry.invocation():
        if "Records" in event:
            return _retries.process(event, context.get_remaining_time_in_millis)
        _detector.inspect(event)
    return None
