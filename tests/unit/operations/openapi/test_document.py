"""The OpenAPI document is valid, and agrees with the models, API Gateway's schemas and its own examples."""

import json
import re
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from functions.api.transaction_parser import TransactionParser
from functions.common.domain.transaction import Transaction
from functions.common.http.body import read_object
from functions.labels.label import Label
from functions.labels.post_label import parse_label
from operations.openapi import examples
from operations.openapi.document import generate_openapi_document
from stacks.edge.responses import RESPONSES
from stacks.edge.routes import HISTORIC, LABELS, ROUTES, TRANSACTIONS, TRANSACTIONS_BATCH

DOCUMENT: dict[str, Any] = json.loads(generate_openapi_document())
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
OPERATIONS: dict[str, Any] = {path: item["post"] for path, item in DOCUMENT["paths"].items()}
NOW = 1_767_225_600_000


def _find_errors(schema: dict[str, Any], value: object) -> list[str]:
    validator = Draft202012Validator({**schema, "components": DOCUMENT["components"]})
    return [error.message for error in validator.iter_errors(value)]


def test_document_is_valid() -> None:
    validate(DOCUMENT)


def test_document_has_each_route_once() -> None:
    assert set(OPERATIONS) == {f"/{route.path}" for route in ROUTES}
    assert len({operation["operationId"] for operation in OPERATIONS.values()}) == len(ROUTES)


def test_every_route_needs_a_signature() -> None:
    assert DOCUMENT["security"] == [{"sigv4": []}]
    assert not [path for path, operation in OPERATIONS.items() if "security" in operation]


@pytest.mark.parametrize("route", [TRANSACTIONS, LABELS], ids=lambda route: route.path)
def test_gateway_admits_what_the_document_describes(route: Any) -> None:
    content = OPERATIONS[f"/{route.path}"]["requestBody"]["content"]["application/json"]
    described = SCHEMAS[content["schema"]["$ref"].rpartition("/")[2]]["properties"]
    assert list(described) == list(route.schema["properties"])
    for name, field in described.items():
        types = {part["type"] for part in field.get("anyOf", [field])}
        # JSON Schema has integers among its numbers.
        assert types <= {*route.schema["properties"][name]["type"], "integer"}


@pytest.mark.parametrize("route", [TRANSACTIONS_BATCH, HISTORIC], ids=lambda route: route.path)
def test_gateway_and_document_agree_on_the_envelope_of_a_batch(route: Any) -> None:
    described = SCHEMAS["Batch"]["properties"]["transactions"] | {"items": {"type": "object"}}
    assert described == route.schema["properties"]["transactions"]
    for name in ("type", "required", "additionalProperties"):
        assert SCHEMAS["Batch"][name] == route.schema[name]


def test_every_response_of_the_gateway_is_documented() -> None:
    for operation in OPERATIONS.values():
        for response in RESPONSES:
            if response.status and response.type != "RESOURCE_NOT_FOUND":
                assert str(response.status) in operation["responses"], response.type


def test_responses_to_repeat_have_retry_after() -> None:
    for operation in OPERATIONS.values():
        assert all("Retry-After" in operation["responses"][status]["headers"] for status in ("429", "503"))


@pytest.mark.parametrize("path", OPERATIONS)
def test_examples_match_their_schemas(path: str) -> None:
    operation = OPERATIONS[path]
    for status, response in operation["responses"].items():
        for content in response["content"].values():
            values = [example["value"] for example in content.get("examples", {}).values()]
            for value in [*values, *([content["example"]] if "example" in content else [])]:
                assert _find_errors(content["schema"], value) == []
                assert str(value.get("status", status)) == status or status in ("200", "201", "4XX")


def test_examples_of_requests_are_accepted() -> None:
    parser = TransactionParser(max_age_days=30, extra_decimals="refuse")
    assert parser.parse(read_object(json.dumps(examples.TRANSACTION)), NOW)
    assert parse_label(json.dumps(examples.LABEL), NOW)
    assert _find_errors(SCHEMAS["Transaction"], examples.TRANSACTION) == []
    assert _find_errors(SCHEMAS["Label"], examples.LABEL) == []


@pytest.mark.parametrize("model", [Transaction, Label])
def test_patterns_accept_the_texts_that_the_model_accepts(model: type[msgspec.Struct]) -> None:
    # Not "a\n": $ matches before it in Python, but not in ECMA 262.
    texts = [
        "a",
        "a b",
        "A-_9",
        "\u00e9",
        "\U0001f4a3",
        "\n",
        "\nb",
        "\x00",
        "\x7f",
        "\x85",
        "\ufffe",
        "\u2028",
        "",
    ]
    texts += ["x" * 64, "x" * 65, "x" * 128, "x" * 129, "fraud", "atm"]
    for field in msgspec.structs.fields(model):
        schema = SCHEMAS[model.__name__]["properties"][field.name]
        if field.name in ("amount", "currency", "country"):
            continue
        for text in texts:
            assert _accepts(field.type, text) == (_find_errors(schema, text) == []), (field.name, text)


def _accepts(field_type: Any, text: str) -> bool:
    try:
        msgspec.convert(text, field_type)
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("amount", "valid"),
    [
        *((0, False), (-1, False), (1, True), (12.5, True), ("12.50", True), (10**12, False), ("1e3", False)),
        *(("", False), (None, False), (True, False), ("999999999999.9999", True), ("1.00000", False)),
    ],
)
def test_amounts_are_described_as_they_are_parsed(amount: object, valid: bool) -> None:
    assert (_find_errors(SCHEMAS["Transaction"]["properties"]["amount"], amount) == []) == valid


def test_patterns_are_those_of_ecma_262() -> None:
    patterns = re.findall(r'"pattern": "(.*)"', generate_openapi_document())
    assert patterns
    assert all(
        pattern.isascii() and pattern.startswith("^") and pattern.endswith("$") for pattern in patterns
    )
    assert not [pattern for pattern in patterns if r"\\A" in pattern or r"\\Z" in pattern]
