"""A stack's state as `pulumi stack export` prints it and `pulumi stack import` takes it. Pure functions."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# {"version": number, "deployment": {"manifest": …, "secrets_providers": …, "resources": […]}, …}
Document = Mapping[str, Any]
DIGEST_LENGTH = 8
_OWN_TYPES = "pulumi:"


@dataclass(frozen=True)
class Difference:
    """What putting `then` in the place of `now` changes in the state, as names of resources."""

    back: tuple[str, ...]
    gone: tuple[str, ...]
    other: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.back or self.gone or self.other)


def of_checkpoint(checkpoint: Mapping[str, Any]) -> Document:
    """The document of a stack's own file in a backend of files."""
    latest = (checkpoint.get("checkpoint") or {}).get("latest")
    features = {"features": checkpoint["features"]} if checkpoint.get("features") else {}
    return {"version": checkpoint["version"], **features, "deployment": latest or {}}


def is_empty(document: Document) -> bool:
    """Whether it is of a stack that is new, or none."""
    return not (document.get("deployment") or {}).get("resources")


def resources(document: Document) -> Sequence[Mapping[str, Any]]:
    """The resources in it, without Pulumi's own notes: the stack, providers, references to stacks."""
    found = (document.get("deployment") or {}).get("resources") or []
    return [resource for resource in found if not resource["type"].startswith(_OWN_TYPES)]


def digest(document: Document) -> str:
    """The same for states that differ only in when they were written."""
    deployment = {**document.get("deployment", {}), "manifest": None}
    text = json.dumps({**document, "deployment": deployment}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]


def difference(now: Document, then: Document) -> Difference:
    """What differs, by the resources' names and types."""
    old, new = dict(_by_urn(now)), dict(_by_urn(then))
    both = old.keys() & new.keys()
    return Difference(
        back=_names(new.keys() - old.keys()),
        gone=_names(old.keys() - new.keys()),
        other=_names({urn for urn in both if old[urn] != new[urn]}),
    )


def _by_urn(document: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for resource in resources(document):
        # When it was written down is no difference.
        yield resource["urn"], {key: value for key, value in resource.items() if key != "modified"}


def _names(urns: set[str]) -> tuple[str, ...]:
    return tuple(sorted(_name(urn) for urn in urns))


def _name(urn: str) -> str:
    type_, _, name = urn.split("::", 2)[2].rpartition("::")
    return f"{name} ({type_.rpartition('$')[2]})"
