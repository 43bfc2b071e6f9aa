"""The checks of the response to a generated request."""

import json
import unicodedata
from decimal import Decimal
from typing import Any

from jsonschema import Draft202012Validator

from functions.api.transaction_parser import TransactionParser
from functions.api.transaction_store import compute_fingerprint
from functions.common.domain.time_buckets import DAY_MS, MINUTE_MS
from functions.common.domain.transaction import TRANSACTION_FIELDS
from functions.common.http.body import read_object
from operations.openapi.document import generate_openapi_document
from tests.fuzz.api import Answer, Api
from tests.fuzz.values import CARD_NUMBERS, ID_MARKER, MARKER, STORED_ID
from tests.unit.functions.builders import NOW

_DOCUMENT = json.loads(generate_openapi_document())
_PLACES = {"EUR": 2, "JPY": 0, "KWD": 3}
_CARD_DIGITS = tuple(number.translate({ord(mark): None for mark in "-. "}) for number in CARD_NUMBERS)


def handle(api: Api, event: dict[str, Any]) -> Answer:
    """Handle an event, and check the response and the log."""
    api.reset()
    answer = api.handle(event)
    responses = _DOCUMENT["paths"][event["resource"]]["post"]["responses"]
    assert answer.status < 500
    content = responses[str(answer.status)]["content"][answer.headers["Content-Type"]]
    schema = {**content["schema"], "components": _DOCUMENT["components"]}
    Draft202012Validator(schema).validate(answer.json())
    if answer.status >= 400:
        assert answer.json()["status"] == answer.status
    for line in answer.log.splitlines():
        json.loads(line)
    assert MARKER not in answer.log
    assert ID_MARKER not in answer.log
    items = json.dumps([*answer.after.values()], ensure_ascii=False, default=repr)
    # NFKC replaces the digits of full width.
    written = unicodedata.normalize("NFKC", "".join((answer.log, answer.text, items)))
    assert not [number for number in (*CARD_NUMBERS, *_CARD_DIGITS) if number in written]
    return answer


def find_new(answer: Answer) -> list[dict[str, Any]]:
    """The transactions that the event stored, without the items that reserve their IDs."""
    new = [item for key, item in answer.after.items() if key not in answer.before]
    assert all(answer.after[key] == item for key, item in answer.before.items())
    return [item for item in new if "account_id" in item]


def check_stored_transactions(answer: Answer, *, historic: bool) -> None:
    """What is stored is valid: it matches the document, is accepted again, and has the same fingerprint."""
    parser = TransactionParser(max_age_days=30, extra_decimals="refuse", historic=historic)
    for item in find_new(answer):
        assert item["transaction_id"]["S"] != STORED_ID
        values = {field.name: item[field.name] for field in TRANSACTION_FIELDS}
        posted = {name: next(iter(value.values())) for name, value in values.items() if "NULL" not in value}
        posted["timestamp"] = int(posted["timestamp"])
        Draft202012Validator(_DOCUMENT["components"]["schemas"]["Transaction"]).validate(posted)
        assert posted["timestamp"] <= NOW + 5 * MINUTE_MS
        assert -Decimal(posted["amount"]).normalize().as_tuple().exponent <= _PLACES.get(
            posted["currency"], 4
        )
        assert historic or posted["timestamp"] >= NOW - 30 * DAY_MS
        transaction = parser.parse(read_object(json.dumps(posted)), NOW)
        assert item["fingerprint"] == {"S": compute_fingerprint(transaction)}
        assert item["historic"] == {"BOOL": historic}
