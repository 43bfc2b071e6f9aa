"""List entries and snoozes in DynamoDB, which the fraud function reads with the next transaction."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from functions.common.domain.profiles import count_transaction
from functions.common.domain.transaction_event import TransactionInserted
from functions.common.dynamodb import profile_items
from functions.common.dynamodb.client import RefusedWriteError, write_items
from functions.fraud.profile_store import ProfileStore
from functions.fraud.scoring.decider import DecisionContext
from functions.fraud.service import read_event
from local.embedded import EmbeddedAws
from operations.review import audit_trail, block_allow_lists, snoozes
from operations.review.overrides import Overrides
from operations.review.profiles_table import ProfilesTableClient
from tests.unit.functions.builders import NOW, inserted_event

ACCOUNT, MERCHANT = "account-123456789", "merchant_1"


class OverrideFixtures:
    """The profiles table of one test, with the analysts' code and the function's store. The time is fixed."""

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
        self.table = ProfilesTableClient(client, self.name)
        self.overrides = Overrides(self.table, "arn:aws:iam::000000000000:root", clock=lambda: NOW)

    def read_context(self) -> DecisionContext:
        """The context that a new fraud function reads."""
        read = transaction()
        profiles = ProfileStore(self.client, "no-table", self.name).read([read], NOW, consistent=True)
        return DecisionContext(
            account=profiles.account,
            merchant=profiles.find_merchant(read),
            rule_snoozes=profiles.rule_snoozes,
        )

    def block(self, kind: str = "merchant", id_: str = MERCHANT) -> str:
        return self.add("block", kind, id_)

    def add(self, list_: str, kind: str, id_: str) -> str:
        return block_allow_lists.add_to_list(
            self.open, list_, kind, id_, reason="chargebacks", until="90d", author="", now_ms=NOW
        )

    def snooze(self, kind: str, id_: str) -> str:
        return snoozes.start_snooze(
            self.open, kind, id_, reason="r", until="2h", author="", rules=lambda: ["rule-1"], now_ms=NOW
        )

    def open(self) -> Overrides:
        return self.overrides


def count_in_profile(fixtures: OverrideFixtures, context: DecisionContext) -> None:
    """Count a transaction in the merchant's profile, as the function does."""
    count_transaction(context.account.profile, context.merchant.profile, transaction())
    write_items(
        fixtures.client, [{"Update": profile_items.build_update(fixtures.name, context.merchant, NOW)}]
    )


def transaction() -> TransactionInserted:
    return read_event(inserted_event())


@pytest.fixture
def fixtures(aws: EmbeddedAws) -> Iterator[OverrideFixtures]:
    fixtures = OverrideFixtures(aws.client("dynamodb"))
    yield fixtures
    fixtures.client.delete_table(TableName=fixtures.name)


def test_function_reads_a_list_entry_with_the_next_transaction(fixtures: OverrideFixtures) -> None:
    fixtures.block()
    listing = fixtures.read_context().merchant.list_entry
    assert listing
    assert (listing.list, listing.id, listing.reason) == ("block", MERCHANT, "chargebacks")
    block_allow_lists.remove_from_list(
        fixtures.open, "block", "merchant", MERCHANT, reason="cleared", author="jane"
    )
    assert fixtures.read_context().merchant.list_entry is None
    assert audit_trail.read_list_entries(fixtures.table) == []
    assert len(list(audit_trail.read_changes(fixtures.table))) == 2


def test_function_that_read_before_a_new_entry_must_read_again(fixtures: OverrideFixtures) -> None:
    before = fixtures.read_context()
    fixtures.block()
    with pytest.raises(RefusedWriteError):
        count_in_profile(fixtures, before)
    count_in_profile(fixtures, fixtures.read_context())
    merchant = fixtures.read_context().merchant
    assert merchant.list_entry
    assert merchant.profile == before.merchant.profile


def test_function_reads_snoozes_of_accounts_and_rules(fixtures: OverrideFixtures) -> None:
    fixtures.snooze("account", ACCOUNT)
    fixtures.snooze("rule", "rule-1")
    context = fixtures.read_context()
    assert context.account.snooze
    assert list(context.rule_snoozes) == ["rule-1"]
    snoozes.end_snooze(fixtures.open, "account", ACCOUNT, reason="", author="")
    snoozes.end_snooze(fixtures.open, "rule", "rule-1", reason="", author="")
    context = fixtures.read_context()
    assert (context.account.snooze, context.rule_snoozes) == (None, {})


def test_repeated_entry_is_not_written(fixtures: OverrideFixtures) -> None:
    fixtures.block()
    version = fixtures.read_context().merchant.version
    fixtures.block()
    assert fixtures.read_context().merchant.version == version
