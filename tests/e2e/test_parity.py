"""Parity of the deployed pipeline and the backtest, which share features, rules and model.

The test runs the tasks of a user: simulate, train, deploy with the artifact, post, label, and backtest.
Transactions of one account, merchant, device or IP address are posted in order of time, and all others
concurrently, in batches. A transaction is posted after those of its category and their labels that its
features read. The test waits until merchants and categories are counted before it posts the transactions that
read them, because it posts the transactions of days in seconds.
"""

import csv
import heapq
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detection.data.dataset import Dataset
from detection.replay.replay import replay_batches
from functions.common.domain.categories import normalize_category
from functions.common.domain.decision import Decision
from functions.common.domain.features import FEATURE_NAMES, has_new_device
from functions.common.domain.time_buckets import DAY_MS, HALF_DAY_MS, MINUTE_MS
from functions.common.domain.transaction import TRANSACTION_FIELDS
from functions.common.dynamodb.decision_attribute import decode_decision
from functions.common.dynamodb.profile_items import (
    decode_category,
    decode_merchant,
    profile_key,
    profile_subject,
)
from functions.common.http.batch_schema import MAX_BATCH_ENTRIES
from local.embedded import EmbeddedAws, embedded_aws
from operations.deployed import DeployedPipeline
from operations.ingest.api_client import ApiClient
from operations.ingest.batch_client import BatchClient
from orchestration.environments import LOCAL, Environment
from orchestration.session import EnvironmentSession
from shared.contracts import DataOutputs, EdgeOutputs, require_string
from tests.scratch import ScratchClone
from tests.waiting import wait_for

TRANSACTIONS = 5000
# Those of one account or merchant are posted one after the other, with a second between two of a merchant.
MAX_TRANSACTIONS_OF_ONE = 30
LABEL_DELAY_DAYS = 2
DELAY_MS = LABEL_DELAY_DAYS * DAY_MS
DATA = ("--customers", "625", "--terminals", "1250", "--days", "14", "--seed", "5")
MODEL = "stacks/processing/model.json"
SETTINGS = "stacks/processing/Pulumi.local.yaml"
EDGE_SETTINGS = "stacks/edge/Pulumi.local.yaml"
WORKERS = 8
ORIGINS = 500
CATEGORIES = ("Food Stores", "food_stores", "fuel", "5732", "")
# The transactions with other values than 0 of features that the functions count together.
MIN_POSITIVE = {"category_fraud_30d": TRANSACTIONS / 10, "merchant_new_devices_1h": 50}
# The maximum of BatchGetItem.
PAGE_ITEMS = 100

Row = dict[str, str]
Wave = list[Row]


@dataclass
class DeployedClone:
    """A clone with a model, deployed to its own embedded AWS, and the dataset of the model."""

    clone: ScratchClone
    aws: EmbeddedAws
    file: Path
    rows: list[Row]

    def post_all(self) -> dict[str, Decision]:
        """Post all transactions and the labels of frauds, in order of time, and return the decisions."""
        deployed = DeployedPipeline.from_session(EnvironmentSession(Environment(LOCAL, self.clone.root)))
        target, batch_target = deployed.transactions_target(), deployed.transactions_batch_target()
        assert batch_target
        labels_url = require_string(deployed.outputs(EdgeOutputs).labels_url)
        labels = ApiClient(replace(target, url=labels_url), connections=WORKERS)
        batches = ApiClient(batch_target, connections=WORKERS)
        post_batch = BatchClient(batches, None).post
        tables = deployed.outputs(DataOutputs)
        transactions = require_string(tables.transactions_table_name)
        profiles = require_string(tables.profiles_table_name)
        decisions: dict[str, Decision] = {}
        counts: Counter[str] = Counter()
        new_devices: Counter[tuple[str, int]] = Counter()
        with ThreadPoolExecutor(WORKERS) as threads:
            for wave in _split_waves(self.rows):
                bodies = [_make_body(row) for row in wave]
                posted = [body for body in bodies if "label" not in body]
                subjects = {subject for body in posted for subject in _list_subjects(body)}
                self._wait_for_counts(profiles, counts, new_devices, subjects)
                labelled = [_encode_json(body) for body in bodies if "label" in body]
                responses = [*threads.map(labels.post, labelled)]
                for answers in threads.map(post_batch, _split_batches(list(map(_encode_json, posted)))):
                    responses += answers
                # A batch that a busy machine answers late is repeated.
                assert {response.status for response in responses} <= {HTTPStatus.CREATED, HTTPStatus.OK}
                decisions |= self._wait_for_decisions(transactions, posted)
                for body in posted:
                    if body.get("type") != "refund":
                        counts.update(_list_subjects(body))
                        if has_new_device(decisions[body["transaction_id"]].features):
                            merchant, minute = _list_subjects(body)[0], body["timestamp"] // MINUTE_MS
                            new_devices[merchant, minute] += 1
        labels.close()
        batches.close()
        return decisions

    def _wait_for_counts(
        self, table: str, counts: Counter[str], new_devices: Counter[tuple[str, int]], subjects: set[str]
    ) -> None:
        """Wait until the profiles of these merchants and categories have the counts.

        `counts` by subject, `new_devices` by subject and minute.
        """
        expected = {subject: counts[subject] for subject in subjects if counts[subject]}

        def are_counted() -> bool:
            items = self._read_items(table, [profile_key(subject) for subject in expected])
            is_counted = {item["subject"]["S"]: _sum_counts(item) for item in items} == expected
            return is_counted and all(_has_new_devices(item, new_devices) for item in items)

        wait_for(are_counted, seconds=60, what=f"counts of {len(expected)} merchants and categories")

    def _wait_for_decisions(self, table: str, posted: list[dict[str, Any]]) -> dict[str, Decision]:
        """Wait until the pipeline has decided on all of `posted`."""
        keys = [
            {"transaction_id": {"S": body["transaction_id"]}, "timestamp": {"N": str(body["timestamp"])}}
            for body in posted
        ]
        decisions: dict[str, Decision] = {}

        def are_decided() -> bool:
            items = [item for item in self._read_items(table, keys) if "decision" in item]
            decisions.update(
                {item["transaction_id"]["S"]: decode_decision(item["decision"]) for item in items}
            )
            return len(decisions) == len(keys)

        wait_for(are_decided, seconds=60, what=f"{len(keys)} decisions")
        return decisions

    def _read_items(self, table: str, keys: list[dict[str, Any]]) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        for begin in range(0, len(keys), PAGE_ITEMS):
            request = {table: {"Keys": keys[begin : begin + PAGE_ITEMS], "ConsistentRead": True}}
            response = self.aws.client("dynamodb").batch_get_item(RequestItems=request)
            items += response["Responses"][table]
        return items


@pytest.fixture(scope="module")
def deployed_clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedClone]:
    clone = ScratchClone.create(tmp_path_factory.mktemp("parity") / "clone")
    file = clone.root / "past.csv"
    clone.run_task("simulate", "--out", str(file), *DATA)
    with file.open(newline="") as lines:
        rows = [_add_fields(number, row) for number, row in enumerate(list(csv.DictReader(lines)))]
    _write_rows(file, rows)
    delay = f"{LABEL_DELAY_DAYS}d"
    clone.run_task(
        *("train", "--data", str(file), "--out", MODEL, "--label-delay", delay, "--alerts-per-day", "10")
    )
    clone.replace(SETTINGS, "config:", "config:\n  fraud-processing:modelFile: model.json")
    clone.replace(EDGE_SETTINGS, "config:", "config:\n  fraud-edge:maxTransactionAgeDays: 36500")
    with file.open(newline="") as lines:
        rows = _select_rows(list(csv.DictReader(lines)))
    _write_rows(file, rows)
    with embedded_aws(clone.root / ".local") as aws:
        clone.run_task("deploy")
        yield DeployedClone(clone, aws, file, rows)


def test_deployed_pipeline_and_backtest_give_the_same_scores(deployed_clone: DeployedClone) -> None:
    decisions = deployed_clone.post_all()
    scores = deployed_clone.clone.root / "scores.csv"
    deployed_clone.clone.run_task(
        *("backtest", "--data", str(deployed_clone.file), "--model", MODEL, "--scores", str(scores)),
        *("--label-delay", f"{LABEL_DELAY_DAYS}d"),
    )
    with scores.open(newline="") as lines:
        replayed = {row["transaction_id"]: row for row in csv.DictReader(lines)}
    assert len(deployed_clone.rows) == len(decisions) == TRANSACTIONS
    refunds = {row["transaction_id"] for row in deployed_clone.rows if row["type"] == "refund"}
    assert {decisions[refund].decided_by for refund in refunds} <= {"refund"}
    assert replayed.keys() == decisions.keys() - refunds
    differences = {
        transaction_id: (decisions[transaction_id].score, row["score"])
        for transaction_id, row in replayed.items()
        if abs(decisions[transaction_id].score - float(row["score"])) > 1e-9
    }
    assert differences == {}
    assert _find_other_features(deployed_clone.file, decisions) == {}
    flagged = {transaction_id for transaction_id, decision in decisions.items() if decision.suspicious}
    assert flagged == {
        transaction_id for transaction_id, row in replayed.items() if row["decision"] == "flag"
    }
    assert flagged


def _find_other_features(file: Path, decisions: dict[str, Decision]) -> dict[str, dict[str, Any]]:
    """The features of decisions that are not those of the replay, by transaction: both values by name."""
    different: dict[str, dict[str, Any]] = {}
    positive = Counter[str]()
    for featured in replay_batches(
        Dataset(file).batches(), label_delay_ms=DELAY_MS, label_delay_days=LABEL_DELAY_DAYS
    ):
        ids = featured.batch.texts["transaction_id"].to_pylist()
        for row in np.flatnonzero(featured.is_scored).tolist():
            features = decisions[ids[row]].features
            pairs = {
                name: (math.nan if value is None else value, other)
                for name, value, other in zip(
                    FEATURE_NAMES, features, featured.values[row].tolist(), strict=True
                )
            }
            positive.update(name for name in MIN_POSITIVE if pairs[name][1] > 0)
            unequal = {name: pair for name, pair in pairs.items() if not _is_equal(*pair)}
            if unequal:
                different[ids[row]] = unequal
    assert all(positive[name] >= minimum for name, minimum in MIN_POSITIVE.items())
    return different


def _is_equal(value: float, other: float) -> bool:
    return math.isclose(value, other, rel_tol=1e-9) or (math.isnan(value) and math.isnan(other))


def _select_rows(rows: list[Row]) -> list[Row]:
    selected, counts = [], Counter[str]()
    for row in rows:
        parties = ["account " + row["account_id"], "merchant " + row["merchant_id"]]
        if all(counts[party] < MAX_TRANSACTIONS_OF_ONE for party in parties):
            selected.append(row)
            counts.update(parties)
    return selected[:TRANSACTIONS]


def _split_waves(rows: list[Row]) -> list[Wave]:
    """Rows that can be posted concurrently: the rows of each account, merchant and origin are in order.

    A row is in the first wave after the waves of all earlier rows with its account, merchant or origin, and
    after all rows and labels of its category that are in the windows of its features.
    """
    waves: dict[int, Wave] = defaultdict(list)
    latest: Counter[str] = Counter()
    # The latest wave with a row or label of a category, by half day of the transaction.
    categories: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for row in _add_labels(rows):
        parties = ["account " + row["account_id"], "merchant " + row["merchant_id"]]
        if "label" not in row:
            parties.append("origin " + (row["device_id"] or row["ip_address"]))
        half_days = categories[normalize_category(row["merchant_category"]) or ""]
        due = (int(row["timestamp"]) - DELAY_MS) // HALF_DAY_MS
        read = max((wave for half_day, wave in half_days.items() if half_day < due), default=0)
        number = 1 + max(read, *(latest[party] for party in parties))
        waves[number].append(row)
        latest |= dict.fromkeys(parties, number)
        half_days |= Counter({int(row["timestamp"]) // HALF_DAY_MS: number})
    return [waves[number] for number in sorted(waves)]


def _add_labels(rows: list[Row]) -> Iterator[Row]:
    """The rows in order of time, with the labels of frauds when they are due."""
    due: list[tuple[int, int, Row]] = []
    for number, row in enumerate(rows):
        timestamp = int(row["timestamp"])
        while due and due[0][0] <= timestamp:
            yield heapq.heappop(due)[2]
        yield row
        if row["is_fraud"] == "1":
            heapq.heappush(due, (timestamp + DELAY_MS, number, {**row, "label": "fraud"}))


def _make_body(row: Row) -> dict[str, Any]:
    timestamp = int(row["timestamp"])
    if "label" in row:
        label = {"transaction_id": row["transaction_id"], "timestamp": timestamp, "label": "fraud"}
        return {**label, "reported_at": timestamp + DELAY_MS}
    fields = {field.name: row[field.name] for field in TRANSACTION_FIELDS if row.get(field.name)}
    return {**fields, "timestamp": timestamp}


def _add_fields(number: int, row: Row) -> Row:
    """The row with a device, an IP address or both, and a category. Accounts share all of them."""
    account = int.from_bytes(row["account_id"].encode(), "big")
    device = f"device-{(3 * account + number % 2) % ORIGINS}" if number % 3 else ""
    address = f"10.{account % 5}.{number % 4}.{account % ORIGINS}" if number % 2 or not device else ""
    category = CATEGORIES[int.from_bytes(row["merchant_id"].encode(), "big") % len(CATEGORIES)]
    return {**row, "device_id": device, "ip_address": address, "merchant_category": category}


def _split_batches(bodies: list[bytes]) -> list[list[bytes]]:
    begins = range(0, len(bodies), MAX_BATCH_ENTRIES)
    return [bodies[begin : begin + MAX_BATCH_ENTRIES] for begin in begins]


def _encode_json(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()


def _list_subjects(body: dict[str, Any]) -> list[str]:
    """The merchant's profile and that of the category, if any."""
    category = normalize_category(body.get("merchant_category"))
    subjects = [profile_subject("merchant", body["merchant_id"])]
    return subjects if category is None else [*subjects, profile_subject("category", category)]


def _sum_counts(item: dict[str, Any]) -> int:
    is_category = item["subject"]["S"].startswith("category#")
    profile = (decode_category("", item) if is_category else decode_merchant("", item)).profile
    return sum(profile.half_days.counts)


def _has_new_devices(item: dict[str, Any], expected: Counter[tuple[str, int]]) -> bool:
    """Whether the minutes of a merchant's profile have the expected new devices."""
    subject = item["subject"]["S"]
    if subject.startswith("category#"):
        return True
    minutes = decode_merchant("", item).profile.activity.minutes
    counted = zip(minutes.numbers, minutes.new_devices, strict=True)
    return all(count == expected[subject, minute] for minute, count in counted)


def _write_rows(file: Path, rows: list[Row]) -> None:
    with file.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, rows[0])
        writer.writeheader()
        writer.writerows(rows)
