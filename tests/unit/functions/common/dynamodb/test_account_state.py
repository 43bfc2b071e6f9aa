import struct

import msgspec
import pytest

from functions.common.domain.account_profile import AccountProfile, count_account_fraud, count_in_account
from functions.common.dynamodb import account_state
from functions.common.dynamodb.account_history import decode_history, encode_history
from tests.unit.functions.builders import NOW, inserted
from tests.unit.functions.common.dynamodb.account_histories import build_account

EXTREMES = {"amount": "999999999999.9999", "currency": "KWD", "timestamp": 253_402_300_799_999}


def restore(account: AccountProfile, decoded: AccountProfile | None = None) -> AccountProfile:
    """The account in its state, or as it is `decoded`, with its history."""
    restored = decoded or account_state.decode(account_state.encode(account))
    decode_history(encode_history(account), restored)
    return restored


@pytest.mark.parametrize("seed", range(30))
def test_profile_is_restored_from_its_state(seed: int) -> None:
    account = build_account(
        per_day=[0.01, 0.3, 2, 20, 200][seed % 5],
        days=[1, 10, 40][seed % 3],
        max_euros=10 ** (seed % 7),
        variety=1 + seed * 3,
        seed=seed,
    )
    assert restore(account) == account


def test_empty_profile_is_restored_from_its_state() -> None:
    assert restore(AccountProfile()) == AccountProfile()


def test_profile_of_the_largest_accepted_values_is_restored() -> None:
    account = AccountProfile()
    for timestamp in (1, NOW, EXTREMES["timestamp"], EXTREMES["timestamp"]):
        count_in_account(account, inserted(**EXTREMES | {"timestamp": timestamp}))
    assert restore(account) == account


def test_profile_with_more_reverted_than_confirmed_frauds_is_restored() -> None:
    account, transaction = AccountProfile(), inserted()
    count_in_account(account, transaction)
    count_account_fraud(account, transaction, -1)
    assert account_state.decode(account_state.encode(account)).days.frauds == [-1]


@pytest.mark.parametrize("field", range(19))
def test_state_without_a_field_is_refused(field: int) -> None:
    fields = msgspec.msgpack.decode(account_state.encode(build_account(per_day=2)))
    del fields[field]
    with pytest.raises(ValueError):  # noqa: PT011  # the reader of items gives the error its type
        account_state.decode(msgspec.msgpack.encode(fields))


def test_state_with_a_day_without_transactions_is_refused() -> None:
    fields = msgspec.msgpack.decode(account_state.encode(build_account(per_day=2)))
    fields[account_state._State.__struct_fields__.index("day_counts")] = b""
    with pytest.raises(ValueError, match="no transactions"):
        account_state.decode(msgspec.msgpack.encode(fields))


def test_state_with_a_field_of_a_newer_version_is_refused() -> None:
    fields = msgspec.msgpack.decode(account_state.encode(build_account(per_day=2)))
    with pytest.raises(msgspec.ValidationError):
        account_state.decode(msgspec.msgpack.encode([*fields, 0]))


@pytest.mark.parametrize("state", [account_state.encode, account_state.encode_format_1])
def test_device_is_stored_as_a_hash(state: object) -> None:
    account = AccountProfile()
    count_in_account(account, inserted(device_id="my device"))
    assert callable(state)
    assert b"my device" not in state(account)


@pytest.mark.parametrize("per_day", [0.3, 2, 200])
def test_format_1_restores_amounts_in_cents(per_day: float) -> None:
    account = build_account(per_day=per_day, max_euros=10_000)
    assert restore(account, account_state.decode_format_1(account_state.encode_format_1(account))) == account


def test_older_version_reads_the_state_in_format_1() -> None:
    """It has euros as floats in the columns of the profile."""
    account = AccountProfile()
    count_in_account(account, inserted(amount="12.34", currency="EUR", country="DE"))
    hours, days, times, amounts, *rest = msgspec.msgpack.decode(account_state.encode_format_1(account))
    assert hours == [[NOW // 3_600_000], [1], [12.34]]
    assert days == [[NOW // 86_400_000], [1], [12.34], [pytest.approx(12.34**2)], [0]]
    assert (times, amounts, rest[:3]) == ([NOW], [12.34], ["DE", NOW, ["DE"]])


def test_state_that_an_older_version_wrote_is_read() -> None:
    """Format 1 has unrounded euros: 10 USD are 10 / 1.15, and their square is not that of whole cents."""
    euros = 10 / 1.15
    state = [
        [[1], [3], [3 * euros]], [[2], [3], [3 * euros], [3 * euros**2], [1]],
        [NOW - 1, NOW, NOW], [euros, 0.0, -euros], "DE", NOW, ["FR", "DE"], [1, 2], [3],
    ]  # fmt: skip
    account = account_state.decode_format_1(msgspec.msgpack.encode(state))
    assert account.amounts == [870, 0, -870]
    assert (account.hours.totals, account.days.totals) == ([2609], [2609])
    assert (account.times, account.country_at, account.countries) == ([NOW - 1, NOW, NOW], NOW, ["FR", "DE"])
    assert (account.devices, account.categories, account.days.frauds) == ([1, 2], [3], [1])
    # No three amounts with this total have a lower sum of squares.
    assert account.days.squares[0] * 3 >= account.days.totals[0] ** 2
    assert restore(account) == account


def test_state_of_a_version_with_fewer_fields_has_default_values() -> None:
    assert account_state.decode_format_1(msgspec.msgpack.encode([[], [], [NOW]])) == AccountProfile(
        times=[NOW]
    )


def test_order_of_the_latest_uses_is_restored() -> None:
    account = AccountProfile()
    for number in (*range(30), 20):
        count_in_account(account, inserted(merchant_id=f"m{number}", timestamp=NOW + number * 60_000))
    restored = restore(account)
    assert list(restored.first_merchants.items()) == list(account.first_merchants.items())


def test_history_of_a_newer_version_is_refused() -> None:
    history = encode_history(build_account(per_day=2))
    for attribute in (b"", bytes([2]) + history[1:], history[:-1]):
        with pytest.raises((ValueError, struct.error)):
            decode_history(attribute, AccountProfile())


def test_history_stores_hashes_only() -> None:
    account = AccountProfile()
    count_in_account(
        account, inserted(device_id="my device", merchant_id="merchant", ip_address="192.0.2.77")
    )
    assert not any(text in encode_history(account) for text in (b"my device", b"merchant", b"192.0.2"))
