"""Which texts contain a card number: docs/adr/0035-card-numbers-are-refused.md."""

import random
import time
import uuid

import pytest

from functions.common.domain.card_numbers import contains_card_number, mask_card_numbers

# Numbers that the card networks publish for tests, of each length and network.
TEST_NUMBERS = [
    "4222222222222",
    "30569309025904",
    "378282246310005",
    "4111111111111111",
    "5555555555554444",
    "2223003122003222",
    "6011111111111117",
    "3530111333300000",
    "6304000000000000",
    "2200000000000004",
    "6205500000000000004",
]


@pytest.mark.parametrize("number", TEST_NUMBERS)
@pytest.mark.parametrize(
    "text", ["{}", "card {} of today", "tx{}", "x-{}-7", "00{}", "{} 12/29", "{}EUR", "{}."]
)
def test_card_number_is_found_in_a_text(number: str, text: str) -> None:
    assert contains_card_number(text.format(number))


@pytest.mark.parametrize(
    "separator", [" ", "-", ".", "_", " - ", "\xa0", "\u2009", "\u2013", "\u2212", "\xad", "\u200b"]
)
@pytest.mark.parametrize("number", TEST_NUMBERS)
def test_card_number_with_separators_is_found(number: str, separator: str) -> None:
    groups = [number[begin : begin + 4] for begin in range(0, len(number), 4)]
    assert contains_card_number(separator.join(groups))
    assert contains_card_number(separator.join(number))


@pytest.mark.parametrize(
    "text", ["3782 822463 10005", "3056 930902 5904", "x4111-1111-1111-1111-9", "41111111-11111111"]
)
def test_card_number_in_printed_groups_is_found(text: str) -> None:
    assert contains_card_number(text)


@pytest.mark.parametrize("zero", ["\uff10", "\u0660", "\u0966"])
def test_digits_of_other_scripts_are_digits(zero: str) -> None:
    digits = "".join(chr(ord(zero) + int(digit)) for digit in "4111111111111111")
    assert contains_card_number(digits)
    assert mask_card_numbers(digits) == "*" * 16


def test_number_with_another_last_digit_is_none() -> None:
    assert [contains_card_number(f"411111111111111{digit}") for digit in range(10)].count(True) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "411111111111",
        "41111111111111111111",
        "550e8400-e29b-41d4-a716-446655440000",
        "00000000-0000-0000-0000-000000000018",
        "0000000000000018",
        "192.168.100.200",
        "2001:4860:4860:0:0:0:0:8888",
        "356938035643809",
        "35-693803-564380-9",
        "8944500102198304826",
        "DE89370400440532013000",
        "BE68 5390 0754 7034",
        "NO9386011117947",
    ],
)
def test_other_numbers_are_none(text: str) -> None:
    assert not contains_card_number(text)


def test_number_in_an_iban_is_none_with_its_check_digits_only() -> None:
    ibans = [f"GB{check:02}BUKB4111111111111111" for check in range(2, 99)]
    assert [contains_card_number(iban) for iban in ibans].count(False) == 1


@pytest.mark.parametrize("prefix", ["", "tx-", "order-42-", "a_7_"])
@pytest.mark.parametrize(
    "begin", [1_780_000_000_000, 1_780_000_000_000_000, 1_780_000_000_000_000_000, 20_281_231_235_900]
)
def test_times_are_none(prefix: str, begin: int) -> None:
    assert not any(contains_card_number(f"{prefix}{begin + number}") for number in range(20))


def test_random_ids_are_none() -> None:
    chance = random.Random(1)  # noqa: S311
    for _ in range(5000):
        identifier = uuid.UUID(int=chance.getrandbits(128), version=4)
        for text in (str(identifier), identifier.hex, identifier.hex[:24], identifier.hex[:16]):
            if not text.isdecimal():
                assert not contains_card_number(f"tx-{text}"), text


def test_checksum_after_an_id_is_none() -> None:
    assert not any(contains_card_number(f"customer_12345678-4567{number}f") for number in range(10))


def test_only_the_digits_of_card_numbers_are_masked() -> None:
    text = "pay 4111 1111 1111 1111 12/25 tx-1780000000000 4111-1111-1111-1112"
    assert mask_card_numbers(text) == "pay **** **** **** **** 12/25 tx-1780000000000 4111-1111-1111-1112"


@pytest.mark.parametrize("text", ["1 ", "0 ", "1", "1234 ", "AB12 ", "AB12-", "\uff11 ", "4111111111111 "])
def test_time_grows_with_the_length_of_a_hostile_text(text: str) -> None:
    begin = time.process_time()
    mask_card_numbers(text * 8000)
    assert time.process_time() - begin < 5
