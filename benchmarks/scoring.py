"""Processor time of the fraud function per event, from the event to the decision and the message.

The model is random but has as many trees of the same depth as a trained model, because its cost does not
depend on its content. Profiles are read and written in the format of the table and fill up during the
benchmark.
"""

import io
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import msgspec

from detection.rules.rule_file import read_rules
from functions.common.domain.features import FEATURE_NAMES, FEATURES_VERSION
from functions.common.runtime.clock import now_ms
from functions.common.runtime.telemetry import Telemetry
from functions.fraud.profile_store import ProfileStore
from functions.fraud.scoring.decider import Decider
from functions.fraud.scoring.model import ARTIFACT_FORMAT, LEAF, Artifact, FraudModel, Trees
from functions.fraud.scoring.scorer import Scorer
from functions.fraud.senders import SuspiciousTransactionSender
from functions.fraud.service import FraudDetector

ROOT = Path(__file__).parents[1]
GOAL_MS = 1.0
EVENTS = 5_000
TREES, DEPTH = 900, 4
_ACCOUNTS, _MERCHANTS = 50, 20
_BETWEEN_MS = 600_000
_PROFILES = "profiles"
_WRITTEN = {"version": ":next", "state": ":state", "format": ":format", "alerts": ":alerts"}


class _QueueClient:
    """The operation of SQS that the sender needs; counts the messages."""

    def __init__(self) -> None:
        self.sent = 0

    def send_message(self, **_: Any) -> None:
        self.sent += 1


class _Table:
    """The operations of DynamoDB that the profile store needs, in memory."""

    def __init__(self) -> None:
        self._profiles: dict[str, dict[str, Any]] = {}

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        subjects = [key["subject"]["S"] for key in RequestItems[_PROFILES]["Keys"]]
        items = [self._profiles[subject] for subject in subjects if subject in self._profiles]
        return {"Responses": {_PROFILES: items}}

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]]) -> None:  # noqa: N803
        for write in TransactItems:
            update = write["Update"]
            if update["TableName"] == _PROFILES:
                written = update["ExpressionAttributeValues"]
                item = {name: written[placeholder] for name, placeholder in _WRITTEN.items()}
                self._profiles[update["Key"]["subject"]["S"]] = update["Key"] | item


def main() -> bool:
    """Print the figure. Returns True if it reaches the goal."""
    queue, telemetry = _QueueClient(), Telemetry("fraud", io.StringIO())
    scorer = Scorer(
        read_rules(ROOT / "stacks/processing/rules.yaml"), FraudModel.from_json(random_artifact())
    )
    detector = FraudDetector(
        decider=Decider(scorer, None, alert_window_seconds=0),
        profiles=ProfileStore(cast(Any, _Table()), "transactions", _PROFILES),
        sender=SuspiciousTransactionSender(cast(Any, queue), "queue"),
        telemetry=telemetry,
        clock=now_ms,
    )
    events = list(_generate_events())
    start = time.process_time()
    for event in events:
        detector.process_event(event)
        telemetry.flush()
    milliseconds = (time.process_time() - start) * 1000 / EVENTS
    print(
        f"Scoring: {milliseconds:.3f} ms of processor time per event, without AWS calls ({EVENTS} events,"
        f" {queue.sent} messages, {len(FEATURE_NAMES)} features, {TREES} trees of depth {DEPTH});"
        f" goal: below {GOAL_MS:.0f} ms; {'ok' if milliseconds < GOAL_MS else 'missed'}"
    )
    return milliseconds < GOAL_MS


def random_artifact() -> bytes:
    """The artifact of a random model; about every second walk through a tree meets an unknown feature."""
    chance = random.Random(1)  # noqa: S311
    trees = Trees(roots=[], features=[], thresholds=[], left=[], unknown=[], values=[])
    for _ in range(TREES):
        trees.roots.append(len(trees.features))
        _add_tree(trees, chance)
    artifact = Artifact(
        format=ARTIFACT_FORMAT,
        features_version=FEATURES_VERSION,
        features=list(FEATURE_NAMES),
        label_delay_days=7,
        base=-4.0,
        trees=trees,
        threshold=0.05,
        card={},
    )
    return msgspec.json.encode(artifact)


def _add_tree(trees: Trees, chance: random.Random) -> None:
    """Add a complete tree, level by level: the children of node n are the nodes 2n + 1 and 2n + 2."""
    root, inner = len(trees.features), 2**DEPTH - 1
    for node in range(2 * inner + 1):
        left = root + 2 * node + 1
        is_leaf = node >= inner
        trees.features.append(LEAF if is_leaf else chance.randrange(len(FEATURE_NAMES)))
        trees.thresholds.append(0.0 if is_leaf else chance.uniform(0, 10))
        trees.left.append(0 if is_leaf else left)
        trees.unknown.append(0 if is_leaf else left + chance.randrange(2))
        trees.values.append(chance.gauss(0, 0.05))


def _generate_events() -> Iterator[dict[str, object]]:
    """Events; every tenth amount exceeds a limit."""
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
