"""JSON documents in two spellings that mean the same to AWS."""

import json
from typing import Any

from tests.engine.plugin.programs.variant import Variant


def spelled(document: Any, variant: Variant) -> str:
    """The document as JSON; the second time with other white space and another order of its keys."""
    if variant is Variant.AGAIN:
        return json.dumps(_reversed(document), indent=2)
    return json.dumps(document)


def policy(*statements: dict[str, Any], variant: Variant) -> str:
    """A policy document; the second time with its statements in another order and lists of one unwrapped."""
    if variant is not Variant.AGAIN:
        return spelled({"Version": "2012-10-17", "Statement": list(statements)}, variant)
    unwrapped = [{key: _unwrapped(value) for key, value in one.items()} for one in reversed(statements)]
    return spelled({"Version": "2012-10-17", "Statement": unwrapped}, variant)


def trust(service: str, variant: Variant) -> str:
    """A role's trust in a service."""
    who = {"Service": [service]}
    return policy({"Effect": "Allow", "Principal": who, "Action": ["sts:AssumeRole"]}, variant=variant)


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(item) for key, item in reversed(value.items())}
    return value


def _unwrapped(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value
