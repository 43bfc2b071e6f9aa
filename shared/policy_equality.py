"""When two IAM policies mean the same: neither the order of statements and lists counts, nor lists of one."""

import json
from typing import Any

_AS_SETS = ("Action", "NotAction", "Resource", "NotResource")


def canonical_policy(document: Any) -> Any:
    """A parsed policy document in a form that is equal for documents IAM treats alike."""
    if not isinstance(document, dict):
        return document
    statements = [_statement(statement) for statement in _as_list(document.get("Statement", []))]
    return {**document, "Statement": sorted(statements, key=_key)}


def _statement(statement: Any) -> Any:
    if not isinstance(statement, dict):
        return statement
    result = dict(statement)
    for name in _AS_SETS:
        if name in result:
            result[name] = _as_set(result[name])
    for name in ("Principal", "NotPrincipal"):
        if name in result:
            principal = {"AWS": "*"} if result[name] == "*" else result[name]
            result[name] = {kind: _as_set(values) for kind, values in principal.items()}
    if "Condition" in result:
        result["Condition"] = {
            operator: {key: _as_set(values) for key, values in tests.items()}
            for operator, tests in result["Condition"].items()
        }
    return {name: value for name, value in result.items() if value not in ("", [], {})}


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _as_set(value: Any) -> list[Any]:
    # Booleans and numbers in conditions are texts to IAM: true is "true".
    texts = [item if isinstance(item, str) else json.dumps(item) for item in _as_list(value)]
    return sorted(set(texts))


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
