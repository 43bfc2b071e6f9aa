"""Every attribute of a model, an item or a log line is in the register of personal data."""

import ast
import io
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from functions.api.transaction_store import build_guard_item, build_transaction_item
from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.decision import Decision
from functions.common.domain.merchant_profile import CategoryProfile, MerchantProfile
from functions.common.domain.origin_profile import Origin, OriginProfile
from functions.common.domain.overrides import ListEntry, Snooze
from functions.common.domain.profile_record import AlertHistory, ProfileRecord
from functions.common.domain.suspicious_decision import SuspiciousDecision
from functions.common.domain.suspicious_message import Reason, SuspiciousTransaction
from functions.common.domain.transaction import Transaction
from functions.common.domain.transaction_event import TransactionInserted
from functions.common.dynamodb.decision_attribute import encode_decision
from functions.common.dynamodb.origin_items import build_origin_update
from functions.common.dynamodb.profile_items import build_update
from functions.common.dynamodb.suspicious_items import build_suspicious_update
from functions.common.runtime.telemetry import Telemetry
from functions.labels.label import Label
from functions.notify.alert import Alert, mask_account
from operations.privacy.access import ACTIONS
from operations.privacy.document import generate_privacy_document
from operations.privacy.erasure_records import ErasureRecord
from operations.privacy.pseudonyms import Pseudonyms
from operations.privacy.register import FIELDS, PLACES, RECORDS, Form, list_fields
from operations.privacy.retained_decisions import build_retained_item
from operations.review import audit_trail
from operations.review.audit_trail import AuditEntry
from operations.review.list_and_snooze_items import ProfileEntry, RuleSnooze
from orchestration.environments import ROOT
from stacks.data.settings import DataSettings
from stacks.edge import stage
from stacks.foundation.settings import FoundationSettings
from tests.unit.functions.builders import NOW, recorded_decision, suspicious_decision, transaction

MODELS = (
    Transaction,
    Label,
    TransactionInserted,
    SuspiciousTransaction,
    Reason,
    Decision,
    SuspiciousDecision,
    AccountProfile,
    MerchantProfile,
    CategoryProfile,
    OriginProfile,
    AlertHistory,
    ListEntry,
    Snooze,
    AuditEntry,
    ErasureRecord,
    Alert,
)
# Attributes that a later write adds to the item.
ADDED = {
    "item: transaction": {
        *("decision", "label", "label_source", "reported_at", "labelled_at", "unusual_amount"),
        "new_device",
        *("alert_claim", "alert_claim_until", "alerted_at", "alert_id"),
    },
    "item: guard": {"erased_at"},
    "item: account": {"listing", "snooze"},
    "item: merchant": {"listing", "counted"},
    "item: category": {"counted"},
}
OVERRIDE = Snooze(kind="account", id="a", reason="r", author="j", added_at=NOW, until=NOW)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_of_a_model_is_registered(model: type[msgspec.Struct]) -> None:
    assert set(RECORDS[model.__name__]) == set(model.__struct_fields__)


@pytest.mark.parametrize("record", [name for name in RECORDS if name.startswith("item: ")])
def test_every_attribute_of_an_item_is_registered(record: str) -> None:
    items = dict(build_items())
    assert set(RECORDS[record]) == items[record] | ADDED.get(record, set())


def build_items() -> Iterator[tuple[str, set[str]]]:
    posted, entry = transaction(), suspicious_decision()
    item = build_transaction_item(posted, NOW, 1)
    decided = {**item, "decision": {"B": b""}, "label": {"S": "fraud"}, "unusual_amount": {"BOOL": True}}
    yield "item: transaction", set(item)
    yield "item: guard", set(build_guard_item(posted, 1))
    retained = {
        **decided,
        "alerted_at": {"N": "1"},
        "decision": encode_decision(recorded_decision(suspicious=True)),
    }
    yield "item: retained decision", set(build_retained_item(retained, Pseudonyms(b"k"), NOW))
    for name, profile in (
        ("account", AccountProfile()),
        ("merchant", MerchantProfile()),
        ("category", CategoryProfile()),
    ):
        record: Any = ProfileRecord(subject=name, profile=profile)
        yield f"item: {name}", names_of(build_update("profiles", record, NOW))
    origin = build_origin_update("profiles", Origin("device", "d"), "a", NOW, NOW)
    yield (
        "item: device or address",
        {
            *origin["Key"],
            "expires_at",
            *(name.removeprefix("#") for name in origin["ExpressionAttributeNames"]),
        },
    )
    yield "item: suspicious decision", names_of(build_suspicious_update("profiles", "a", entry))
    yield "item: list entry or snooze", set(audit_trail.build_registration(OVERRIDE)["Put"]["Item"])
    change = AuditEntry(at=NOW, task="t", kind="account", id="a", author="j", caller="c", reason="r")
    yield "item: audit entry", set(audit_trail.build_audit_record(change, None, OVERRIDE)["Put"]["Item"])
    rules = RuleSnooze("rule-1").build_update(None, OVERRIDE, NOW)["Update"]
    yield "item: snoozes of rules", {*rules["Key"], "snoozes", "version", "expires_at"}
    yield "item: erasure", {"subject", "part", "entry", "expires_at"}
    yield "item: stream positions", {"subject", "part", "counted", "version", "expires_at"}
    yield "item: pseudonym key", {"subject", "part", "secret"}


def names_of(update: Any) -> set[str]:
    names = set(update.get("ExpressionAttributeNames", {}).values())
    names |= {part.split(" = ")[0] for part in update["UpdateExpression"].removeprefix("SET ").split(", ")}
    return {*update["Key"], *(name for name in names if not name.startswith("#"))}


def test_every_item_that_expires_says_so() -> None:
    without = {name for name in RECORDS if name.startswith("item: ") and "expires_at" not in RECORDS[name]}
    assert without == {"item: pseudonym key"}
    assert (
        "expires_at" in RuleSnooze("rule-1").build_update(None, OVERRIDE, NOW)["Update"]["UpdateExpression"]
    )
    entry = ProfileEntry("account", "a", "snooze", Snooze).build_update(None, OVERRIDE, NOW)["Update"]
    assert "expires_at" in entry["UpdateExpression"]


def test_audit_entry_expires_after_its_retention() -> None:
    change = AuditEntry(at=NOW, task="t", kind="account", id="a", author="j", caller="c", reason="r")
    item = audit_trail.build_audit_record(change, None, OVERRIDE, 30)["Put"]["Item"]
    assert item["expires_at"] == {"N": str(NOW // 1000 + 30 * 86_400)}


def test_every_field_of_a_log_line_is_registered() -> None:
    logged = set(find_logged_fields()) | set(write_lines())
    assert logged - set(RECORDS["log of a function"]) == set()


def find_logged_fields() -> Iterator[str]:
    """The names of the keyword arguments of all calls of `telemetry.info`."""
    files = list((ROOT / "functions").rglob("*.py"))
    assert files
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            if is_call and node.func.attr == "info" and "telemetry" in ast.unparse(node.func.value):
                yield from (keyword.arg for keyword in node.keywords if keyword.arg)


def write_lines() -> Iterator[str]:
    """The members of lines with an error and metrics, apart from the metrics."""
    stream = io.StringIO()
    telemetry = Telemetry("api", stream)
    telemetry.set_transaction("tx-1")
    telemetry.error("failed", ValueError())
    telemetry.count("Count")
    telemetry.flush()
    for line in stream.getvalue().splitlines():
        yield from set(json.loads(line)) - {"Count"}


def test_access_log_is_registered() -> None:
    assert set(RECORDS["access log"]) == set(stage._ACCESS_LOG)


def test_every_setting_with_mail_addresses_is_registered() -> None:
    names = {
        field.encode_name
        for settings in (DataSettings, FoundationSettings)
        for field in msgspec.structs.fields(settings)
        if "email" in field.name
    }
    assert names == set(RECORDS["Pulumi state"])


def test_records_name_known_fields_and_forms() -> None:
    used = {name for record in RECORDS.values() for name, _ in list_fields(record)}
    assert used == set(FIELDS)


def test_places_name_known_records_and_every_stored_item() -> None:
    used = {record for place in PLACES for record in place.records}
    assert used <= set(RECORDS)
    assert {name for name in RECORDS if name.startswith("item: ")} <= used
    assert len({place.name for place in PLACES}) == len(PLACES)


def test_place_without_personal_data_needs_no_ground() -> None:
    for place in PLACES:
        assert bool(place.fields()) == (place.ground != "no personal data"), place.name


def test_log_has_no_account_device_or_address() -> None:
    [place] = [place for place in PLACES if place.name.endswith("logs of the functions")]
    assert not place.plain_fields() & {"account_id", "device_id", "ip_address", "country", "amount"}


def test_mail_masks_the_account() -> None:
    [place] = [place for place in PLACES if "fraud-alerts" in place.name]
    assert place.fields()["account_id"] == {Form.MASKED}
    assert mask_account("account-123456789") == "****6789"


def test_document_names_every_place_and_action() -> None:
    text = generate_privacy_document()
    assert all(place.name in text for place in PLACES)
    assert all(action in text for actions in ACTIONS.values() for action in actions)
