import msgspec
import pytest

from functions.common.domain.lists_and_snoozes import Listing
from functions.common.domain.profiles import AccountProfile
from functions.common.dynamodb import profile_items
from functions.common.dynamodb.profile_items import FORMAT, Alerts, Kept, ProfileFormatError, decode
from tests.unit.functions.builders import NOW

DAY_SECONDS = 86_400


def _item(kept: Kept[AccountProfile]) -> dict[str, dict[str, object]]:
    """What the write leaves in the table."""
    values = profile_items.update("profiles", kept, NOW)["ExpressionAttributeValues"]
    return {
        **profile_items.profile_key(kept.subject),
        "state": values[":state"],
        "format": values[":format"],
        "alerts": values[":alerts"],
        "expires_at": values[":expires"],
        "version": values[":next"],
    }


def test_profile_comes_back_as_it_was_written() -> None:
    kept = profile_items.read_account("account-1", None)
    kept.profile.countries, kept.alerts = ["DE", "FR"], Alerts(NOW, 2)
    read = profile_items.read_account("account-1", _item(kept))
    assert (read.profile, read.alerts, read.version) == (kept.profile, kept.alerts, 1)


def test_item_says_nothing_of_whose_it_is() -> None:
    item = _item(profile_items.read_account("account-123456789", None))
    assert "123456789" not in str(item)


def test_account_and_merchant_of_one_id_are_different_items() -> None:
    assert profile_items.profile_subject("account", "x") != profile_items.profile_subject("merchant", "x")


def test_write_asks_for_the_version_that_was_read() -> None:
    new = profile_items.update("profiles", profile_items.read_account("account-1", None), NOW)
    assert new["ConditionExpression"] == "attribute_not_exists(#version)"
    kept = profile_items.read_account("account-1", _item(profile_items.read_account("account-1", None)))
    again = profile_items.update("profiles", kept, NOW)
    assert again["ConditionExpression"] == "#version = :version"
    assert again["ExpressionAttributeValues"][":version"] == {"N": "1"}


def test_profile_is_kept_as_long_as_its_account_is_on_a_list() -> None:
    until = NOW + 400 * DAY_SECONDS * 1000
    listed = Listing(
        list="block", kind="account", id="account-1", reason="r", author="a", added_at=NOW, until=until
    )
    kept = profile_items.read_account("account-1", None)
    assert _item(kept)["expires_at"] == {"N": str(NOW // 1000 + 120 * DAY_SECONDS)}
    kept.listing = listed
    assert _item(kept)["expires_at"] == {"N": str(until // 1000)}


def test_item_made_by_a_list_alone_has_an_empty_profile() -> None:
    listing = '{"list":"block","kind":"account","id":"a","reason":"r","author":"x","added_at":1,"until":2}'
    kept = profile_items.read_account("a", {"version": {"N": "3"}, "listing": {"S": listing}})
    assert (kept.profile, kept.version) == (AccountProfile(), 3)
    assert kept.listing is not None
    assert kept.listing.list == "block"


def test_profile_with_fewer_fields_than_today_has_their_defaults() -> None:
    older = msgspec.msgpack.encode([[], [], [NOW]])
    assert decode(older, FORMAT, AccountProfile) == AccountProfile(times=[NOW])


def test_profile_of_an_older_format_is_migrated_step_by_step() -> None:
    steps = {
        (AccountProfile, 1): lambda state: [[], [], *state],
        (AccountProfile, 2): lambda state: [*state[:2], [seconds * 1000 for seconds in state[2]]],
    }
    in_seconds = msgspec.msgpack.encode([[NOW // 1000]])
    assert decode(in_seconds, 1, AccountProfile, current=3, migrations=steps).times == [NOW]


def test_profile_of_a_newer_format_is_not_guessed_at() -> None:
    with pytest.raises(ProfileFormatError, match=f"format {FORMAT + 1}"):
        decode(b"", FORMAT + 1, AccountProfile)
