"""The file of an export."""

import json
import stat
from pathlib import Path

import pytest

from functions.api.transaction_store import build_transaction_item
from functions.common.domain.origin_profile import Origin
from functions.common.dynamodb.decision_attribute import encode_decision
from operations.privacy.account_data import AccountData, OriginSlot
from operations.privacy.export_command import _write, build_export, check_new_file
from terminal.errors import UserError
from tests.unit.functions.builders import NOW, posted, recorded_decision, transaction

ITEM = {
    **build_transaction_item(transaction(), NOW + 40, 1),
    "decision": encode_decision(recorded_decision(suspicious=True)),
}
SLOT = OriginSlot(Origin("device", "device 7"), "07", (NOW // 60_000 << 24).to_bytes(7, "big"))


def test_export_has_every_posted_field_and_the_decision() -> None:
    data = AccountData(transactions=(ITEM,), slots=(SLOT,))
    export = json.loads(json.dumps(build_export("account-123456789", data, {}, NOW)))
    [exported] = export["transactions"]
    expected = {**posted(), "amount": "12.5", "received_at": NOW + 40}
    assert {name: exported[name] for name in expected} == expected
    assert exported["decision"]["reasons"][0]["rule_id"] == "rule-1"
    assert export["devices_and_addresses"] == [
        {"kind": "device", "id": "device 7", "last_used_at": NOW // 60_000 * 60_000}
    ]


def test_only_the_user_can_read_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    _write(str(file), "{}")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_existing_file_and_missing_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("")
    with pytest.raises(UserError):
        check_new_file(str(tmp_path / "a.json"))
    with pytest.raises(UserError):
        check_new_file(str(tmp_path / "missing" / "a.json"))
    with pytest.raises(UserError):
        _write(str(tmp_path / "a.json"), "{}")
