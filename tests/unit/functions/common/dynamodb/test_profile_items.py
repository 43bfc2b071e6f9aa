from benchmarks.virtual_aws.expressions import apply_update
from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.overrides import ListEntry
from functions.common.domain.profile_record import AlertHistory, ProfileRecord
from functions.common.dynamodb import profile_items
from tests.unit.functions.builders import NOW

DAY_SECONDS = 86_400


def _item(record: ProfileRecord[AccountProfile]) -> dict[str, dict[str, object]]:
    """The item that the update of a record creates."""
    return apply_update(
        profile_items.build_update("profiles", record, NOW), profile_items.profile_key(record.subject)
    )


def test_profile_is_restored_from_its_item() -> None:
    record = profile_items.decode_account("account-1", None)
    record.profile.countries, record.alert_history = ["DE", "FR"], AlertHistory(NOW, 2)
    read = profile_items.decode_account("account-1", _item(record))
    assert (read.profile, read.alert_history, read.version) == (record.profile, record.alert_history, 1)


def test_item_does_not_contain_the_account_id() -> None:
    item = _item(profile_items.decode_account("account-123456789", None))
    assert "123456789" not in str(item)


def test_account_and_merchant_with_one_id_are_different_items() -> None:
    assert profile_items.profile_subject("account", "x") != profile_items.profile_subject("merchant", "x")


def test_update_requires_the_version_that_was_read() -> None:
    new = profile_items.build_update("profiles", profile_items.decode_account("account-1", None), NOW)
    assert new["ConditionExpression"] == "attribute_not_exists(#version)"
    record = profile_items.decode_account("account-1", _item(profile_items.decode_account("account-1", None)))
    second = profile_items.build_update("profiles", record, NOW)
    assert second["ConditionExpression"] == "#version = :previous"
    assert second["ExpressionAttributeValues"][":previous"] == {"N": "1"}


def test_profile_does_not_expire_before_its_list_entry() -> None:
    until = NOW + 400 * DAY_SECONDS * 1000
    list_entry = ListEntry(
        list="block", kind="account", id="account-1", reason="r", author="a", added_at=NOW, until=until
    )
    record = profile_items.decode_account("account-1", None)
    assert _item(record)["expires_at"] == {"N": str(NOW // 1000 + 120 * DAY_SECONDS)}
    record.list_entry = list_entry
    assert _item(record)["expires_at"] == {"N": str(until // 1000)}


def test_item_created_by_a_list_entry_has_an_empty_profile() -> None:
    listing = '{"list":"block","kind":"account","id":"a","reason":"r","author":"x","added_at":1,"until":2}'
    record = profile_items.decode_account("a", {"version": {"N": "3"}, "listing": {"S": listing}})
    assert (record.profile, record.version) == (AccountProfile(), 3)
    assert record.list_entry is not None
    assert record.list_entry.list == "block"
