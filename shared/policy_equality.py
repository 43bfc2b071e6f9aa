"""Comparison of IAM policies, independent of the order of statements and lists."""

import json
from typing import Any

_UNORDERED_ELEMENTS = ("Action", "NotAction", "Resource", "NotResource")


def canonical_policy(document: Any) -> Any:
    """A form of a parsed policy document that is equal for documents with the same effect."""
    if not isinstance(document, dict):
        return document
    statements = [_canonical_statement(statement) for statement in _as_list(document.get("Statement", []))]
    return {**document, "Statement": sorted(statements, key=_sort_key)}


def _canonical_statement(statement: Any) -> Any:
    if not isinstance(statement, dict):
        return statement
    result = dict(statement)
    for name in _UNORDERED_ELEMENTS:
        if name in result:
            result[name] = _as_sorted_strings(result[name])
    for name in ("Principal", "NotPrincipal"):
        if name in result:
            principal = {"AWS": "*"} if result[name] == "*" else result[name]
            result[name] = {kind: _as_sorted_strings(values) for kind, values in principal.items()}
    if "Condition" in result:
        result["Condition"] = {
            operator: {key: _as_sorted_strings(values) for key, values in tests.items()}
            for operator, tests in result["Condition"].items()
        }
    return {name: value for name, value in result.items() if value not in ("", [], {})}


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _as_sorted_strings(value: Any) -> list[Any]:
    # IAM treats booleans and numbers in conditions as strings: true equals "true".
    strings = [item if isinstance(item, str) else json.dumps(item) for item in _as_list(value)]
    return sorted(set(strings))


def _sort_key(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
