"""Planted values of a run of the pipeline are only where the register of personal data says so."""

import json
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from functions.common.dynamodb.profile_items import profile_subject
from functions.common.runtime.clock import now_ms
from local.mailbox import Mailbox
from operations.monitoring.queues import FAILURE_QUEUES, RETRY
from operations.privacy.access import PersonalDataStores
from operations.privacy.erase_command import run_erasure
from operations.privacy.export_command import run_export
from operations.privacy.register import PLACES, RECORDS
from operations.review import block_allow_lists
from operations.review.overrides import Overrides
from operations.review.profiles_table import ProfilesTableClient
from shared.contracts import DataOutputs, ProcessingOutputs, require_string
from tests.e2e import faults
from tests.e2e.pipeline import PipelineClient
from tests.e2e.transactions import build_transaction

RUN = uuid.uuid4().hex[:6]
TIMESTAMP = int(time.time() * 1000) - 1234
ALERTED, DEAD, RETRIED, UNDELIVERED, UNANNOUNCED = (
    f"planted-tx-{RUN}-{kind}" for kind in ("alerted", "dead", "retried", "undelivered", "unannounced")
)
PATTERNS = {
    "transaction_id": rf"planted-tx-{RUN}",
    "account_id": rf"planted-account-{RUN}",
    "device_id": rf"planted-device-{RUN}",
    "ip_address": r"203\.0\.113\.213",
    "country": r"(?<![\w+/=.-])AX(?![\w+/=.-])",
    "amount": r"9876543\.21|9,876,543\.21",
    "time": str(TIMESTAMP),
    "purchase": rf"planted-category-{RUN}",
    "merchant_id": rf"planted-merchant-{RUN}",
    "label_source": rf"planted-source-{RUN}",
    "reason": rf"planted-reason-{RUN}",
    "staff": rf"planted-author-{RUN}",
    "mail_address": r"analyst@example\.com",
}
"""The fields of the register with a value that a text can be searched for."""


def build_planted(transaction_id: str) -> dict[str, Any]:
    return build_transaction(
        transaction_id=transaction_id,
        # One account for each, because a second alert of an account waits for a summary.
        account_id=f"planted-account-{RUN}-{transaction_id.rpartition('-')[2]}",
        merchant_id=f"planted-merchant-{RUN}",
        amount="9876543.21",
        timestamp=TIMESTAMP,
        channel="ecommerce",
        country="AX",
        device_id=f"planted-device-{RUN}",
        ip_address="203.0.113.213",
        merchant_category=f"planted-category-{RUN}",
    )


def find_fields(text: str) -> set[str]:
    return {name for name, pattern in PATTERNS.items() if re.search(pattern, text)}


def find_place(name: str) -> set[str]:
    """The fields that the register allows in a place, among those that can be searched for."""
    [place] = [place for place in PLACES if name in place.name]
    return place.plain_fields() & PATTERNS.keys()


@dataclass
class PlantedRun:
    """What the run left behind. `queues`: the texts of messages by queue; `events`: those on the bus."""

    pipeline: PipelineClient
    queues: dict[str, str]
    events: list[dict[str, Any]]
    items: dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def run(pipeline: PipelineClient) -> Iterator[PlantedRun]:
    """A transaction with an alert and a label, and one that ends in each failure queue."""
    faults.purge_queues(pipeline)
    with observe_bus(pipeline) as receive_events:
        block(pipeline, build_planted(ALERTED)["account_id"])
        post(pipeline, ALERTED)
        pipeline.wait_for_mail_about(build_planted(ALERTED))
        source = f"planted-source-{RUN}"
        assert pipeline.post_label(build_planted(ALERTED), "fraud", source=source).status == 201
        refused = {**build_planted(f"planted-tx-{RUN}-refused"), "amount": "x", f"planted-account-{RUN}": 1}
        assert pipeline.post(refused).status == 400
        fail_deliveries(pipeline)
        queues = {name: read_queue(pipeline, name) for name in (*FAILURE_QUEUES, RETRY)}
        yield PlantedRun(pipeline, queues, receive_events(), read_items(pipeline))
    faults.purge_queues(pipeline)
    delete_undecided(pipeline)


def delete_undecided(pipeline: PipelineClient) -> None:
    """Delete the transactions that nothing will decide, so that the pipeline is healthy for later tests."""
    for transaction_id in (RETRIED, UNDELIVERED, UNANNOUNCED):
        pipeline.aws.client("dynamodb").delete_item(
            TableName=pipeline.table_name,
            Key={"transaction_id": {"S": transaction_id}, "timestamp": {"N": str(TIMESTAMP)}},
        )


def post(pipeline: PipelineClient, transaction_id: str) -> None:
    assert pipeline.post(build_planted(transaction_id)).status == 201


def block(pipeline: PipelineClient, account_id: str) -> None:
    table = ProfilesTableClient(pipeline.aws.client("dynamodb"), pipeline.deployed.profiles_table_name)
    block_allow_lists.add_to_list(
        lambda: Overrides(table, pipeline.deployed.caller_arn()),
        "block",
        "account",
        account_id,
        reason=f"planted-reason-{RUN}",
        until="1d",
        author=f"planted-author-{RUN}",
        now_ms=now_ms(),
    )


def fail_deliveries(pipeline: PipelineClient) -> None:
    """Let one transaction end in each failure queue and the retry queue."""
    data = pipeline.outputs(DataOutputs)
    suspicious = pipeline.deployed.queue_url(data.suspicious_queue_url)
    with ExitStack() as stack:
        stack.enter_context(faults.deny_actions(pipeline, "notify", "sns:Publish"))
        stack.enter_context(faults.limit_to_one_attempt(pipeline, suspicious))
        post(pipeline, DEAD)
        faults.wait_for_messages(pipeline, "suspicious-dlq", 1)
    retry = faults.find_queue(pipeline, RETRY).url
    with ExitStack() as stack:
        stack.enter_context(faults.deny_actions(pipeline, "fraud", "dynamodb:UpdateItem"))
        stack.enter_context(faults.limit_to_one_attempt(pipeline, retry))
        post(pipeline, RETRIED)
        faults.wait_for_messages(pipeline, "fraud-failures", 1)
    with faults.revoke_rule_permission(pipeline):
        post(pipeline, UNDELIVERED)
        faults.wait_for_messages(pipeline, "events-failures", 1)
    with faults.make_pipe_give_up(pipeline):
        post(pipeline, UNANNOUNCED)
        faults.wait_for_messages(pipeline, "pipe-failures", 1)


@contextmanager
def observe_bus(pipeline: PipelineClient) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Send every event on the bus to a queue as well. Yields a function that receives them."""
    events, sqs = pipeline.aws.client("events"), pipeline.aws.client("sqs")
    bus, name = require_string(pipeline.outputs(ProcessingOutputs).bus_name), f"probe-{RUN}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps({"source": [{"prefix": ""}]}))
    events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "probe", "Arn": arn}])

    def receive() -> list[dict[str, Any]]:
        bodies = receive_all(sqs, url)
        return [event for event in map(json.loads, bodies) if RUN in json.dumps(event)]

    try:
        yield receive
    finally:
        events.remove_targets(Rule=name, EventBusName=bus, Ids=["probe"])
        events.delete_rule(Name=name, EventBusName=bus)
        sqs.delete_queue(QueueUrl=url)


def read_queue(pipeline: PipelineClient, name: str) -> str:
    return "\n".join(receive_all(pipeline.aws.client("sqs"), faults.find_queue(pipeline, name).url))


def receive_all(sqs: Any, url: str) -> Iterator[str]:
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=1, MessageAttributeNames=["All"]
    ).get("Messages"):
        for message in messages:
            yield json.dumps(
                {name: message[name] for name in ("Body", "MessageAttributes") if name in message}
            )
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def read_items(pipeline: PipelineClient) -> dict[str, list[dict[str, Any]]]:
    """The planted items of the tables, and those of lists, by record of the register."""
    client = pipeline.aws.client("dynamodb")
    items: dict[str, list[dict[str, Any]]] = {}
    for table in (pipeline.table_name, pipeline.deployed.profiles_table_name):
        for page in client.get_paginator("scan").paginate(TableName=table):
            for item in page["Items"]:
                items.setdefault(classify_item(item), []).append(item)
    return items


def classify_item(item: Mapping[str, Any]) -> str:
    if "transaction_id" in item:
        return "item: guard" if item["timestamp"] == {"N": "0"} else "item: transaction"
    subject, part = item["subject"]["S"], item["part"]["S"]
    if part == "profile":
        kind = subject.partition("#")[0]
        return "item: device or address" if kind in ("device", "address") else f"item: {kind}"
    if part.startswith("suspicious#"):
        return "item: suspicious decision"
    return {
        "lists": "item: list entry or snooze",
        "snoozes": "item: list entry or snooze",
        "audit": "item: audit entry",
        "erasures": "item: erasure",
        "control": "item: pseudonym key" if part == "pseudonym-key" else "item: snoozes of rules",
        "merchant#stream": "item: stream positions",
    }[subject]


def to_text(value: object) -> str:
    return json.dumps(value, default=lambda binary: bytes(binary).decode("latin-1"))


def test_items_have_the_attributes_of_the_register(run: PlantedRun) -> None:
    for record, items in run.items.items():
        for item in items:
            names = {"slot" if re.fullmatch(r"\d\d", name) else name for name in item}
            assert names <= set(RECORDS[record]), record


def test_items_have_planted_values_where_the_register_says_so(run: PlantedRun) -> None:
    checked = set()
    for record, items in run.items.items():
        [*places] = [place for place in PLACES if record in place.records and place.name.startswith("table")]
        allowed = set().union(*(place.plain_fields() for place in places))
        for item in items:
            found = find_fields(to_text(item))
            checked |= {record} if found else set()
            assert found <= allowed, record
    assert {"item: transaction", "item: suspicious decision", "item: audit entry"} <= checked


def test_logs_have_the_transaction_id_and_no_other_planted_value(run: PlantedRun) -> None:
    texts = dict(read_logs(run.pipeline))
    assert len(texts) >= 5
    for group, text in texts.items():
        allowed = find_place("logs of the functions") if "/aws/lambda/" in group else set[str]()
        assert find_fields(text) <= allowed, group
    assert "transaction_id" in find_fields("".join(texts.values()))
    assert '"level": "ERROR"' in (everything := "".join(texts.values())) or '"level":"ERROR"' in everything


def read_logs(pipeline: PipelineClient) -> Iterator[tuple[str, str]]:
    logs = pipeline.aws.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=name)
        yield name, "\n".join(event["message"] for page in pages for event in page["events"])


def test_event_has_what_the_fraud_function_reads_and_nothing_else(run: PlantedRun) -> None:
    bodies = [json.loads(event["Body"]) for event in run.events]
    details = [body["detail"] for body in bodies]
    assert len(details) >= 4
    for detail in details:
        assert set(detail) == {"event_name", "transaction"}
        assert set(detail["transaction"]) == set(RECORDS["TransactionInserted"])
    assert find_fields(to_text(details)) == find_place("event bus")


@pytest.mark.parametrize(
    ("queue", "place"),
    [
        ("suspicious-dlq", "queue `suspicious-dlq`"),
        ("fraud-failures", "`events-failures` and `fraud-failures`"),
        ("events-failures", "`events-failures` and `fraud-failures`"),
        ("pipe-failures", "queue `pipe-failures`"),
    ],
)
def test_queue_has_the_planted_values_of_the_register(run: PlantedRun, queue: str, place: str) -> None:
    assert run.queues[queue]
    # No list entry is about the account of these messages, so that no reason is quoted.
    assert find_fields(run.queues[queue]) == find_place(place) - {"reason"}


def test_mail_has_the_planted_values_of_the_register(run: PlantedRun) -> None:
    mails = Mailbox(run.pipeline.aws.emulator.layout.mailbox).messages()
    planted = [mail for mail in mails if RUN in mail.body]
    assert planted
    for mail in planted:
        found = find_fields(to_text([mail.subject, mail.body, mail.attributes]))
        assert found <= find_place("fraud-alerts")
        # The time is a date and a time of day.
        assert found >= find_place("fraud-alerts") - {"time", "reason"}


def test_metrics_have_no_planted_value(run: PlantedRun) -> None:
    pages = run.pipeline.aws.client("cloudwatch").get_paginator("list_metrics").paginate()
    metrics = [metric for page in pages for metric in page["Metrics"]]
    assert metrics
    assert find_fields(to_text(metrics)) == set()


def test_state_has_mail_addresses_and_no_planted_value(run: PlantedRun) -> None:
    state = to_text(run.pipeline.deployed.stack_states)
    files = [file for file in (run.pipeline.aws.root / "pulumi").rglob("*") if file.is_file()]
    assert files
    state += "".join(file.read_bytes().decode("latin-1") for file in files)
    assert find_fields(state) == find_place("Pulumi's state")


def test_variables_of_functions_have_no_planted_value(run: PlantedRun) -> None:
    functions = run.pipeline.aws.client("lambda").list_functions()["Functions"]
    assert functions
    assert find_fields(to_text([function["Environment"] for function in functions])) == set()


def test_export_has_everything_and_erasure_leaves_nothing(
    run: PlantedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline, account = run.pipeline, build_planted(DEAD)["account_id"]
    stores = PersonalDataStores.from_deployed(pipeline.deployed)
    assert run_export(stores, account, out="", as_json=True) == 0
    exported = json.loads(capsys.readouterr().out)
    assert [entry["transaction_id"] for entry in exported["transactions"]] == [DEAD]
    assert exported["profile"]["counts"]["countries"] == ["AX"]
    assert exported["devices_and_addresses"][0]["id"] == f"planted-device-{RUN}"
    assert run_erasure(stores, account, yes=True, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["complete"]
    left = list(iterate(read_items(pipeline)))
    assert [item for item in left if account in to_text(item)] == []
    assert [item for item in left if profile_subject("account", account) in to_text(item)] == []
    assert [record for record, items in read_items(pipeline).items() if items and "erasure" in record]


def test_alert_is_not_published_after_an_erasure(run: PlantedRun) -> None:
    pipeline, transaction = run.pipeline, build_planted(f"planted-tx-{RUN}-silent")
    mapping = find_mapping(pipeline, "notify")
    client = pipeline.aws.client("lambda")
    client.update_event_source_mapping(UUID=mapping, Enabled=False)
    try:
        assert pipeline.post(transaction).status == 201
        pipeline.wait_for_decision(transaction)
        stores = PersonalDataStores.from_deployed(pipeline.deployed)
        assert run_erasure(stores, transaction["account_id"], yes=True, as_json=True) == 0
    finally:
        client.update_event_source_mapping(UUID=mapping, Enabled=True)
    later = build_planted(f"planted-tx-{RUN}-final")
    assert pipeline.post(later).status == 201
    pipeline.wait_for_mail_about(later)
    assert pipeline.read_mails_about(transaction) == []


def find_mapping(pipeline: PipelineClient, function: str) -> str:
    name = pipeline.deployed.function_names()[function]
    mappings = pipeline.aws.client("lambda").list_event_source_mappings(FunctionName=name)
    return str(mappings["EventSourceMappings"][0]["UUID"])


def iterate(items: Mapping[str, Iterable[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    for group in items.values():
        yield from group


def test_scan_recognizes_planted_values() -> None:
    assert find_fields(to_text(build_planted(ALERTED))) == {
        *("transaction_id", "account_id", "device_id", "ip_address", "country", "amount", "time"),
        *("purchase", "merchant_id"),
    }
    assert find_fields("mail to analyst@example.com") == {"mail_address"}
