"""The profile store: profiles and decisions in DynamoDB.

For a transaction with a device or IP address, one update adds its account to that origin and returns the
other accounts. One request reads the profiles of an account and of the merchants and categories of its
transactions. One transactional write stores the account's profile and the decisions. A transaction is
therefore counted once, however often its event is delivered. If two writers read the same profile, only one
of them writes; the other decides again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.categories import normalize_category
from functions.common.domain.decision import Decision
from functions.common.domain.features import has_new_device
from functions.common.domain.merchant_profile import CategoryProfile, MerchantProfile
from functions.common.domain.origin_profile import Origin, OriginProfile, find_origin
from functions.common.domain.overrides import Snooze
from functions.common.domain.profile_record import ProfileRecord
from functions.common.domain.suspicious_decision import summarize_decision
from functions.common.domain.transaction_event import (
    TRANSACTION_FORMAT,
    TransactionInserted,
    transaction_key,
)
from functions.common.dynamodb.client import (
    Item,
    RefusedWriteError,
    read_items,
    update_and_read,
    write_items,
)
from functions.common.dynamodb.decision_attribute import encode_decision
from functions.common.dynamodb.origin_items import build_origin_update, decode_origin
from functions.common.dynamodb.profile_items import (
    AnyProfileRecord,
    build_update,
    decode_account,
    decode_category,
    decode_merchant,
    profile_key,
    profile_subject,
)
from functions.common.dynamodb.suspicious_items import RETENTION_SECONDS, build_suspicious_update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Snoozes of rules are read at most this often, in the same request as the profiles.
_SNOOZE_CACHE_MS = 30_000
_CONTROL_KEY = profile_key("control", "rules")


class StoredProfiles(NamedTuple):
    """The stored state that decisions depend on.

    `merchants` are by ID, `categories` by normalized category, `rule_snoozes` by rule ID.
    """

    account: ProfileRecord[AccountProfile]
    merchants: Mapping[str, ProfileRecord[MerchantProfile]]
    categories: Mapping[str, ProfileRecord[CategoryProfile]]
    rule_snoozes: dict[str, Snooze]

    def find_merchant(self, transaction: TransactionInserted) -> ProfileRecord[MerchantProfile]:
        return self.merchants[transaction.merchant_id]

    def find_category(self, transaction: TransactionInserted) -> ProfileRecord[CategoryProfile] | None:
        """The category's profile, None for a transaction without a category."""
        category = normalize_category(transaction.merchant_category)
        return None if category is None else self.categories[category]


class DecidedTransaction(NamedTuple):
    """A transaction with the decision to record.

    `label`: the label that is stored with the transaction and counted with the decision, if any.
    `counts_merchant`: the profiles of merchant and category count the transaction in this write, and not from
    the stream.
    `is_unusual`: whether a fraud has an unusual amount.
    """

    transaction: TransactionInserted
    decision: Decision
    label: str | None = None
    counts_merchant: bool = False
    is_unusual: bool | None = None

    @property
    def changes_merchant(self) -> bool:
        return self.counts_merchant or self.is_unusual is not None


class RefusedRecordError(Exception):
    """Nothing was written.

    `transactions`: the stored items of the transactions that are not in the expected state, by position; an
    item that does not exist is empty. `account`: the stored item of the account if its profile changed. If
    both are empty, another write was in progress.
    """

    def __init__(self, transactions: Mapping[int, Item], account: Item | None) -> None:
        super().__init__("the stored state changed")
        self.transactions = transactions
        self.account = account


class ProfileStore:
    """Reads and writes the tables `transactions` and `profiles`.

    `list_retention_seconds`: the retention of the list of suspicious decisions.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        transactions: str,
        profiles: str,
        list_retention_seconds: int = RETENTION_SECONDS,
    ) -> None:
        self._client = client
        self._transactions = transactions
        self._profiles = profiles
        self._list_retention_seconds = list_retention_seconds
        self._rule_snoozes: dict[str, Snooze] = {}
        self._snoozes_read_at = 0

    def use_origins(
        self, transactions: Sequence[TransactionInserted], now_ms: int
    ) -> dict[Origin, OriginProfile]:
        """Add the transactions of one account to their origins. Returns the profiles as they were before.

        Features leave out the account itself, so the latest of several uses is enough. Raises StoreBusyError,
        ThrottledError or ClientError.
        """
        latest: dict[Origin, TransactionInserted] = {}
        for transaction in transactions:
            origin = find_origin(transaction)
            if origin is not None:
                latest[origin] = max(
                    transaction, latest.get(origin, transaction), key=lambda use: use.timestamp
                )
        return {
            origin: decode_origin(
                update_and_read(
                    self._client,
                    build_origin_update(self._profiles, origin, use.account_id, use.timestamp, now_ms),
                )
            )
            for origin, use in latest.items()
        }

    def read(
        self, transactions: Sequence[TransactionInserted], now_ms: int, *, consistent: bool
    ) -> StoredProfiles:
        """Read the profiles of at most 49 transactions of one account, and the snoozes of rules.

        Without `consistent`, a profile may be older than the last write, which `record` then refuses.
        """
        is_stale = now_ms - self._snoozes_read_at >= _SNOOZE_CACHE_MS
        account_id = transactions[0].account_id
        account = profile_subject("account", account_id)
        merchants = {
            entry.merchant_id: profile_subject("merchant", entry.merchant_id) for entry in transactions
        }
        categories = {
            category: profile_subject("category", category)
            for entry in transactions
            if (category := normalize_category(entry.merchant_category)) is not None
        }
        keys = [profile_key(subject) for subject in (account, *merchants.values(), *categories.values())]
        keys += [_CONTROL_KEY] if is_stale else []
        found = read_items(self._client, self._profiles, keys, consistent=consistent)
        items = {item["subject"]["S"]: item for item in found}
        if is_stale:
            self._rule_snoozes = _decode_snoozes(items.get("control"))
            self._snoozes_read_at = now_ms
        return StoredProfiles(
            decode_account(account_id, items.get(account)),
            {
                merchant_id: decode_merchant(merchant_id, items.get(subject))
                for merchant_id, subject in merchants.items()
            },
            {
                category: decode_category(category, items.get(subject))
                for category, subject in categories.items()
            },
            self._rule_snoozes,
        )

    def record(self, profiles: StoredProfiles, decided: Sequence[DecidedTransaction]) -> None:
        """Write the account's profile, the decisions, and the merchants and categories that changed.

        The profile of a merchant or category changes only with a label that came before the decision, and
        with a transaction that is not counted from the stream. Raises RefusedRecordError.
        """
        now_ms = decided[0].decision.decided_at
        updates = [
            build_update(self._profiles, record, now_ms)
            for record in (profiles.account, *_find_changed(profiles, decided))
        ]
        updates += [
            *self._build_suspicious_updates(decided),
            *map(self._build_decision_update, decided),
        ]
        try:
            write_items(self._client, [{"Update": update} for update in updates])
        except RefusedWriteError as refused:
            existing = refused.existing_items
            first = len(updates) - len(decided)
            transactions = {
                position - first: item for position, item in existing.items() if position >= first
            }
            raise RefusedRecordError(transactions, existing.get(0)) from refused

    def _build_suspicious_updates(self, decided: Sequence[DecidedTransaction]) -> Iterator[dict[str, Any]]:
        """The updates that add the suspicious decisions to the account's list."""
        for transaction, decision, *_ in decided:
            if decision.suspicious:
                entry = summarize_decision(transaction, decision)
                yield build_suspicious_update(
                    self._profiles, transaction.account_id, entry, self._list_retention_seconds
                )

    def _build_decision_update(self, decided: DecidedTransaction) -> dict[str, Any]:
        """The update that stores the decision: a MODIFY in the table's stream.

        The consumers of the stream ignore it, except that of a new device, which the function `merchants`
        counts.
        """
        transaction = decided.transaction
        conditions = [
            # Without this condition, the update would create an item for an expired transaction.
            "attribute_exists(transaction_id)",
            "attribute_not_exists(decision)",
            "#label = :label" if decided.label else "attribute_not_exists(#label)",
            "attribute_not_exists(#format)" if decided.counts_merchant else "#format = :format",
        ]
        attributes: dict[str, Any] = {"decision": encode_decision(decided.decision)}
        if decided.is_unusual is not None:
            attributes["unusual_amount"] = {"BOOL": decided.is_unusual}
        if has_new_device(decided.decision.features):
            attributes["new_device"] = {"BOOL": True}
        values = {
            **{f":{name}": value for name, value in attributes.items()},
            **({":label": {"S": decided.label}} if decided.label else {}),
            **({} if decided.counts_merchant else {":format": {"N": str(TRANSACTION_FORMAT)}}),
        }
        return {
            "TableName": self._transactions,
            "Key": transaction_key(transaction.transaction_id, transaction.timestamp),
            "UpdateExpression": f"SET {', '.join(f'{name} = :{name}' for name in attributes)}",
            "ConditionExpression": " AND ".join(conditions),
            "ExpressionAttributeNames": {"#label": "label", "#format": "format"},
            "ExpressionAttributeValues": values,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }


def _find_changed(
    profiles: StoredProfiles, decided: Iterable[DecidedTransaction]
) -> Iterable[AnyProfileRecord]:
    """The profiles of merchants and categories that the transactions change, each of them once."""
    changed: dict[str, AnyProfileRecord] = {}
    for transaction in (entry.transaction for entry in decided if entry.changes_merchant):
        merchant, category = profiles.find_merchant(transaction), profiles.find_category(transaction)
        changed[merchant.subject] = merchant
        if category is not None:
            changed[category.subject] = category
    return changed.values()


def _decode_snoozes(item: Item | None) -> dict[str, Snooze]:
    return msgspec.json.decode(item["snoozes"]["S"], type=dict[str, Snooze]) if item else {}
