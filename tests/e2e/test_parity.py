"""The deployed pipeline and the backtest score alike: one definition of features, rules and model for both.

It goes a user's way: simulate, train, deploy with the artifact, post, label, and compare with a backtest.
Transactions of one account or merchant are posted one after the other, as they happen; others side by side.
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

from functions.common.domain import decision as decisions
from functions.common.domain.decision import Decision
from local.embedded import EmbeddedAws, embedded_aws
from operations.deployed import Deployed
from operations.ingest.api_client import ApiClient
from orchestration.environments import LOCAL, Environment
from shared.contracts import DataOutputs, EdgeOutputs, text
from tests.scratch import Scratch
from tests.waiting import wait_for

TRANSACTIONS = 2000
LABEL_DELAY_DAYS = 2
DELAY_MS = LABEL_DELAY_DAYS * 86_400_000
DATA = ("--customers", "250", "--terminals", "500", "--days", "14", "--seed", "5")
MODEL = "stacks/processing/model.json"
SETTINGS = "stacks/processing/Pulumi.local.yaml"
AT_ONCE = 8
# What a table gives in one request.
PAGE = 100

Row = dict[str, str]
Wave = list[Row]


@dataclass
class Trial:
    """A clone with a model, deployed to an embedded AWS of its own, and the file that it was trained on."""

    clone: Scratch
    aws: EmbeddedAws
    file: Path
    rows: list[Row]

    def run(self) -> dict[str, Decision]:
        """Post all transactions, and labels of frauds, in the order of time; returns the decisions."""
        deployed = Deployed.in_environment(Environment(LOCAL, self.clone.root))
        target = deployed.target()
        labels_url = text(deployed.outputs(EdgeOutputs).labels_url)
        labels_target = replace(target, url=target.url.removesuffix("/transactions") + "/labels")
        assert labels_url.endswith("/labels")
        table = text(deployed.outputs(DataOutputs).table_name)
        clients = [ApiClient(target, connections=AT_ONCE), ApiClient(labels_target, connections=AT_ONCE)]
        found: dict[str, Decision] = {}
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for wave in _waves(self.rows):
                bodies = [(clients["label" in body], body) for body in map(_body, wave)]
                statuses = list(threads.map(lambda one: one[0].post(_json(one[1])).status, bodies))
                assert set(statuses) == {201}
                posted = [body for _, body in bodies if "label" not in body]
                found |= self._decided(table, posted)
        for client in clients:
            client.close()
        return found

    def _decided(self, table: str, posted: list[dict[str, Any]]) -> dict[str, Decision]:
        """The decisions on these, once all are made."""
        found: dict[str, Decision] = {}
        for start in range(0, len(posted), PAGE):
            keys = [
                {"transaction_id": {"S": one["transaction_id"]}, "timestamp": {"N": str(one["timestamp"])}}
                for one in posted[start : start + PAGE]
            ]

            def decided(keys: list[dict[str, Any]] = keys) -> dict[str, Decision]:
                answer = self.aws.client("dynamodb").batch_get_item(
                    RequestItems={table: {"Keys": keys, "ConsistentRead": True}}
                )
                items = [item for item in answer["Responses"][table] if "decision" in item]
                if len(items) < len(keys):
                    return {}
                return {
                    item["transaction_id"]["S"]: decisions.from_text(item["decision"]["S"]) for item in items
                }

            found |= wait_for(decided, seconds=60, what=f"{len(keys)} decisions")
        return found


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    clone = Scratch.make(tmp_path_factory.mktemp("parity") / "clone")
    file = clone.root / "past.csv"
    clone.succeed("simulate", "--out", str(file), *DATA)
    delay = f"{LABEL_DELAY_DAYS}d"
    clone.succeed(
        *("train", "--data", str(file), "--out", MODEL, "--label-delay", delay, "--alerts-per-day", "10")
    )
    clone.replace(SETTINGS, "config:", "config:\n  fraud-processing:modelFile: model.json")
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))[:TRANSACTIONS]
    _write(file, rows)
    with embedded_aws(clone.root / ".local") as aws:
        clone.succeed("deploy")
        yield Trial(clone, aws, file, rows)


def test_deployed_pipeline_and_backtest_give_the_same_scores(trial: Trial) -> None:
    decided = trial.run()
    scores = trial.clone.root / "scores.csv"
    trial.clone.succeed(
        *("backtest", "--data", str(trial.file), "--model", MODEL, "--scores", str(scores)),
        *("--label-delay", f"{LABEL_DELAY_DAYS}d"),
    )
    with scores.open(newline="") as lines:
        replayed = {row["transaction_id"]: row for row in csv.DictReader(lines)}
    assert len(trial.rows) == len(decided) == len(replayed) == TRANSACTIONS
    apart = {
        name: (decision.score, replayed[name]["score"])
        for name, decision in decided.items()
        if abs(decision.score - float(replayed[name]["score"])) > 1e-9
    }
    assert apart == {}
    flagged = {name for name, decision in decided.items() if decision.suspicious}
    assert flagged == {name for name, row in replayed.items() if row["decision"] == "flag"}
    assert flagged


def _waves(rows: list[Row]) -> Iterator[Wave]:
    """What may be sent side by side: no account or merchant twice, and a label before what comes after it."""
    wave: Wave = []
    taken: set[str] = set()
    for row in _with_labels(rows):
        touched = {"account " + row["account_id"], "merchant " + row["merchant_id"]}
        if taken & touched:
            yield wave
            wave, taken = [], set()
        wave.append(row)
        taken |= touched
    yield wave


def _with_labels(rows: list[Row]) -> Iterator[Row]:
    """The rows in the order of time, with the labels of frauds when they are due."""
    due: list[tuple[int, int, Row]] = []
    for number, row in enumerate(rows):
        timestamp = int(row["timestamp"])
        while due and due[0][0] <= timestamp:
            yield heapq.heappop(due)[2]
        yield row
        if row["is_fraud"] == "1":
            heapq.heappush(due, (timestamp + DELAY_MS, number, {**row, "label": "fraud"}))


def _body(row: Row) -> dict[str, Any]:
    timestamp = int(row["timestamp"])
    if "label" in row:
        label = {"transaction_id": row["transaction_id"], "timestamp": timestamp, "label": "fraud"}
        return {**label, "reported_at": timestamp + DELAY_MS}
    names = ("transaction_id", "account_id", "merchant_id", "amount")
    return {**{name: row[name] for name in names}, "timestamp": timestamp, "currency": "EUR"}


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()


def _write(file: Path, rows: list[Row]) -> None:
    with file.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, rows[0])
        writer.writeheader()
        writer.writerows(rows)
