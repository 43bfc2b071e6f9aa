"""The fraud function's processor time per event, without AWS: from the event to the decision and the message.

The model is made up, with trees as many and as deep as those that training makes: what it costs does not
depend on what it knows. Profiles are as they come from the table and go to it, and fill up on the way.
"""

import io
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import msgspec

from detection.rules.rule_file import rules_of
from functions.common.domain.features import NAMES, VERSION
from functions.common.domain.suspicious_message import SuspiciousTransaction
from functions.common.runtime.clock import now_ms
from functions.common.runtime.telemetry import Telemetry
from functions.fraud.profile_store import DynamoDbProfileStore
from functions.fraud.scoring.decider import Judge
from functions.fraud.scoring.model import FORMAT, LEAF, Artifact, Model, Trees
from functions.fraud.scoring.scorer import Scorer
from functions.fraud.service import FraudDetector

ROOT = Path(__file__).parents[1]
GOAL_MS = 1.0
EVENTS = 5_000
TREES, DEPTH = 900, 4
_ACCOUNTS, _MERCHANTS = 50, 20
_BETWEEN_MS = 600_000
_PROFILES = "profiles"
_WRITTEN = {"version": ":next", "state": ":state", "format": ":format", "alerts": ":alerts"}


class _Queue:
    """Encodes what it is sent, as the real one does, and keeps the number."""

    def __init__(self) -> None:
        self.sent = 0

    def send(self, transaction: SuspiciousTransaction, _delay_seconds: int = 0) -> None:
        msgspec.json.encode(transaction).decode()
        self.sent += 1


class _Table:
    """DynamoDB as far as the store of profiles needs it, and with no time of its own."""

    def __init__(self) -> None:
        self._profiles: dict[str, dict[str, Any]] = {}

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        subjects = [key["subject"]["S"] for key in RequestItems[_PROFILES]["Keys"]]
        return {"Responses": {_PROFILES: [self._profiles[one] for one in subjects if one in self._profiles]}}

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]]) -> None:  # noqa: N803
        for write in TransactItems:
            update = write["Update"]
            if update["TableName"] == _PROFILES:
                written = update["ExpressionAttributeValues"]
                item = {name: written[placeholder] for name, placeholder in _WRITTEN.items()}
                self._profiles[update["Key"]["subject"]["S"]] = update["Key"] | item


def main() -> bool:
    """Prints the figure; True if it reaches the goal."""
    queue, telemetry = _Queue(), Telemetry("fraud", io.StringIO())
    scorer = Scorer(rules_of(ROOT / "stacks/processing/rules.yaml"), Model.from_json(artifact()))
    detector = FraudDetector(
        judge=Judge(scorer, None, alert_window_seconds=0),
        profiles=DynamoDbProfileStore(cast(Any, _Table()), "transactions", _PROFILES),
        queue=queue,
        telemetry=telemetry,
        clock=now_ms,
    )
    events = list(_events())
    start = time.process_time()
    for event in events:
        detector.inspect(event)
        telemetry.flush()
    milliseconds = (time.process_time() - start) * 1000 / EVENTS
    print(
        f"scoring: {milliseconds:.3f} ms of processor time per event, without AWS calls ({EVENTS} events,"
        f" {queue.sent} messages, {len(NAMES)} features, {TREES} trees of depth {DEPTH});"
        f" goal {GOAL_MS:.0f} ms; {'ok' if milliseconds < GOAL_MS else 'over'}"
    )
    return milliseconds < GOAL_MS


def artifact() -> bytes:
    """A model's, with trees of which every second walk meets something that is not known."""
    chance = random.Random(1)  # noqa: S311
    trees = Trees(roots=[], features=[], thresholds=[], left=[], unknown=[], values=[])
    for _ in range(TREES):
        trees.roots.append(len(trees.features))
        _grow(trees, chance)
    made = Artifact(
        format=FORMAT,
        features_version=VERSION,
        features=list(NAMES),
        label_delay_days=7,
        base=-4.0,
        trees=trees,
        threshold=0.05,
        card={},
    )
    return msgspec.json.encode(made)


def _grow(trees: Trees, chance: random.Random) -> None:
    """A whole tree, level by level: children of the node n of a tree are its nodes 2n + 1 and 2n + 2."""
    root, inner = len(trees.features), 2**DEPTH - 1
    for node in range(2 * inner + 1):
        left = root + 2 * node + 1
        is_leaf = node >= inner
        trees.features.append(LEAF if is_leaf else chance.randrange(len(NAMES)))
        trees.thresholds.append(0.0 if is_leaf else chance.uniform(0, 10))
        trees.left.append(0 if is_leaf else left)
        trees.unknown.append(0 if is_leaf else left + chance.randrange(2))
        trees.values.append(chance.gauss(0, 0.05))


def _events() -> Iterator[dict[str, object]]:
    """Every tenth one is over a limit."""
    begin = now_ms() - EVENTS * _BETWEEN_MS
    for number in range(EVENTS):
        made_at = str(begin + number * _BETWEEN_MS)
        transaction = {
            "transaction_id": {"S": f"tx-{number}"},
            "timestamp": {"N": made_at},
            "account_id": {"S": f"account-{number * 7 % _ACCOUNTS}"},
            "merchant_id": {"S": f"merchant-{number % _MERCHANTS}"},
            "amount": {"N": "12500.5" if number % 10 == 0 else f"{10 + number % 90}.5"},
            "currency": {"S": "USD"},
            "channel": {"S": "ecommerce"},
            "country": {"S": "US"},
            "device_id": {"S": f"device-{number % 60}"},
            "merchant_category": {"S": "groceries"},
            "received_at": {"N": made_at},
        }
        yield {"detail": {"event_name": "INSERT", "transaction": transaction}}


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
