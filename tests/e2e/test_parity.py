"""Parity of the deployed pipeline and the backtest, which share features, rules and model.

The test runs the tasks of a user: simulate, train, deploy with the artifact, post, label, and backtest.
Transactions of one account, merchant, device or IP address are posted in order of time, and all others
concurrently. The test waits until a merchant is counted before it posts the next transaction of the merchant,
because it posts the transactions of days in seconds.
"""

import csv
import heapq
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from functions.common.domain.decision import Decision
from functions.common.domain.time_buckets import DAY_MS
from functions.common.domain.transaction import TRANSACTION_FIELDS
from functions.common.dynamodb.decision_attribute import decode_decision
from functions.common.dynamodb.profile_items import decode_merchant
from local.embedded import EmbeddedAws, embedded_aws
from operations.deployed import DeployedPipeline
from operations.ingest.api_client import ApiClient
from orchestration.environments import LOCAL, Environment
from orchestration.session import EnvironmentSession
from shared.contracts import DataOutputs, EdgeOutputs, require_string
from tests.scratch import ScratchClone
from tests.waiting import wait_for

TRANSACTIONS = 1000
LABEL_DELAY_DAYS = 2
DELAY_MS = LABEL_DELAY_DAYS * DAY_MS
DATA = ("--customers", "125", "--terminals", "250", "--days", "14", "--seed", "5")
MODEL = "stacks/processing/model.json"
SETTINGS = "stacks/processing/Pulumi.local.yaml"
EDGE_SETTINGS = "stacks/edge/Pulumi.local.yaml"
WORKERS = 8
ORIGINS = 100
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
        target = deployed.transactions_target()
        labels_url = require_string(deployed.outputs(EdgeOutputs).labels_url)
        labels_target = replace(target, url=target.url.removesuffix("/transactions") + "/labels")
        assert labels_url.endswith("/labels")
        table = require_string(deployed.outputs(DataOutputs).transactions_table_name)
        clients = [ApiClient(target, connections=WORKERS), ApiClient(labels_target, connections=WORKERS)]
        profiles = require_string(deployed.outputs(DataOutputs).profiles_table_name)
        decisions: dict[str, Decision] = {}
        uncounted: set[str] = set()
        with ThreadPoolExecutor(WORKERS) as threads:
            for wave in _split_waves(self.rows):
                merchants = {row["merchant_id"] for row in wave if "label" not in row}
                if merchants & uncounted:
                    purchases = [made for made in decisions.values() if made.decided_by != "refund"]
                    self._wait_for_merchant_counts(profiles, len(purchases))
                    uncounted.clear()
                uncounted |= merchants
                bodies = [(clients["label" in body], body) for body in map(_make_body, wave)]
                statuses = list(threads.map(lambda pair: pair[0].post(_encode_json(pair[1])).status, bodies))
                assert set(statuses) == {201}
                posted = [body for _, body in bodies if "label" not in body]
                decisions |= self._wait_for_decisions(table, posted)
        for client in clients:
            client.close()
        return decisions

    def _wait_for_merchant_counts(self, table: str, transactions: int) -> None:
        """Wait until the profiles of the merchants count this many transactions."""
        pages = self.aws.client("dynamodb").get_paginator("scan")

        def are_counted() -> bool:
            items = pages.paginate(TableName=table, ConsistentRead=True).search("Items[]")
            merchants = [item for item in items if item["subject"]["S"].startswith("merchant#")]
            profiles = [decode_merchant("", item).profile for item in merchants]
            return sum(sum(profile.half_days.counts) for profile in profiles) == transactions

        wait_for(are_counted, seconds=60, what=f"counts of {transactions} transactions")

    def _wait_for_decisions(self, table: str, posted: list[dict[str, Any]]) -> dict[str, Decision]:
        """Wait until the pipeline has decided on all of `posted`."""
        decisions: dict[str, Decision] = {}
        for start in range(0, len(posted), PAGE_ITEMS):
            keys = [
                {"transaction_id": {"S": body["transaction_id"]}, "timestamp": {"N": str(body["timestamp"])}}
                for body in posted[start : start + PAGE_ITEMS]
            ]

            def read_decisions(keys: list[dict[str, Any]] = keys) -> dict[str, Decision]:
                response = self.aws.client("dynamodb").batch_get_item(
                    RequestItems={table: {"Keys": keys, "ConsistentRead": True}}
                )
                items = [item for item in response["Responses"][table] if "decision" in item]
                if len(items) < len(keys):
                    return {}
                return {item["transaction_id"]["S"]: decode_decision(item["decision"]) for item in items}

            decisions |= wait_for(read_decisions, seconds=60, what=f"{len(keys)} decisions")
        return decisions


@pytest.fixture(scope="module")
def deployed_clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedClone]:
    clone = ScratchClone.create(tmp_path_factory.mktemp("parity") / "clone")
    file = clone.root / "past.csv"
    clone.run_task("simulate", "--out", str(file), *DATA)
    with file.open(newline="") as lines:
        _write_rows(
            file, [_add_origin(number, row) for number, row in enumerate(list(csv.DictReader(lines)))]
        )
    delay = f"{LABEL_DELAY_DAYS}d"
    clone.run_task(
        *("train", "--data", str(file), "--out", MODEL, "--label-delay", delay, "--alerts-per-day", "10")
    )
    clone.replace(SETTINGS, "config:", "config:\n  fraud-processing:modelFile: model.json")
    clone.replace(EDGE_SETTINGS, "config:", "config:\n  fraud-edge:maxTransactionAgeDays: 36500")
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))[:TRANSACTIONS]
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
    flagged = {transaction_id for transaction_id, decision in decisions.items() if decision.suspicious}
    assert flagged == {
        transaction_id for transaction_id, row in replayed.items() if row["decision"] == "flag"
    }
    assert flagged


def _split_waves(rows: list[Row]) -> Iterator[Wave]:
    """Rows that can be posted concurrently: no account, merchant or origin occurs twice in a wave."""
    wave: Wave = []
    used: set[str] = set()
    for row in _add_labels(rows):
        parties = {"account " + row["account_id"], "merchant " + row["merchant_id"]}
        if "label" not in row:
            parties.add("origin " + (row["device_id"] or row["ip_address"]))
        if used & parties:
            yield wave
            wave, used = [], set()
        wave.append(row)
        used |= parties
    yield wave


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


def _add_origin(number: int, row: Row) -> Row:
    """The row with a device, an IP address or both. Accounts share both."""
    account = int.from_bytes(row["account_id"].encode(), "big")
    device = f"device-{(3 * account + number % 2) % ORIGINS}" if number % 3 else ""
    address = f"10.{account % 5}.{number % 4}.{account % ORIGINS}" if number % 2 or not device else ""
    return {**row, "device_id": device, "ip_address": address}


def _encode_json(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()


def _write_rows(file: Path, rows: list[Row]) -> None:
    with file.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, rows[0])
        writer.writeheader()
        writer.writerows(rows)
