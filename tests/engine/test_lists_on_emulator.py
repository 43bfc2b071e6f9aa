"""What analysts say, as DynamoDB keeps it and the fraud function reads it with its next transaction."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from functions.common.domain.profiles import observe
from functions.common.domain.transaction_event import TransactionInserted
from functions.common.dynamodb import profile_items
from functions.common.dynamodb.client import RefusedWriteError, write_all
from functions.fraud.profile_store import DynamoDbProfileStore, Known
from functions.fraud.service import read_event
from local.embedded import EmbeddedAws
from operations.review import audit_trail, lists, snoozes
from operations.review.entries import Sayings
from operations.review.profiles_table import ProfilesTable
from tests.unit.functions.builders import NOW, inserted_event

ACCOUNT, MERCHANT = "account-123456789", "merchant_1"


class World:
    """A table of this test's own, with an analyst and the function's store on it; time stands still."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.name = f"profiles-{uuid.uuid4().hex[:8]}"
        client.create_table(
            TableName=self.name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("subject", "part")
            ],
            KeySchema=[
                {"AttributeName": "subject", "KeyType": "HASH"},
                {"AttributeName": "part", "KeyType": "RANGE"},
            ],
        )
        self.table = ProfilesTable(client, self.name)
        self.sayings = Sayings(self.table, "arn:aws:iam::000000000000:root", clock=lambda: NOW)

    def known(self) -> Known:
        """As a function reads it that has just started."""
        return DynamoDbProfileStore(self.client, "no-table", self.name).read(transaction(), NOW)

    def block(self, kind: str = "merchant", id_: str = MERCHANT) -> str:
        return self.add("block", kind, id_)

    def add(self, list_: str, kind: str, id_: str) -> str:
        typed = lists.entry(list_, kind, id_, reason="chargebacks", until="90d", author="", now_ms=NOW)
        return lists.add(self.sayings, typed)

    def snooze(self, kind: str, id_: str) -> str:
        entry = snoozes.entry(
            kind, id_, reason="r", until="2h", author="", rules=lambda: ["rule-1"], now_ms=NOW
        )
        return snoozes.start(self.sayings, entry)


def count(world: World, known: Known) -> None:
    """As the function counts a transaction into the merchant's profile."""
    observe(known.account.profile, known.merchant.profile, transaction())
    write_all(world.client, [{"Update": profile_items.update(world.name, known.merchant, NOW)}])


def transaction() -> TransactionInserted:
    return read_event(inserted_event())


@pytest.fixture
def world(aws: EmbeddedAws) -> Iterator[World]:
    made = World(aws.client("dynamodb"))
    yield made
    made.client.delete_table(TableName=made.name)


def test_function_reads_a_listing_with_the_next_transaction(world: World) -> None:
    world.block()
    listing = world.known().merchant.listing
    assert listing
    assert (listing.list, listing.id, listing.reason) == ("block", MERCHANT, "chargebacks")
    lists.remove(world.sayings, lists.removal("block", "merchant", MERCHANT, reason="cleared", author="jane"))
    assert world.known().merchant.listing is None
    assert audit_trail.listings(world.table) == []
    assert len(list(audit_trail.changes(world.table))) == 2


def test_function_that_read_before_an_entry_has_to_read_again(world: World) -> None:
    before = world.known()
    world.block()
    with pytest.raises(RefusedWriteError):
        count(world, before)
    count(world, world.known())
    kept = world.known().merchant
    assert kept.listing
    assert kept.profile == before.merchant.profile


def test_function_reads_snoozes_of_accounts_and_rules(world: World) -> None:
    world.snooze("account", ACCOUNT)
    world.snooze("rule", "rule-1")
    known = world.known()
    assert known.account.snooze
    assert list(known.snoozes) == ["rule-1"]
    snoozes.end(world.sayings, snoozes.ending("account", ACCOUNT, reason="", author=""))
    snoozes.end(world.sayings, snoozes.ending("rule", "rule-1", reason="", author=""))
    known = world.known()
    assert (known.account.snooze, known.snoozes) == (None, {})


def test_the_same_entry_again_writes_nothing(world: World) -> None:
    world.block()
    version = world.known().merchant.version
    assert world.block().startswith("Nothing to change")
    assert world.known().merchant.version == version
