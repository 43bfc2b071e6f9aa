from typing import Any, cast

import pytest

from functions.common.domain.transaction import TRANSACTION_FIELDS
from functions.common.http.request_schema import build_request_schema
from functions.labels.label import LABEL_FIELDS

TRANSACTION_SCHEMA: dict[str, Any] = build_request_schema("Transaction", TRANSACTION_FIELDS)
LABEL_SCHEMA: dict[str, Any] = build_request_schema("Label", LABEL_FIELDS)


def test_schema_describes_every_field_of_a_transaction() -> None:
    properties = cast(dict[str, Any], TRANSACTION_SCHEMA["properties"])
    assert list(properties) == [field.name for field in TRANSACTION_FIELDS]
    assert "ISO 4217" in properties["currency"]["description"]


def test_schema_describes_every_field_of_a_label() -> None:
    properties = cast(dict[str, Any], LABEL_SCHEMA["properties"])
    assert list(properties) == ["transaction_id", "timestamp", "label", "source", "reported_at"]
    assert properties["label"]["description"] == "one of fraud, genuine"


@pytest.mark.parametrize("schema", [TRANSACTION_SCHEMA, LABEL_SCHEMA], ids=lambda schema: schema["title"])
def test_schema_accepts_scalars_and_nothing_nested(schema: dict[str, Any]) -> None:
    rules = [schema["additionalProperties"], *schema["properties"].values()]
    assert all(set(rule["type"]) == {"string", "number", "boolean", "null"} for rule in rules)
    assert schema["type"] == "object"


@pytest.mark.parametrize("schema", [TRANSACTION_SCHEMA, LABEL_SCHEMA], ids=lambda schema: schema["title"])
def test_schema_leaves_missing_fields_to_the_function(schema: dict[str, Any]) -> None:
    assert "required" not in schema
