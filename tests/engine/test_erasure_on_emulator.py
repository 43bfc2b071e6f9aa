"""Erasure of an account in DynamoDB and SQS: complete, without other changes, and repeatable."""

import io
import json
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import pytest

from functions.api.transaction_store import (
    TransactionStore,
    WriteResult,
    build_guard_item,
    build_transaction_item,
)
from functions.common.domain.decision import Decision
from functions.common.domain.overrides import ListEntry
from functions.common.domain.suspicious_decision import summarize_decision
from functions.common.domain.transaction import Transaction
from functions.common.domain.transaction_event import build_event_detail, transaction_key
from functions.common.dynamodb.client import TransactionNotFoundError
from functions.common.dynamodb.decision_attribute import decode_decision, encode_decision
from functions.common.dynamodb.profile_items import profile_key, profile_subject
from functions.common.dynamodb.suspicious_items import build_suspicious_update
from functions.common.runtime.telemetry import Telemetry
from functions.fraud.profile_store import ProfileStore
from functions.fraud.scoring.decider import Decider
from functions.fraud.scoring.rules import RuleSet
from functions.fraud.scoring.scorer import Scorer
from functions.fraud.service import FraudDetector, build_suspicious_message
from functions.labels.label import Label
from functions.labels.label_store import LabelStore
from local.embedded import EmbeddedAws
from operations.monitoring.queues import Queue
from operations.privacy.access import ACTIONS, PersonalDataStores
from operations.privacy.erase_command import run_erasure
from operations.privacy.erasure_records import read_records
from operations.privacy.export_command import run_export
from operations.review import audit_trail, block_allow_lists
from operations.review.overrides import Overrides
from operations.review.profiles_table import ProfilesTableClient
from terminal.errors import UserError
from tests.unit.functions.builders import NOW, inserted, recorded_decision, transaction
from tests.unit.functions.fakes import FakeRetrySender, FakeSender

ACCOUNT, OTHER = "account-erased", "account-other"
DEVICE, ADDRESS, REASON_TEXT = "device-erased", "198.51.100.99", "quotes-device-erased"
PERSONAL = (ACCOUNT, DEVICE, ADDRESS, REASON_TEXT, "tx-erased")
QUEUES = ("suspicious", "fraud-retry", "events-failures", "fraud-failures", "suspicious-dlq")
KEYS = {
    "transactions": [("transaction_id", "S", "HASH"), ("timestamp", "N", "RANGE")],
    "profiles": [("subject", "S", "HASH"), ("part", "S", "RANGE")],
}


class ErasureFixtures:
    """The tables and queues of one test. `requests` are the AWS operations of the erasure.

    An empty queue takes a second to answer, so that most tests have none.
    """

    def __init__(self, aws: EmbeddedAws, queues: tuple[str, ...] = ()) -> None:
        self.dynamodb, self.sqs = aws.client("dynamodb"), aws.client("sqs")
        suffix = uuid.uuid4().hex[:8]
        self.transactions, self.profiles = f"transactions-{suffix}", f"profiles-{suffix}"
        for table, keys in KEYS.items():
            self.dynamodb.create_table(
                TableName=f"{table}-{suffix}",
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[
                    {"AttributeName": name, "AttributeType": kind} for name, kind, _ in keys
                ],
                KeySchema=[{"AttributeName": name, "KeyType": role} for name, _, role in keys],
            )
        self.queues = {
            name: Queue(name, self.sqs.create_queue(QueueName=f"{name}-{suffix}")["QueueUrl"])
            for name in queues
        }
        self.stores = PersonalDataStores(
            dynamodb=self.dynamodb,
            sqs=self.sqs,
            transactions=self.transactions,
            profiles=self.profiles,
            transactions_arn=f"arn:aws:dynamodb:us-east-1:000000000000:table/{self.transactions}",
            source_queues=[self.queues[name] for name in queues[:2]],
            failure_queues=[self.queues[name] for name in queues[2:]],
            caller="arn:aws:iam::000000000000:user/officer",
            environment="local",
            audit_retention_days=10,
            clock=lambda: NOW,
        )
        self.requests = Counter[str]()
        for client in (self.dynamodb, self.sqs):
            client.meta.events.register("before-call", self._count_request)

    def close(self) -> None:
        for table in (self.transactions, self.profiles):
            self.dynamodb.delete_table(TableName=table)
        for queue in self.queues.values():
            self.sqs.delete_queue(QueueUrl=queue.url)

    def erase(self, account: str = ACCOUNT) -> int:
        return run_erasure(self.stores, account, yes=True, as_json=True)

    def store(self, number: int, *, suspicious: bool = False, account: str = ACCOUNT, **fields: Any) -> Any:
        """Store a decided transaction with all that the functions store about it; returns its event."""
        posted = self.build(number, account=account, **fields)
        TransactionStore(self.dynamodb, self.transactions, 90).add(posted, NOW)
        key = transaction_key(posted.transaction_id, posted.timestamp)
        decision = build_decision(suspicious=suspicious)
        self.dynamodb.update_item(
            TableName=self.transactions,
            Key=key,
            UpdateExpression="SET decision = :decision",
            ExpressionAttributeValues={":decision": encode_decision(decision)},
        )
        stored = inserted(**{**msgspec.structs.asdict(posted), "received_at": NOW})
        update = build_suspicious_update(self.profiles, account, summarize_decision(stored, decision))
        if suspicious:
            self.dynamodb.update_item(**update)
        ProfileStore(self.dynamodb, self.transactions, self.profiles).use_origins([stored], NOW)
        self.dynamodb.update_item(
            TableName=self.profiles,
            Key=profile_key(profile_subject("account", account)),
            UpdateExpression="SET version = :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )
        item = self.dynamodb.get_item(TableName=self.transactions, Key=key)["Item"]
        return {"source": "s", "detail-type": "d", "detail": build_event_detail(item)}

    def store_many(self, numbers: Iterable[int]) -> None:
        """Store undecided transactions with their guard items."""
        expires = NOW // 1000 + 90 * 86_400
        posted = [self.build(number) for number in numbers]
        items = [build_transaction_item(entry, NOW, expires) for entry in posted]
        items += [build_guard_item(entry, expires) for entry in posted]
        requests = [{"PutRequest": {"Item": item}} for item in items]
        self.dynamodb.batch_write_item(RequestItems={self.transactions: requests})

    def build(self, number: int, *, account: str = ACCOUNT, **fields: Any) -> Transaction:
        prefix = "tx-erased" if account == ACCOUNT else "tx-other"
        return transaction(
            **{
                "transaction_id": f"{prefix}-{number}",
                "account_id": account,
                "device_id": DEVICE,
                "ip_address": ADDRESS,
                **fields,
            }
        )

    def add_to_list(self, list_: str) -> None:
        overrides = Overrides(
            ProfilesTableClient(self.dynamodb, self.profiles), self.stores.caller, lambda: NOW
        )
        block_allow_lists.add_to_list(
            lambda: overrides, list_, "account", ACCOUNT, reason=REASON_TEXT, until="90d", author="",
            now_ms=NOW,
        )  # fmt: skip

    def send(self, queue: str, body: object) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.sqs.send_message(QueueUrl=self.queues[queue].url, MessageBody=text)

    def receive(self, queue: str) -> list[str]:
        answer = self.sqs.receive_message(
            QueueUrl=self.queues[queue].url, MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        return [message["Body"] for message in answer.get("Messages", [])]

    def items(self) -> list[dict[str, Any]]:
        tables = (self.transactions, self.profiles)
        return [item for table in tables for item in self.dynamodb.scan(TableName=table)["Items"]]

    def retained(self) -> list[dict[str, Any]]:
        return [item for item in self.items() if "account_pseudonym" in item]

    def detector(self) -> FraudDetector:
        return FraudDetector(
            decider=Decider(Scorer(RuleSet(threshold=0.5))),
            profiles=ProfileStore(self.dynamodb, self.transactions, self.profiles),
            sender=FakeSender(),  # type: ignore[arg-type]
            retries=FakeRetrySender(),  # type: ignore[arg-type]
            telemetry=Telemetry("fraud", io.StringIO()),
            clock=lambda: NOW,
        )

    def _count_request(self, model: Any, **_: Any) -> None:
        self.requests[model.name] += 1


def build_decision(*, suspicious: bool) -> Decision:
    return recorded_decision(suspicious=suspicious, text=REASON_TEXT)


@pytest.fixture
def fixtures(aws: EmbeddedAws) -> Iterator[ErasureFixtures]:
    fixtures = ErasureFixtures(aws)
    yield fixtures
    fixtures.close()


@pytest.fixture
def fixtures_with_queues(aws: EmbeddedAws) -> Iterator[ErasureFixtures]:
    fixtures = ErasureFixtures(aws, QUEUES)
    yield fixtures
    fixtures.close()


def keep(_: object) -> None:
    """botocore takes the result of a handler for a response."""


def find_personal_values(fixtures: ErasureFixtures) -> list[str]:
    """The planted values in the tables, apart from the ids that guard items reserve."""
    items = [item for item in fixtures.items() if item.get("timestamp") != {"N": "0"}]
    text = json.dumps(items, default=repr)
    return [value for value in (*PERSONAL, profile_subject("account", ACCOUNT)) if value in text]


def test_nothing_of_the_account_is_left(fixtures: ErasureFixtures) -> None:
    for number in range(40):
        fixtures.store(number, suspicious=number < 3)
    fixtures.add_to_list("allow")
    assert set(find_personal_values(fixtures)) >= set(PERSONAL)
    assert fixtures.erase() == 0
    assert find_personal_values(fixtures) == []


def test_other_accounts_keep_their_items(fixtures: ErasureFixtures) -> None:
    fixtures.store(1, account=OTHER, suspicious=True)
    before = fixtures.items()
    fixtures.store(2, suspicious=True)
    fixtures.erase()
    after = fixtures.items()
    assert [item for item in before if item not in after] == []


def test_fraud_decision_is_retained_without_personal_data(fixtures: ErasureFixtures) -> None:
    fixtures.store(1, suspicious=True)
    fixtures.store(2)
    fixtures.erase()
    [item] = fixtures.retained()
    decision = decode_decision(item["decision"])
    assert (decision.suspicious, decision.score, decision.features[0]) == (True, 0.9, 1.5)
    assert [reason.rule_id for reason in decision.reasons] == ["rule-1"]
    assert item["amount"] == {"N": "12.5"}
    assert item["expires_at"] == {"N": str(NOW // 1000 + 90 * 86_400)}
    assert not {"account_id", "device_id", "ip_address", "country", "received_at", "fingerprint"} & set(item)
    assert not any(value in json.dumps(item, default=repr) for value in PERSONAL)


def test_confirmed_fraud_is_retained_although_it_was_not_suspicious(fixtures: ErasureFixtures) -> None:
    fixtures.store(1)
    LabelStore(fixtures.dynamodb, fixtures.transactions, fixtures.profiles)
    fixtures.dynamodb.update_item(
        TableName=fixtures.transactions,
        Key=transaction_key("tx-erased-1", NOW),
        UpdateExpression="SET #label = :fraud, label_source = :source",
        ExpressionAttributeNames={"#label": "label"},
        ExpressionAttributeValues={":fraud": {"S": "fraud"}, ":source": {"S": REASON_TEXT}},
    )
    fixtures.erase()
    [item] = fixtures.retained()
    assert item["label"] == {"S": "fraud"}
    assert "label_source" not in item


def test_messages_of_the_account_are_deleted_and_others_are_visible(
    fixtures_with_queues: ErasureFixtures,
) -> None:
    fixtures = fixtures_with_queues
    event = fixtures.store(1)
    other = {"requestPayload": fixtures.store(2, account=OTHER, merchant_id=ACCOUNT)}
    message = build_suspicious_message(inserted(account_id=ACCOUNT), build_decision(suspicious=True))
    for queue in QUEUES:
        fixtures.send(queue, event)
        fixtures.send(queue, {"requestPayload": event})
        fixtures.send(queue, {"body": json.dumps(event)})
        fixtures.send(queue, msgspec.json.encode(message).decode())
        fixtures.send(queue, other)
    assert fixtures.erase() == 0
    assert {queue: fixtures.receive(queue) for queue in QUEUES} == {
        queue: [json.dumps(other)] for queue in QUEUES
    }
    [record] = read_records(fixtures.dynamodb, fixtures.profiles)
    assert {queue: record.counts[f"messages in {queue}"] for queue in QUEUES} == dict.fromkeys(QUEUES, 4)


def test_repeated_erasure_finds_nothing_and_records_nothing(fixtures: ErasureFixtures) -> None:
    fixtures.store(1, suspicious=True)
    fixtures.erase()
    before = fixtures.items()
    assert fixtures.erase() == 0
    assert fixtures.items() == before


def test_record_has_who_and_how_much_and_no_account(fixtures: ErasureFixtures) -> None:
    fixtures.store(1, suspicious=True)
    fixtures.erase()
    [record] = read_records(fixtures.dynamodb, fixtures.profiles)
    assert (record.caller, record.complete) == (fixtures.stores.caller, True)
    assert record.counts["transactions"] == record.counts["retained_decisions"] == 1
    assert ACCOUNT not in repr(record)
    assert record.account == fixtures.retained()[0]["account_pseudonym"]["S"]
    [item] = [item for item in fixtures.items() if item.get("subject") == {"S": "erasures"}]
    assert item["expires_at"] == {"N": str(NOW // 1000 + 10 * 86_400)}


def test_interrupted_erasure_is_recorded_and_completed_by_the_next(fixtures: ErasureFixtures) -> None:
    for number in range(40):
        fixtures.store(number)
    writes = Counter[str]()

    def interrupt(**_: Any) -> None:
        writes["count"] += 1
        if writes["count"] == 2:
            raise KeyboardInterrupt

    events = fixtures.dynamodb.meta.events
    events.register("before-call.dynamodb.TransactWriteItems", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fixtures.erase()
    events.unregister("before-call.dynamodb.TransactWriteItems", interrupt)
    assert find_personal_values(fixtures)
    assert fixtures.erase() == 0
    assert find_personal_values(fixtures) == []
    newest, oldest = sorted(
        read_records(fixtures.dynamodb, fixtures.profiles), key=lambda record: record.complete, reverse=True
    )
    assert (newest.complete, oldest.complete) == (True, False)
    assert newest.counts["transactions"] + oldest.counts["transactions"] == 40


def test_transaction_that_comes_meanwhile_is_erased_by_the_next_look(fixtures: ErasureFixtures) -> None:
    fixtures.store(1)
    scans = Counter[str]()

    def store_another(**_: Any) -> None:
        scans["count"] += 1
        if scans["count"] == 2:
            fixtures.store(2)

    fixtures.dynamodb.meta.events.register("before-call.dynamodb.Scan", store_another)
    assert fixtures.erase() == 0
    assert find_personal_values(fixtures) == []


def test_account_that_is_used_all_the_time_is_not_complete(fixtures: ErasureFixtures) -> None:
    fixtures.store(0)
    numbers = iter(range(1, 100))
    fixtures.dynamodb.meta.events.register(
        "before-call.dynamodb.Scan", lambda **_: keep(fixtures.store(next(numbers)))
    )
    assert fixtures.erase() == 3


def test_decision_that_is_recorded_meanwhile_is_retained(fixtures: ErasureFixtures) -> None:
    for number in range(3):
        fixtures.store(number)
    writes = Counter[str]()

    def decide(**_: Any) -> None:
        writes["count"] += 1
        if writes["count"] == 1:
            fixtures.dynamodb.update_item(
                TableName=fixtures.transactions,
                Key=transaction_key("tx-erased-1", NOW),
                UpdateExpression="SET decision = :decision",
                ExpressionAttributeValues={":decision": encode_decision(build_decision(suspicious=True))},
            )

    fixtures.dynamodb.meta.events.register("before-call.dynamodb.TransactWriteItems", decide)
    assert fixtures.erase() == 0
    assert len(fixtures.retained()) == 1


def test_slot_of_another_account_is_left(fixtures: ErasureFixtures) -> None:
    fixtures.store(1)
    origin_key = profile_key(profile_subject("device", DEVICE))
    mine = fixtures.dynamodb.get_item(TableName=fixtures.profiles, Key=origin_key)["Item"]
    [slot] = [name for name in mine if len(name) == 2]
    later = (2**56 - 1).to_bytes(7, "big")
    fixtures.dynamodb.update_item(
        TableName=fixtures.profiles,
        Key=origin_key,
        UpdateExpression="SET #slot = :later",
        ExpressionAttributeNames={"#slot": slot},
        ExpressionAttributeValues={":later": {"B": later}},
    )
    fixtures.erase()
    assert fixtures.dynamodb.get_item(TableName=fixtures.profiles, Key=origin_key)["Item"][slot]["B"] == later


def test_event_under_way_does_not_create_a_profile_or_a_decision(fixtures: ErasureFixtures) -> None:
    event = fixtures.store(1, suspicious=True)
    fixtures.erase()
    assert fixtures.detector().process_event(event) is None
    assert profile_subject("account", ACCOUNT) not in json.dumps(fixtures.items(), default=repr)


def test_posting_an_erased_transaction_again_stores_nothing(fixtures: ErasureFixtures) -> None:
    fixtures.store(1)
    fixtures.erase()
    store = TransactionStore(fixtures.dynamodb, fixtures.transactions, 90)
    assert store.add(fixtures.build(1), NOW) is WriteResult.ID_TAKEN
    assert find_personal_values(fixtures) == []


def test_label_of_an_erased_transaction_is_refused(fixtures: ErasureFixtures) -> None:
    fixtures.store(1)
    fixtures.erase()
    labels = LabelStore(fixtures.dynamodb, fixtures.transactions, fixtures.profiles)
    label = Label(transaction_id="tx-erased-1", label="fraud")
    with pytest.raises(TransactionNotFoundError):
        labels.put(label, labels.find_timestamp("tx-erased-1"), NOW)


def test_account_on_the_block_list_is_not_erased(fixtures: ErasureFixtures) -> None:
    fixtures.store(1)
    fixtures.add_to_list("block")
    before = fixtures.items()
    with pytest.raises(UserError):
        fixtures.erase()
    assert fixtures.items() == before


def test_audit_entries_keep_the_change_and_its_author(fixtures: ErasureFixtures) -> None:
    fixtures.add_to_list("allow")
    fixtures.erase()
    table = ProfilesTableClient(fixtures.dynamodb, fixtures.profiles)
    [change] = audit_trail.read_changes(table)
    assert (change.task, change.author, change.after["list"]) == ("lists.add", "user/officer", "allow")
    assert change.id == msgspec.convert(change.after, ListEntry).id != ACCOUNT


def test_requests_for_a_thousand_transactions(fixtures: ErasureFixtures) -> None:
    for start in range(0, 1000, 10):
        fixtures.store_many(range(start, start + 10))
    fixtures.store(1000, suspicious=True)
    fixtures.requests.clear()
    assert fixtures.erase() == 0
    requests = fixtures.requests
    # 33 transactions in a write. The two reads of the table depend on its size alone.
    assert requests["TransactWriteItems"] <= 35
    assert sum(requests.values()) - requests["Scan"] <= 50


def test_every_operation_is_among_the_documented_actions(fixtures_with_queues: ErasureFixtures) -> None:
    fixtures = fixtures_with_queues
    fixtures.store(1, suspicious=True)
    fixtures.add_to_list("allow")
    fixtures.send("suspicious-dlq", fixtures.store(2))
    fixtures.send("suspicious-dlq", "{}")
    fixtures.requests.clear()
    fixtures.erase()
    allowed = {action.partition(":")[2] for actions in ACTIONS.values() for action in actions}
    # AWS checks a transaction and a batch by the actions on each item or message.
    parts = {
        "TransactWriteItems": {"DeleteItem", "PutItem", "UpdateItem"},
        "DeleteMessageBatch": {"DeleteMessage"},
        "ChangeMessageVisibilityBatch": {"ChangeMessageVisibility"},
    }
    used = {action for name in fixtures.requests for action in parts.get(name, {name})}
    assert used <= allowed


def test_export_only_reads(fixtures_with_queues: ErasureFixtures) -> None:
    fixtures = fixtures_with_queues
    fixtures.send("suspicious-dlq", fixtures.store(1, suspicious=True))
    before = fixtures.items()
    fixtures.requests.clear()
    assert run_export(fixtures.stores, ACCOUNT, out="", as_json=True) == 0
    assert set(fixtures.requests) <= {
        *("DescribeTable", "Scan", "BatchGetItem", "Query"),
        *("ReceiveMessage", "ChangeMessageVisibilityBatch"),
    }
    assert fixtures.items() == before
    assert len(fixtures.receive("suspicious-dlq")) == 1
