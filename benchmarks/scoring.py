"""Processor time of the fraud function per event, from the event to the decision and the message.

The figure contains all that the function does except AWS's calls: it reads the event, decodes the stored
profiles, evaluates features, rules and model, finds the reasons, encodes decision and account, and writes
message, log and metrics. The model is random, with as many trees of the same depth as a trained one, because
its cost does not depend on its content. The profiles have a full history.
"""

import io
import random
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from detection.rules.rule_file import read_rules
from functions.common.domain.account_profile import count_in_account
from functions.common.domain.features import FEATURE_NAMES, FEATURES_VERSION
from functions.common.domain.time_buckets import HALF_DAY_MS
from functions.common.domain.transaction_event import decode_transaction
from functions.common.dynamodb.profile_items import (
    PROFILE_PART,
    build_update,
    decode_account,
    decode_category,
    decode_merchant,
)
from functions.common.runtime.clock import now_ms
from functions.common.runtime.telemetry import Telemetry
from functions.fraud.profile_store import ProfileStore
from functions.fraud.scoring.decider import Decider
from functions.fraud.scoring.model import ARTIFACT_FORMAT, LEAF, Artifact, FraudModel, Trees
from functions.fraud.scoring.scorer import Scorer
from functions.fraud.senders import RetrySender, SuspiciousTransactionSender
from functions.fraud.service import FraudDetector

ROOT = Path(__file__).parents[1]
GOAL_MS = 1.0
EVENTS, _BATCH = 5_000, 100
TREES, DEPTH = 400, 6
_ACCOUNTS, _MERCHANTS = 50, 20
_CATEGORY = "groceries"
_BETWEEN_MS = 600_000
_PROFILES = "profiles"
_HISTORY_DAYS = 90


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
            if update["TableName"] == _PROFILES and update["Key"]["part"] == {"S": PROFILE_PART}:
                self.store_profile(update)

    def update_item(self, **update: Any) -> dict[str, Any]:
        """Add an account to a device, and return the device as it was."""
        subject, [slot] = update["Key"]["subject"]["S"], update["ExpressionAttributeNames"].values()
        before = self._profiles.get(subject, {})
        self._profiles[subject] = {**before, slot: update["ExpressionAttributeValues"][":entry"]}
        return {"Attributes": before}

    def store_profile(self, update: dict[str, Any]) -> None:
        values, names = update["ExpressionAttributeValues"], update["ExpressionAttributeNames"]
        item = {name: values[placeholder.replace("#", ":")] for placeholder, name in names.items()}
        self._profiles[update["Key"]["subject"]["S"]] = update["Key"] | item


def main() -> bool:
    """Print the figure. Returns True if it reaches the goal."""
    table, queue, telemetry = _Table(), _QueueClient(), Telemetry("fraud", io.StringIO())
    scorer = Scorer(
        read_rules(ROOT / "stacks/processing/rules.yaml"), FraudModel.from_json(random_artifact())
    )
    detector = FraudDetector(
        decider=Decider(scorer, None, alert_window_seconds=0),
        profiles=ProfileStore(cast(Any, table), "transactions", _PROFILES),
        sender=SuspiciousTransactionSender(cast(Any, queue), "queue"),
        retries=RetrySender(cast(Any, queue), "retries"),
        telemetry=telemetry,
        clock=now_ms,
    )
    begin = now_ms() - EVENTS * _BETWEEN_MS
    _store_history(table, begin)
    events = [_build_event(number, begin + number * _BETWEEN_MS) for number in range(EVENTS)]
    # Other processes slow down some of the batches, also in processor time.
    milliseconds = statistics.median(
        _measure_ms(detector, telemetry, batch) for batch in zip(*[iter(events)] * _BATCH, strict=True)
    )
    print(
        f"Scoring: {milliseconds:.3f} ms of processor time per event, without AWS calls (median of"
        f" {EVENTS // _BATCH} batches of {_BATCH} events, {queue.sent} messages,"
        f" {len(FEATURE_NAMES)} features, {TREES} trees of depth {DEPTH}); goal: below {GOAL_MS:.0f} ms;"
        f" {'ok' if milliseconds < GOAL_MS else 'missed'}"
    )
    return milliseconds < GOAL_MS


def _measure_ms(detector: FraudDetector, telemetry: Telemetry, events: Sequence[object]) -> float:
    start = time.process_time()
    for event in events:
        with telemetry.invocation():
            detector.process_event(event)
    return (time.process_time() - start) * 1000 / len(events)


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
        rules=[],
        threshold=0.09,
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


def _store_history(table: _Table, end: int) -> None:
    """Store the profiles of all accounts, merchants and the category, with each half day before `end`."""
    times = [end - half_day * HALF_DAY_MS for half_day in range(2 * _HISTORY_DAYS, 0, -1)]
    for number in range(_ACCOUNTS):
        account = decode_account(_account_id(number), None)
        for position, made_at in enumerate(times):
            count_in_account(account.profile, decode_transaction(_build_item(number * 7 + position, made_at)))
        table.store_profile(build_update(_PROFILES, account, end))
    for number in range(_MERCHANTS):
        merchant = decode_merchant(_merchant_id(number), None)
        for made_at in times:
            merchant.profile.half_days.add(made_at)
        table.store_profile(build_update(_PROFILES, merchant, end))
    category = decode_category(_CATEGORY, None)
    for made_at in times:
        category.profile.half_days.add_count(made_at // HALF_DAY_MS, 5_000)
        category.profile.half_days.add_fraud(made_at, 10, is_unusual=False)
    table.store_profile(build_update(_PROFILES, category, end))


def _account_id(number: int) -> str:
    return f"account-{number * 7 % _ACCOUNTS}"


def _merchant_id(number: int) -> str:
    return f"merchant-{number % _MERCHANTS}"


def _build_event(number: int, made_at: int) -> dict[str, object]:
    return {"detail": {"event_name": "INSERT", "transaction": _build_item(number, made_at)}}


def _build_item(number: int, made_at: int) -> dict[str, Any]:
    """A transaction; every tenth amount exceeds a limit."""
    return {
        "transaction_id": {"S": f"tx-{number}"},
        "timestamp": {"N": str(made_at)},
        "account_id": {"S": _account_id(number)},
        "merchant_id": {"S": _merchant_id(number)},
        "amount": {"N": "12500.5" if number % 10 == 0 else f"{10 + number % 90}.5"},
        "currency": {"S": "USD"},
        "channel": {"S": "ecommerce"},
        "country": {"S": "US"},
        "device_id": {"S": f"device-{number % 60}"},
        "merchant_category": {"S": _CATEGORY},
        "received_at": {"N": str(made_at)},
    }


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
