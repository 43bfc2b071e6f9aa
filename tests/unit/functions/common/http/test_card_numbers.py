"""Card numbers are refused at the door: the error names the field and repeats nothing."""

import io
import json
from typing import Any

import pytest

from functions.api.transaction_parser import TransactionParser
from functions.common.domain.transaction import TRANSACTION_FIELDS
from functions.common.http.body import read_object
from functions.common.http.problem import Problem, ProblemError
from functions.common.runtime.telemetry import Telemetry
from functions.labels.label import LABEL_FIELDS
from functions.labels.post_label import create_endpoint, parse_label
from tests.unit.functions.builders import NOW, posted, request
from tests.unit.functions.labels.test_post_label import FakeLabelStore

NUMBERS = ["4111111111111111", "4111-1111-1111-1111", "3782 822463 10005", "ref 5555.5555.5555.4444 x"]
PARSER = TransactionParser(max_age_days=30, extra_decimals="accept")


def _refuse(**changes: Any) -> Problem:
    with pytest.raises(ProblemError) as raised:
        PARSER.parse(read_object(json.dumps(posted(**changes))), NOW)
    return raised.value.problem


def _assert_not_repeated(text: str) -> None:
    assert not [number for number in NUMBERS if number in text]
    assert "4111111111111111" not in "".join(filter(str.isdigit, text))


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("field", [field.name for field in TRANSACTION_FIELDS])
def test_card_number_in_a_field_of_a_transaction_is_refused(field: str, number: str) -> None:
    problem = _refuse(**{"type": "refund", "original_transaction_id": "t-1", field: number})
    assert problem.status == 400
    assert [error.field for error in problem.errors] == [field]
    _assert_not_repeated(f"{problem}")


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("field", [field.name for field in LABEL_FIELDS])
def test_card_number_in_a_field_of_a_label_is_refused(field: str, number: str) -> None:
    log = io.StringIO()
    endpoint = create_endpoint(FakeLabelStore(), Telemetry("labels", log), lambda: NOW)
    response = endpoint.respond(request({"transaction_id": "tx-1", "label": "fraud", field: number}))
    assert response["statusCode"] == 400
    assert [error["field"] for error in json.loads(response["body"])["errors"]] == [field]
    _assert_not_repeated(response["body"] + log.getvalue())


@pytest.mark.parametrize("number", NUMBERS)
def test_card_number_as_the_name_of_a_field_is_not_repeated(number: str) -> None:
    problem = _refuse(**{number: 1, "x" * 60 + number: 1})
    assert len(problem.errors) == 2
    _assert_not_repeated(f"{problem}")
    assert "411111" not in f"{problem}"


def test_card_number_as_a_json_number_is_not_repeated() -> None:
    _assert_not_repeated(f"{_refuse(account_id=4111111111111111, colour=4111111111111111)}")


def test_reason_differs_from_that_of_another_invalid_value() -> None:
    (card,) = _refuse(device_id="4111111111111111").errors
    (control,) = _refuse(device_id="a\n").errors
    assert card.detail != control.detail


def test_amount_with_many_digits_is_no_card_number() -> None:
    # Its digits pass the check.
    assert PARSER.parse(read_object(json.dumps(posted(amount="411111111111.1111"))), NOW)


def test_label_of_an_ordinary_id_is_accepted() -> None:
    assert parse_label('{"transaction_id": "tx-1780000000000", "label": "fraud"}', NOW)
