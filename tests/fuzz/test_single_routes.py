"""No body makes a route fail, store something invalid, or write parts of it into the log."""

from typing import Any

import msgspec
from hypothesis import given, settings

from functions.common.domain.card_numbers import contains_card_number
from functions.common.domain.transaction import Text
from tests.fuzz import requests
from tests.fuzz.api import STORED_AT, Api
from tests.fuzz.checks import check_stored_transactions, find_new, handle
from tests.unit.functions.builders import NOW
from tests.unit.functions.in_memory_dynamodb import PROFILES, TRANSACTIONS

_IN_LABEL = ("label", "label_source", "reported_at", "labelled_at", "unusual_amount")
fuzz = settings.get_profile("fuzz")


@fuzz
@given(event=requests.events("/transactions", requests.objects()))
def test_transactions(api: Api, event: dict[str, Any]) -> None:
    answer = handle(api, event)
    check_stored_transactions(answer, historic=False)
    assert bool(find_new(answer)) == (answer.status == 201)
    if answer.status == 201:
        assert api.handle(event).status == 200


@fuzz
@given(event=requests.events("/labels", requests.labels))
def test_labels(api: Api, event: dict[str, Any]) -> None:
    answer = handle(api, event)
    changed = {key for key, item in answer.after.items() if answer.before.get(key) != item}
    if answer.status not in (200, 201):
        assert not changed
        return
    (labelled,) = (key for key in changed if key.table == TRANSACTIONS)
    assert {key.table for key in changed} <= {TRANSACTIONS, PROFILES}
    item = answer.after[labelled]
    assert {name: value for name, value in item.items() if name not in _IN_LABEL} == answer.before[labelled]
    assert item["label"]["S"] in ("fraud", "genuine")
    assert STORED_AT <= int(item["reported_at"]["N"]) <= NOW + 300_000
    source = msgspec.convert(item["label_source"].get("S"), Text | None)
    assert source is None or not contains_card_number(source)
    again = api.handle(event)
    assert (again.status, again.json()["status"]) == (200, "unchanged")
