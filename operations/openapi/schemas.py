"""JSON schemas of the models that clients post and receive, for the OpenAPI document."""

import re
from typing import Any

import msgspec

from functions.api.post_batch import BatchResponse
from functions.api.post_transaction import TransactionResponse
from functions.common.domain.transaction import MAX_FRACTION_DIGITS, MAX_WHOLE_DIGITS, Transaction
from functions.common.http.batch_schema import BATCH_FIELD, build_batch_schema
from functions.common.http.problem import Problem
from functions.labels.label import Label, LabelResponse

BATCH = "Batch"
_MODELS = (Transaction, TransactionResponse, BatchResponse, Label, LabelResponse, Problem)
_REFERENCE = "#/components/schemas/{name}"

_AMOUNT = [
    {
        "type": "number",
        "exclusiveMinimum": 0,
        "exclusiveMaximum": 10**MAX_WHOLE_DIGITS,
    },
    {"type": "string", "pattern": rf"^[0-9]{{1,{MAX_WHOLE_DIGITS}}}(\.[0-9]{{1,{MAX_FRACTION_DIGITS}}})?$"},
]


def build_schemas() -> dict[str, Any]:
    """The schemas by the name of the model, in the JSON Schema dialect of OpenAPI 3.1."""
    _, schemas = msgspec.json.schema_components(_MODELS, ref_template=_REFERENCE)
    translated = {name: _translate(schema) for name, schema in schemas.items()}
    return {**translated, BATCH: _build_batch_schema()}


def refer_to(name: str) -> dict[str, str]:
    """A reference to a schema."""
    return {"$ref": _REFERENCE.format(name=name)}


def _build_batch_schema() -> dict[str, Any]:
    """The envelope that API Gateway checks, with the schema of its entries."""
    schema: Any = build_batch_schema(BATCH)
    del schema["$schema"]
    schema["properties"][BATCH_FIELD]["items"] = refer_to(Transaction.__name__)
    return {**schema, "description": "Transactions, which are stored and answered one by one."}


def _translate(schema: Any) -> Any:
    """Replace what depends on Python in a schema of msgspec."""
    if isinstance(schema, list):
        return [_translate(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    translated = {name: _translate(part) for name, part in schema.items()}
    if isinstance(schema.get("description"), str):
        translated["description"] = " ".join(schema["description"].split())
    if isinstance(schema.get("pattern"), str):
        translated["pattern"] = _translate_pattern(schema["pattern"])
    if isinstance(schema.get("enum"), list):
        translated["type"] = "string"
    if schema.get("format") == "decimal":
        return {"description": translated["description"], "anyOf": _AMOUNT}
    # The default of an optional field is null, which its type has already.
    return {name: part for name, part in translated.items() if name != "default"}


def _translate_pattern(pattern: str) -> str:
    r"""A pattern as in ECMA 262: without \A and \Z, and with escapes for characters that cannot be printed.

    A lone surrogate is no character there.
    """
    text = pattern.replace(r"\A", "^").replace(r"\Z", "$").replace("\ud800-\udfff", "")
    return re.sub(r"[^ -~]", lambda match: f"\\u{ord(match[0]):04x}", text)
