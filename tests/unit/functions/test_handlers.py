"""The entry points, each in its own process as Lambda starts it. A fake DynamoDB replaces AWS."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from functions.common.domain.time_buckets import DAY_MS
from functions.fraud.scoring.rules import RuleSet
from tests.unit.functions.builders import inserted_event, message, posted, request

ROOT = Path(__file__).parents[3]
ENVIRONMENT = {
    "TABLE_NAME": "transactions",
    "PROFILES_TABLE_NAME": "profiles",
    "ALERT_WINDOW_SECONDS": "600",
    "RETENTION_DAYS": "400",
    "MAX_TRANSACTION_AGE_DAYS": "30",
    "EXTRA_DECIMALS": "refuse",
    "QUEUE_URL": "https://example.invalid/queue",
    "RETRY_QUEUE_URL": "https://example.invalid/retries",
    "FAILURE_QUEUE_URL": "https://example.invalid/failures",
    "TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:alerts",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",  # pragma: allowlist secret
    "AWS_EC2_METADATA_DISABLED": "true",
    "PATH": os.environ["PATH"],
}
PROGRAM = """
import importlib, json, sys
name, event = json.load(sys.stdin)
class Context:
    def get_remaining_time_in_millis(self): return 30_000
response = importlib.import_module(f"functions.{name}.handler").handle(event, Context())
print(json.dumps({"response": response}))
"""


class EmptyTables(BaseHTTPRequestHandler):
    """A DynamoDB with empty tables, which accepts every write."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"Responses": {}}' if self.headers["X-Amz-Target"].endswith("BatchGetItem") else b"{}"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module", autouse=True)
def endpoint() -> Iterator[None]:
    with HTTPServer(("127.0.0.1", 0), EmptyTables) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ENVIRONMENT["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{server.server_port}"
        yield
        server.shutdown()


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The functions' code with rules, as in the zip."""
    folder = tmp_path_factory.mktemp("code")
    shutil.copytree(ROOT / "functions", folder / "functions")
    rules = RuleSet(threshold=0.5).to_json()
    (folder / "functions/fraud/rules.json").write_bytes(rules)
    return folder


def _run_handler(code: Path, name: str, event: object, **changes: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps([name, event]),
        cwd=code,
        env=ENVIRONMENT | changes,
        capture_output=True,
        text=True,
        check=False,
    )


def _read_lines(code: Path, name: str, event: object) -> list[dict[str, Any]]:
    result = _run_handler(code, name, event)
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_api_responds_to_a_request_and_writes_metrics(code: Path) -> None:
    *_, metrics, result = _read_lines(code, "api", request("{"))
    assert result["response"]["statusCode"] == 400
    assert (metrics["service"], metrics["RequestsRefused"]) == ("api", 1)


@pytest.mark.parametrize(
    ("resource", "statuses"), [("/transactions/batch", [201, 400]), ("/transactions/historic", [201, 201])]
)
def test_api_responds_to_a_batch(code: Path, resource: str, statuses: list[int]) -> None:
    now = time.time_ns() // 1_000_000
    entries = [posted(timestamp=now), posted(transaction_id="tx-2", timestamp=now - 40 * DAY_MS)]
    *_, result = _read_lines(code, "api", request({"transactions": entries}, resource=resource))
    results = json.loads(result["response"]["body"])["results"]
    assert [entry["status"] for entry in results] == statuses


def test_fraud_scores_an_event_with_the_rules_in_the_zip(code: Path) -> None:
    *_, metrics, result = _read_lines(code, "fraud", inserted_event())
    assert result == {"response": None}
    assert metrics["TransactionsScored"] == 1


def test_labels_responds_to_a_request(code: Path) -> None:
    label = {"transaction_id": "tx-1", "timestamp": 1_780_000_000_000, "label": "fraud"}
    *_, result = _read_lines(code, "labels", request(json.dumps(label)))
    assert result["response"]["statusCode"] == 404


def test_notify_reports_failed_messages(code: Path) -> None:
    *_, metrics, result = _read_lines(code, "notify", {"Records": [message("m-1", "{}")]})
    assert result["response"] == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert metrics["AlertsFailed"] == 1


def test_merchants_counts_a_batch_and_returns_a_state(code: Path) -> None:
    """Lambda considers an invocation failed whose response has no state, because a tumbling window is set."""
    image = {
        "merchant_id": {"S": "m"},
        "timestamp": {"N": "1780000000000"},
        "amount": {"N": "12.5"},
        "currency": {"S": "EUR"},
    }
    change = {"SequenceNumber": "1", "NewImage": image}
    records = [{"eventName": "INSERT", "dynamodb": change}]
    line, result = _read_lines(code, "merchants", {"shardId": "shard", "Records": records})
    assert result["response"] == {"state": {}, "batchItemFailures": []}
    assert (line["transactions"], line["merchants"]) == (1, 1)


def test_function_without_its_environment_does_not_start(code: Path) -> None:
    result = _run_handler(code, "api", request(), RETENTION_DAYS="")
    assert result.returncode != 0
    assert "RETENTION_DAYS" in result.stderr


def test_unreadable_event_fails_the_invocation(code: Path) -> None:
    result = _run_handler(code, "fraud", {"detail": {}})
    assert result.returncode != 0
    assert "InvocationFailedError: UnreadableEventError" in result.stderr.splitlines()[-1]
    assert json.loads(result.stdout.splitlines()[-1])["error"] == "UnreadableEventError"
