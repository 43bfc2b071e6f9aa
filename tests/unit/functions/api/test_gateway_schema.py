from typing import Any, cast

from functions.api.gateway_schema import envelope_schema
from functions.common.domain.transaction import FIELDS


def test_schema_describes_every_field_of_the_model() -> None:
    properties = cast(dict[str, Any], envelope_schema()["properties"])
    assert list(properties) == [field.name for field in FIELDS]
    assert "ISO 4217" in properties["currency"]["description"]


def test_schema_lets_scalars_pass_and_nothing_nested() -> None:
    schema: dict[str, Any] = envelope_schema()
    allowed = [schema["additionalProperties"], *schema["properties"].values()]
    assert all(set(rule["type"]) == {"string", "number", "boolean", "null"} for rule in allowed)
    assert schema["type"] == "object"


def test_schema_leaves_missing_fields_for_the_function_to_name() -> None:
    assert "required" not in envelope_schema()
