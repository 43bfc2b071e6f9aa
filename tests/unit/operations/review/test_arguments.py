"""Card numbers in the arguments of analysts are refused, and no error repeats them."""

from collections.abc import Callable

import pytest

from operations.review import block_allow_lists, snoozes
from terminal.errors import UserError
from tests.unit.operations.review.analyst_fixture import NOW, Analyst

CARD = "4111111111111111"
PRINTED = "4111 1111 1111 1111"
OPTIONS = {"reason": "stolen", "until": "2h", "author": "jo"}


def add(analyst: Analyst, id_: str = "a-1", kind: str = "account", **options: str) -> str:
    changes = {**OPTIONS, **options}
    return block_allow_lists.add_to_list(analyst.open, "block", kind, id_, **changes, now_ms=NOW)


def remove(analyst: Analyst, id_: str = "a-1", **options: str) -> str:
    changes = {"reason": "cleared", "author": "jo", **options}
    return block_allow_lists.remove_from_list(analyst.open, "block", "account", id_, **changes)


def snooze(analyst: Analyst, id_: str = "a-1", kind: str = "account", **options: str) -> str:
    changes = {**OPTIONS, **options}
    return snoozes.start_snooze(analyst.open, kind, id_, **changes, rules=lambda: ["high-amount"], now_ms=NOW)


def end(analyst: Analyst, id_: str = "a-1", **options: str) -> str:
    return snoozes.end_snooze(analyst.open, "account", id_, **{"reason": "", "author": "", **options})


@pytest.mark.parametrize("task", [add, remove, snooze, end], ids=lambda task: task.__name__)
@pytest.mark.parametrize("option", ["reason", "author"])
def test_text_with_a_card_number_is_refused(task: Callable[..., str], option: str) -> None:
    analyst = Analyst()
    with pytest.raises(UserError) as caught:
        task(analyst, **{option: f"card {PRINTED} was stolen"})
    assert f"--{option}" in caught.value.message
    assert "1111" not in caught.value.message + caught.value.hint
    assert analyst.fake.items == []


@pytest.mark.parametrize("task", [add, snooze], ids=lambda task: task.__name__)
@pytest.mark.parametrize("id_", [CARD, f"a-{CARD}", PRINTED])
def test_new_id_with_a_card_number_is_refused(task: Callable[..., str], id_: str) -> None:
    analyst = Analyst()
    with pytest.raises(UserError) as caught:
        task(analyst, id_)
    assert "1111" not in caught.value.message + caught.value.hint
    assert analyst.fake.items == []


@pytest.mark.parametrize("task", [remove, end], ids=lambda task: task.__name__)
def test_entry_of_an_earlier_version_with_a_card_number_can_be_removed(task: Callable[..., str]) -> None:
    assert "Nothing to change" in task(Analyst(), CARD)


@pytest.mark.parametrize("task", [add, snooze], ids=lambda task: task.__name__)
def test_arguments_in_the_wrong_order_are_not_repeated(task: Callable[..., str]) -> None:
    with pytest.raises(UserError) as caught:
        task(Analyst(), "account", CARD)
    assert "1111" not in caught.value.message


def test_unknown_rule_is_not_repeated() -> None:
    with pytest.raises(UserError) as caught:
        snooze(Analyst(), CARD, "rule")
    assert "1111" not in caught.value.message
