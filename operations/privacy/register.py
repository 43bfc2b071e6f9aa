"""The register of personal data: each personal field, and each place where it is stored, logged or sent.

A record lists all attributes of an item, a message or a model, with the personal fields in each: `account_id`
is plain, `account_id/hash` is a hash of it. An attribute without personal data has an empty text. Tests
compare the records with the models and items, and the places with a run of the pipeline.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import msgspec

from functions.common.dynamodb import origin_items, profile_items
from operations.review.audit_trail import EXPIRED_RETENTION_SECONDS
from shared.function import LOG_RETENTION_DAYS
from shared.queues import FAILURE_RETENTION_SECONDS, SOURCE_RETENTION_SECONDS
from stacks.data.settings import DataSettings

_DAY_SECONDS = 86_400
_DEFAULTS = {field.name: field.default for field in msgspec.structs.fields(DataSettings)}


class Form(StrEnum):
    """The form of a field in an attribute."""

    PLAIN = "plain"
    MASKED = "masked"
    """The last four characters."""
    HASH = "hash"
    """An unkeyed hash. Whoever can guess the value can recognize it: it is still personal data."""
    PSEUDONYM = "pseudonym"
    """A keyed hash, whose key is stored separately."""
    QUOTED = "quoted"
    """Possibly in a text, such as the reason of a decision."""


class Field(NamedTuple):
    """A personal field. `person`: the person whom it concerns."""

    person: str
    meaning: str


FIELDS: Mapping[str, Field] = {
    "account_id": Field("customer", "the id of the account, chosen by the client of the API"),
    "transaction_id": Field("customer", "the id of a transaction, chosen by the client of the API"),
    "device_id": Field("customer", "the id of the device"),
    "ip_address": Field("customer", "the IP address"),
    "country": Field(
        "customer", "the country of the transaction, the only location: there are no coordinates"
    ),
    "amount": Field("customer", "amount and currency"),
    "time": Field("customer", "the times of the transaction, its receipt, its decision and its alert"),
    "purchase": Field("customer", "type, channel and merchant category"),
    "merchant_id": Field("customer, and a merchant who is a natural person", "the id of the merchant"),
    "decision": Field("customer", "score, rules, reasons and features of the automated decision"),
    "label": Field("customer", "the confirmed result of a transaction: fraud or genuine"),
    "label_source": Field("customer", "a text about the origin of a label"),
    "behavior": Field("customer", "counts, amounts, times and first uses of an account's transactions"),
    "reason": Field("customer", "an analyst's text about a list entry or a snooze"),
    "caller_address": Field(
        "sender of a request to the API, usually a client's server", "the source address of the request"
    ),
    "staff": Field("analyst or operator", "the name of an author, and the ARN of the AWS identity"),
    "mail_address": Field("analyst or operator", "the address of a subscriber to alerts or alarms"),
}

_TRANSACTION = {
    "transaction_id": "transaction_id",
    "account_id": "account_id",
    "merchant_id": "merchant_id",
    "amount": "amount",
    "currency": "amount",
    "timestamp": "time",
    "type": "purchase",
    "original_transaction_id": "transaction_id",
    "channel": "purchase",
    "country": "country",
    "merchant_category": "purchase",
}
_WITH_ORIGIN = {**_TRANSACTION, "device_id": "device_id", "ip_address": "ip_address"}
# The fingerprint is a hash of all posted values.
_FINGERPRINT = " ".join(
    f"{name}/hash" for name in ("account_id", "device_id", "ip_address", "country", "amount")
)
_OVERRIDE = {
    "kind": "",
    "id": "account_id merchant_id",
    "reason": "reason",
    "author": "staff",
    "added_at": "",
    "until": "",
}
_EVENT = {**_WITH_ORIGIN, "received_at": "time", "historic": ""}

RECORDS: Mapping[str, Mapping[str, str]] = {
    "Transaction": _WITH_ORIGIN,
    "Label": {
        "transaction_id": "transaction_id",
        "timestamp": "time",
        "label": "label",
        "source": "label_source",
        "reported_at": "time",
    },
    "TransactionInserted": _EVENT,
    "SuspiciousTransaction": {
        **_TRANSACTION,
        "received_at": "time",
        "score": "decision",
        "reasons": "decision",
        "summary_since": "time",
    },
    "Reason": {
        "rule_id": "decision",
        "weight": "decision",
        "text": "decision country/quoted amount/quoted purchase/quoted merchant_id/quoted reason/quoted",
    },
    "Decision": {
        **dict.fromkeys(
            (
                "score",
                "suspicious",
                "decided_by",
                "rules_score",
                "probability",
                "reasons",
                "shadow_rules",
                "candidate",
                "notification",
            ),
            "decision",
        ),
        **dict.fromkeys(("rules", "model", "features_version", "label_delay_days"), ""),
        "features": "decision behavior amount",
        "decided_at": "time",
        "latency_ms": "",
        "window_started_at": "time",
    },
    "SuspiciousDecision": {
        "transaction_id": "transaction_id",
        "timestamp": "time",
        "amount": "amount",
        "currency": "amount",
        "score": "decision",
        "reason": "decision country/quoted amount/quoted purchase/quoted merchant_id/quoted reason/quoted",
        "decided_at": "time",
        "window_started_at": "time",
    },
    "AccountProfile": {
        **dict.fromkeys(("hours", "days", "times", "amounts"), "behavior"),
        **dict.fromkeys(("unrated_hours", "unrated_days", "refund_days"), "behavior"),
        **dict.fromkeys(("country", "country_at", "countries"), "behavior country"),
        "devices": "behavior device_id/hash",
        "categories": "behavior purchase/hash",
        "first_devices": "behavior device_id/hash",
        "first_countries": "behavior country/hash",
        "first_merchants": "behavior merchant_id/hash",
        "first_networks": "behavior ip_address/hash",
    },
    "MerchantProfile": dict.fromkeys(("half_days", "activity"), ""),
    "CategoryProfile": {"half_days": ""},
    "OriginProfile": {"slots": "account_id/hash time"},
    "AlertHistory": dict.fromkeys(
        ("started_at", "count", "previous_started_at", "previous_count"), "behavior"
    ),
    "ListEntry": {"list": "", **_OVERRIDE},
    "Snooze": _OVERRIDE,
    "AuditEntry": {
        "at": "",
        "task": "",
        "kind": "",
        "id": "account_id merchant_id",
        "author": "staff",
        "caller": "staff",
        "reason": "reason",
        "before": "account_id merchant_id reason staff",
        "after": "account_id merchant_id reason staff",
    },
    "ErasureRecord": {
        "at": "",
        "account": "account_id/pseudonym",
        "caller": "staff",
        "counts": "",
        "complete": "",
    },
    "Alert": {
        "subject": "amount merchant_id decision",
        "text": "account_id/masked transaction_id amount time merchant_id purchase country decision"
        " reason/quoted",
        "attributes": "transaction_id amount purchase decision",
    },
    "item: transaction": {
        **_EVENT,
        "expires_at": "",
        "fingerprint": _FINGERPRINT,
        "format": "",
        "decision": "decision behavior amount time country/quoted purchase/quoted merchant_id/quoted"
        " reason/quoted",
        "label": "label",
        "label_source": "label_source",
        "reported_at": "time",
        "labelled_at": "time",
        "unusual_amount": "behavior",
        "new_device": "behavior",
        "alert_claim": "",
        "alert_claim_until": "",
        "alerted_at": "time",
        "alert_id": "",
    },
    "item: guard": {
        "transaction_id": "transaction_id",
        "timestamp": "",
        "claimed_timestamp": "time",
        "fingerprint": _FINGERPRINT,
        "expires_at": "",
        "erased_at": "",
    },
    "item: retained decision": {
        "transaction_id": "transaction_id/pseudonym",
        "timestamp": "time",
        "account_pseudonym": "account_id/pseudonym",
        "merchant_id": "merchant_id",
        "amount": "amount",
        "currency": "amount",
        "type": "purchase",
        "channel": "purchase",
        "merchant_category": "purchase",
        "decision": "decision behavior amount",
        "alerted_at": "time",
        "label": "label",
        "unusual_amount": "behavior",
        "expires_at": "",
        "retained_because": "",
        "erased_at": "",
    },
    "item: account": {
        "subject": "account_id/hash",
        "part": "",
        "state": "behavior country device_id/hash purchase/hash time",
        "history": "behavior device_id/hash country/hash merchant_id/hash ip_address/hash time",
        "alerts": "behavior time",
        "format": "",
        "version": "",
        "listing": "account_id reason staff",
        "snooze": "account_id reason staff",
        "expires_at": "",
    },
    "item: merchant": {
        "subject": "merchant_id/hash",
        "part": "",
        "state": "",
        "activity": "",
        "format": "",
        "version": "",
        "counted": "",
        "listing": "merchant_id reason staff",
        "expires_at": "",
    },
    "item: category": dict.fromkeys(
        ("subject", "part", "state", "format", "version", "counted", "expires_at"), ""
    ),
    "item: device or address": {
        "subject": "device_id/hash ip_address/hash",
        "part": "",
        "slot": "account_id/hash time",
        "expires_at": "",
    },
    "item: suspicious decision": {
        "subject": "account_id/hash",
        "part": "transaction_id time",
        "decision": "transaction_id time amount decision country/quoted purchase/quoted merchant_id/quoted"
        " reason/quoted",
        "expires_at": "",
    },
    "item: list entry or snooze": {
        "subject": "",
        "part": "account_id merchant_id",
        "entry": "account_id merchant_id reason staff",
        "expires_at": "",
    },
    "item: snoozes of rules": {
        "subject": "",
        "part": "",
        "snoozes": "reason staff",
        "version": "",
        "expires_at": "",
    },
    "item: audit entry": {
        "subject": "",
        "part": "",
        "entry": "account_id merchant_id reason staff",
        "expires_at": "",
    },
    "item: erasure": {
        "subject": "",
        "part": "",
        "entry": "account_id/pseudonym staff",
        "expires_at": "",
    },
    "item: stream positions": {
        "subject": "",
        "part": "",
        "counted": "",
        "version": "",
        "expires_at": "",
    },
    "item: pseudonym key": {"subject": "", "part": "", "secret": ""},
    "log of a function": {
        **dict.fromkeys(
            (
                "level",
                "timestamp",
                "service",
                "message",
                "xray_trace_id",
                "error",
                "code",
                "cause",
                "traceback",
                "status",
                "problem",
                "fields",
                "invalid",
                "transactions",
                "merchants",
                "_aws",
            ),
            "",
        ),
        "correlation_id": "transaction_id",
        **dict.fromkeys(("stored", "replayed", "id_taken", "failed"), "transaction_id"),
        "score": "decision",
        "suspicious": "decision",
        "told": "decision",
        "reasons": "decision",
        "label": "label",
    },
    "access log": dict.fromkeys(
        (
            "request_id",
            "trace_id",
            "time",
            "method",
            "resource",
            "status",
            "error",
            "latency_ms",
            "integration_latency_ms",
            "integration_status",
        ),
        "",
    ),
    "firewall log": {"refused requests": "caller_address"},
    "Pulumi state": {"alertEmails": "mail_address", "operationsEmails": "mail_address"},
    "table export": {
        "items": " ".join(
            ("account_id transaction_id device_id ip_address country amount time purchase",
             "merchant_id decision label label_source behavior reason staff")
        )
    },
    "training file": {
        "columns": "account_id/hash merchant_id/hash amount time purchase country decision behavior label"
    },
}  # fmt: skip

# The grounds are proposals: the operator of the pipeline confirms them, and names them to its customers.
FRAUD_PREVENTION = "legitimate interest in preventing fraud: article 6(1)(f), recital 47"
LEGAL_CLAIMS = "legal obligation and claims: articles 6(1)(c) and 17(3)(b), (e)"
ACCOUNTABILITY = "accountability and security: articles 5(2), 6(1)(f) and 32"
ACCESS = "the person's right of access: article 15"
NO_GROUND = "no personal data"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place of personal data, or a deployed store without any.

    `name` begins with the kind and name of a deployed store. `records`: those in the place. `erasure`: the
    effect of an erasure on them.
    """

    name: str
    records: tuple[str, ...]
    retention: str
    ground: str
    erasure: str

    def fields(self) -> dict[str, set[Form]]:
        """The forms of each personal field in the place, in the order of FIELDS."""
        forms: dict[str, set[Form]] = {}
        for record in self.records:
            for name, form in list_fields(RECORDS[record]):
                forms.setdefault(name, set()).add(form)
        return {name: forms[name] for name in FIELDS if name in forms}

    def plain_fields(self) -> set[str]:
        """The fields whose values are in the place, at least within a text."""
        readable = {Form.PLAIN, Form.QUOTED}
        return {name for name, forms in self.fields().items() if forms & readable}


def list_fields(record: Mapping[str, str]) -> Iterator[tuple[str, Form]]:
    """The personal fields of a record, with their forms."""
    for value in record.values():
        for token in value.split():
            name, _, form = token.partition("/")
            yield name, Form(form or Form.PLAIN)


def _days(seconds: int) -> str:
    return f"{seconds // _DAY_SECONDS} days"


_RETENTION = f"`retentionDays` of data (default {_DEFAULTS['retention_days']})"
_AUDIT_RETENTION = f"`auditRetentionDays` of data (default {_DEFAULTS['audit_retention_days']})"
_FAILURES = f"{_days(FAILURE_RETENTION_SECONDS)} at most"
_SOURCES = f"{_days(SOURCE_RETENTION_SECONDS)} at most, usually a second"

PLACES: tuple[Place, ...] = (
    Place(
        name="table `transactions`: a transaction",
        records=("item: transaction",),
        retention=_RETENTION,
        ground=FRAUD_PREVENTION,
        erasure="deleted",
    ),
    Place(
        name="table `transactions`: the reservation of an id",
        records=("item: guard",),
        retention=_RETENTION,
        ground=FRAUD_PREVENTION,
        erasure="keeps the id alone, so that a repeated POST does not store the transaction again",
    ),
    Place(
        name="table `transactions`: a retained decision",
        records=("item: retained decision",),
        retention=f"the rest of {_RETENTION}",
        ground=LEGAL_CLAIMS,
        erasure="the result of one",
    ),
    Place(
        name="table `profiles`: an account",
        records=("item: account",),
        retention=f"{_days(profile_items.RETENTION_SECONDS)} after the last transaction, which the longest"
        " window of a feature needs, and the end of a list entry or snooze",
        ground=FRAUD_PREVENTION,
        erasure="deleted",
    ),
    Place(
        name="table `profiles`: a merchant",
        records=("item: merchant",),
        retention=f"{_days(profile_items.RETENTION_SECONDS)} after the last transaction",
        ground=FRAUD_PREVENTION,
        erasure="none: it has counts of all customers together",
    ),
    Place(
        name="table `profiles`: a merchant category",
        records=("item: category",),
        retention=f"{_days(profile_items.RETENTION_SECONDS)} after the last transaction",
        ground=NO_GROUND,
        erasure="none: it has counts of all customers together",
    ),
    Place(
        name="table `profiles`: a device or IP address",
        records=("item: device or address",),
        retention=f"{_days(origin_items.RETENTION_SECONDS)} after the last use",
        ground=FRAUD_PREVENTION,
        erasure="the account's slot is removed",
    ),
    Place(
        name="table `profiles`: the list of an account's suspicious decisions",
        records=("item: suspicious decision",),
        retention=_RETENTION,
        ground=FRAUD_PREVENTION,
        erasure="deleted",
    ),
    Place(
        name="table `profiles`: list entries and snoozes",
        records=("item: list entry or snooze", "item: snoozes of rules"),
        retention=f"{_days(EXPIRED_RETENTION_SECONDS)} after their end",
        ground=FRAUD_PREVENTION,
        erasure="deleted; refused while the account is blocked",
    ),
    Place(
        name="table `profiles`: the audit trail of lists and snoozes",
        records=("item: audit entry",),
        retention=_AUDIT_RETENTION,
        ground=ACCOUNTABILITY,
        erasure="the account becomes a pseudonym; the reason is removed",
    ),
    Place(
        name="table `profiles`: records of erasures",
        records=("item: erasure",),
        retention=_AUDIT_RETENTION,
        ground=ACCOUNTABILITY,
        erasure="the result of one",
    ),
    Place(
        name="table `profiles`: the key of pseudonyms, and positions in the stream",
        records=("item: pseudonym key", "item: stream positions"),
        retention="the key does not expire: without it, no retained decision leads back to an account",
        ground=NO_GROUND,
        erasure="none",
    ),
    Place(
        name="stream of the table `transactions`",
        records=("item: transaction", "item: guard"),
        retention="24 hours, set by AWS",
        ground=FRAUD_PREVENTION,
        erasure="expires; its records no longer cause a write",
    ),
    Place(
        name="point-in-time recovery of both tables",
        records=(
            "item: transaction",
            "item: guard",
            "item: account",
            "item: device or address",
            "item: suspicious decision",
            "item: list entry or snooze",
            "item: audit entry",
        ),
        retention="35 days, set by AWS",
        ground=ACCOUNTABILITY,
        erasure="expires; erase again after a restore",
    ),
    Place(
        name="event bus `fraud-transactions`, and Lambda's queue of asynchronous events",
        records=("TransactionInserted",),
        retention="until delivery, at most a day; there is no archive",
        ground=FRAUD_PREVENTION,
        erasure="not stored",
    ),
    Place(
        name="queue `fraud-retry`",
        records=("TransactionInserted",),
        retention=_SOURCES,
        ground=FRAUD_PREVENTION,
        erasure="the account's messages are deleted",
    ),
    Place(
        name="queues `events-failures` and `fraud-failures`",
        records=("TransactionInserted",),
        retention=_FAILURES,
        ground=FRAUD_PREVENTION,
        erasure="the account's messages are deleted",
    ),
    Place(
        name="queue `pipe-failures`",
        records=(),
        retention=_FAILURES,
        ground=NO_GROUND,
        erasure="none: its messages have positions in the stream and no content",
    ),
    Place(
        name="queue `suspicious`",
        records=("SuspiciousTransaction", "Reason"),
        retention=f"{_SOURCES} or the alert window",
        ground=FRAUD_PREVENTION,
        erasure="the account's messages are deleted",
    ),
    Place(
        name="queue `suspicious-dlq`",
        records=("SuspiciousTransaction", "Reason"),
        retention=_FAILURES,
        ground=FRAUD_PREVENTION,
        erasure="the account's messages are deleted",
    ),
    Place(
        name="topic `fraud-alerts` and its mails",
        records=("Alert",),
        retention="SNS does not store it; a mail until its receiver deletes it",
        ground=FRAUD_PREVENTION,
        erasure="none: the receivers delete their mails",
    ),
    Place(
        name="log groups `/aws/lambda/*`: logs of the functions",
        records=("log of a function",),
        retention=f"{LOG_RETENTION_DAYS} days",
        ground=ACCOUNTABILITY,
        erasure="expires; a transaction's id is all that a log has of it",
    ),
    Place(
        name="log group `/aws/apigateway/fraud-transactions`: access log of the API",
        records=("access log",),
        retention=f"{LOG_RETENTION_DAYS} days",
        ground=NO_GROUND,
        erasure="none",
    ),
    Place(
        name="log group `/aws/apigateway/welcome`",
        records=(),
        retention=f"{LOG_RETENTION_DAYS} days",
        ground=NO_GROUND,
        erasure="none: API Gateway writes a line when its role for logs is set",
    ),
    Place(
        name="log group `aws-waf-logs-fraud-transactions`: log of the firewall, if the setting"
        " `firewallRequestsPerMinute` of edge is set",
        records=("firewall log",),
        retention=f"{LOG_RETENTION_DAYS} days",
        ground=ACCOUNTABILITY,
        erasure="expires; it has refused requests only, without bodies",
    ),
    Place(
        name="topic `fraud-operations` and its mails",
        records=(),
        retention="SNS does not store it",
        ground=NO_GROUND,
        erasure="none: alarms name resources and metrics",
    ),
    Place(
        name="metrics and traces",
        records=(),
        retention="15 months and 30 days, set by AWS",
        ground=NO_GROUND,
        erasure="none",
    ),
    Place(
        name="Pulumi's state and the settings files",
        records=("Pulumi state",),
        retention="as long as the subscription, and in the state's backups",
        ground=ACCOUNTABILITY,
        erasure="none: remove the address from the settings",
    ),
    Place(
        name="files of `invoke table.export` in a bucket",
        records=("table export",),
        retention="until the operator deletes them",
        ground=LEGAL_CLAIMS,
        erasure="named at the end of an erasure: the operator deletes them",
    ),
    Place(
        name="files of `invoke privacy.export`",
        records=("table export",),
        retention="until the operator deletes them",
        ground=ACCESS,
        erasure="none: the operator deletes them after handing them over",
    ),
    Place(
        name="files of `invoke export` for training",
        records=("training file",),
        retention="until the operator deletes them",
        ground=FRAUD_PREVENTION,
        erasure="none: account and merchant are hashes; the operator deletes them",
    ),
)
