"""Items of both formats in upgrades and rollbacks, with DynamoDB's update expressions."""

from typing import Any

import msgspec
import pytest

from benchmarks.virtual_aws.database import Database, KeySchema
from benchmarks.virtual_aws.expressions import compute_size
from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.profile_record import AlertHistory, ProfileRecord
from functions.common.dynamodb import profile_items
from functions.common.dynamodb.profile_items import ProfileFormatError, build_update, decode_account
from tests.unit.functions.builders import NOW
from tests.unit.functions.common.dynamodb.account_histories import build_account

KEY = profile_items.profile_key(profile_items.profile_subject("account", "a-1"))
UNIT_BYTES = 1024
LISTING = '{"list":"block","kind":"account","id":"a-1","reason":"r","author":"x","added_at":1,"until":2}'


class Profiles:
    """The table `profiles` with the item of one account."""

    def __init__(self) -> None:
        self._database = Database({"profiles": KeySchema("subject", "part")}, lambda: 0.0)

    def read(self) -> ProfileRecord[AccountProfile]:
        return decode_account("a-1", self.find_item())

    def write(self, record: ProfileRecord[AccountProfile]) -> None:
        """Write the record as the functions do, in a transaction."""
        self._database.commit(self._database.begin([{"Update": build_update("profiles", record, NOW)}]))

    def write_profile(self, profile: AccountProfile) -> None:
        record = self.read()
        record.profile = profile
        self.write(record)

    def change_item(self, **attributes: dict[str, Any]) -> None:
        self._database.put("profiles", {**self.find_item(), **attributes})

    def find_item(self) -> dict[str, Any]:
        return dict(self._database.get("profiles", KEY) or {})


@pytest.fixture(autouse=True)
def write_format_2(monkeypatch: pytest.MonkeyPatch) -> None:
    """The facts of format 2 do not depend on the format that this version writes."""
    monkeypatch.setattr(profile_items, "ACCOUNT_FORMAT", 2)


@pytest.fixture
def profiles() -> Profiles:
    return Profiles()


def write_format_1(monkeypatch: pytest.MonkeyPatch) -> None:
    """Continue as the version that reads format 2 and still writes format 1."""
    monkeypatch.setattr(profile_items, "ACCOUNT_FORMAT", 1)


def test_item_of_the_earlier_version_is_read_and_rewritten_in_format_2(
    profiles: Profiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = build_account(per_day=2)
    with monkeypatch.context() as earlier:
        write_format_1(earlier)
        profiles.write_profile(account)
    assert profiles.find_item()["format"] == {"N": "1"}
    profiles.write(profiles.read())
    assert profiles.find_item()["format"] == {"N": "2"}
    assert (profiles.read().profile, profiles.read().version) == (account, 2)


def test_rollback_loses_nothing(profiles: Profiles, monkeypatch: pytest.MonkeyPatch) -> None:
    account = build_account(per_day=20)
    profiles.write_profile(account)
    profiles.change_item(listing={"S": LISTING}, of_a_newer_version={"S": "value"})
    with monkeypatch.context() as rolled_back:
        write_format_1(rolled_back)
        profiles.write(profiles.read())
        assert profiles.find_item()["format"] == {"N": "1"}
        assert profiles.read().profile == account
    profiles.write(profiles.read())
    record = profiles.read()
    assert (record.profile, record.version) == (account, 3)
    assert record.list_entry is not None
    assert profiles.find_item()["of_a_newer_version"] == {"S": "value"}


def test_item_in_a_newer_format_is_refused_and_stays_as_it_is(profiles: Profiles) -> None:
    profiles.write_profile(build_account(per_day=2))
    profiles.change_item(format={"N": "3"})
    before = profiles.find_item()
    with pytest.raises(ProfileFormatError, match="3"):
        profiles.read()
    assert profiles.find_item() == before


@pytest.mark.parametrize("state_format", [1, 2])
def test_state_with_a_field_that_its_format_lacks_is_refused(
    profiles: Profiles, monkeypatch: pytest.MonkeyPatch, state_format: int
) -> None:
    monkeypatch.setattr(profile_items, "ACCOUNT_FORMAT", state_format)
    profiles.write_profile(build_account(per_day=2))
    fields = msgspec.msgpack.decode(profiles.find_item()["state"]["B"])
    profiles.change_item(state={"B": msgspec.msgpack.encode([*fields, "newer"])})
    with pytest.raises(ProfileFormatError):
        profiles.read()


def test_alerts_with_a_field_of_a_newer_version_are_refused(profiles: Profiles) -> None:
    profiles.write(profiles.read())
    profiles.change_item(alerts={"B": msgspec.msgpack.encode([NOW, 2, NOW - 10**6, 50, 1])})
    with pytest.raises(ProfileFormatError):
        profiles.read()


@pytest.mark.parametrize(
    ("per_day", "variety", "units"), [(100, 4, 1), (240, 4, 1), (1000, 4, 1), (1000, 100, 2)]
)
def test_item_of_a_busy_account_takes_one_write_unit(
    profiles: Profiles, per_day: int, variety: int, units: int
) -> None:
    """Every hour, day, amount and merchant is in use, with two alerts in the last window.

    It takes two units with as many countries, devices, networks and categories as a profile holds, and with
    amounts without a euro rate.
    """
    record = profiles.read()
    unrated = 0 if units == 1 else 0.02
    record.profile = build_account(per_day=per_day, days=32, variety=variety, unrated=unrated)
    # The version after a year.
    record.version, record.alert_history = per_day * 365, AlertHistory(NOW, 2, NOW - 10**6, 50)
    profile = record.profile
    assert (len(profile.hours.numbers), len(profile.days.numbers)) == (30, 31)
    assert (len(profile.amounts), len(profile.first_merchants)) == (40, 16)
    assert len(profile.devices) == min(variety, 8)
    assert len(profile.categories) == min(variety, 24)
    values = build_update("profiles", record, NOW)["ExpressionAttributeValues"]
    values.pop(":previous")
    item = {**KEY, **{name.removeprefix(":"): value for name, value in values.items()}}
    assert compute_size(item) <= units * UNIT_BYTES


def test_item_of_a_typical_account_takes_four_fifths_of_a_write_unit(profiles: Profiles) -> None:
    profiles.write_profile(build_account(per_day=2, max_euros=200, variety=4))
    assert compute_size(profiles.find_item()) <= UNIT_BYTES * 4 / 5


def test_item_of_an_account_with_large_amounts_takes_two_write_units(profiles: Profiles) -> None:
    profiles.write_profile(build_account(per_day=240, max_euros=10**8))
    assert compute_size(profiles.find_item()) <= 2 * UNIT_BYTES


def test_item_of_an_older_version_has_an_empty_history(profiles: Profiles) -> None:
    account = build_account(per_day=2)
    profiles.write_profile(account)
    item = profiles.find_item()
    del item["history"]
    read = decode_account("a-1", item).profile
    assert (read.days, read.devices, read.first_devices) == (account.days, account.devices, {})


def test_history_in_a_newer_format_is_refused(profiles: Profiles) -> None:
    profiles.write_profile(build_account(per_day=2))
    profiles.change_item(history={"B": b"\x02newer"})
    with pytest.raises(ProfileFormatError):
        profiles.read()
