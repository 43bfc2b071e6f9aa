from typing import Any, cast

from functions.labels.gateway_schema import envelope_schema


def test_schema_describes_every_field_of_a_label() -> None:
    properties = cast(dict[str, Any], envelope_schema()["properties"])
    assert list(properties) == ["transaction_id", "timestamp", "label", "source", "reported_at"]
    assert properties["label"]["description"] == "one of fraud, genuine"
