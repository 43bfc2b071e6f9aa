"""JSON documents in two equivalent forms."""

import json
from typing import Any

from tests.engine.plugin.programs.variant import Variant


def to_json(document: Any, variant: Variant) -> str:
    """The document as JSON; the equivalent variant has other white space and another order of keys."""
    if variant is Variant.EQUIVALENT:
        return json.dumps(_reverse_keys(document), indent=2)
    return json.dumps(document)


def policy_json(*statements: dict[str, Any], variant: Variant) -> str:
    """A policy document. In the equivalent form, statements are reversed and lists of one unwrapped."""
    if variant is not Variant.EQUIVALENT:
        return to_json({"Version": "2012-10-17", "Statement": list(statements)}, variant)
    unwrapped = [
        {key: _unwrap_list(value) for key, value in statement.items()} for statement in reversed(statements)
    ]
    return to_json({"Version": "2012-10-17", "Statement": unwrapped}, variant)


def trust_policy_json(service: str, variant: Variant) -> str:
    """The trust policy of a role that a service can assume."""
    statement = {"Effect": "Allow", "Principal": {"Service": [service]}, "Action": ["sts:AssumeRole"]}
    return policy_json(statement, variant=variant)


def _reverse_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reverse_keys(item) for key, item in reversed(value.items())}
    return value


def _unwrap_list(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value
