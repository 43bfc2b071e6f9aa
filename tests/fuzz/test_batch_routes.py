"""No batch makes a route fail, store something invalid, or write parts of it into the log."""

from typing import Any

from hypothesis import given, settings

from tests.fuzz import requests
from tests.fuzz.api import Answer, Api
from tests.fuzz.checks import check_stored_transactions, find_new, handle

fuzz = settings.get_profile("fuzz")


@fuzz
@given(event=requests.events("/transactions/batch", requests.batches()))
def test_batches(api: Api, event: dict[str, Any]) -> None:
    _check_batch(handle(api, event), historic=False)


@fuzz
@given(event=requests.events("/transactions/historic", requests.batches()))
def test_historic_batches(api: Api, event: dict[str, Any]) -> None:
    _check_batch(handle(api, event), historic=True)


def _check_batch(answer: Answer, *, historic: bool) -> None:
    check_stored_transactions(answer, historic=historic)
    results = answer.json().get("results", []) if answer.status == 200 else []
    statuses = [result["status"] for result in results]
    assert all(status < 500 for status in statuses)
    assert len(find_new(answer)) == statuses.count(201)
