"""Pulumi URNs, which have the form `urn:pulumi:<stack>::<project>::<parent type>$<type>::<name>`."""

from orchestration.pulumi.resource_types import STACK_TYPE

_SEPARATOR = "::"
_PARENT_SEPARATOR = "$"
_PARTS = 4


def parse_type(urn: str) -> str:
    """Return the type of the resource without the types of its parents; empty if `urn` is not a URN."""
    return _split_urn(urn)[2].rpartition(_PARENT_SEPARATOR)[2]


def parse_name(urn: str) -> str:
    """Return the logical name of the resource; empty if `urn` is not a URN."""
    return _split_urn(urn)[3]


def describe_resource(urn: str) -> str:
    """Return `name (type)`; empty for the stack itself, and if `urn` is not a URN."""
    resource_type = parse_type(urn)
    return f"{parse_name(urn)} ({resource_type})" if resource_type not in ("", STACK_TYPE) else ""


def _split_urn(urn: str) -> list[str]:
    # A name may contain the separator.
    parts = urn.split(_SEPARATOR, _PARTS - 1)
    return parts if len(parts) == _PARTS else [""] * _PARTS
