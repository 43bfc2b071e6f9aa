"""Stack states in the format of `pulumi stack export` and `pulumi stack import`. Pure functions."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.pulumi.resource_types import PULUMI_TYPE_PREFIX
from orchestration.pulumi.urn import describe_resource

# {"version": number, "deployment": {"manifest": …, "secrets_providers": …, "resources": […]}, …}
StateDocument = Mapping[str, Any]
DIGEST_LENGTH = 8


@dataclass(frozen=True)
class StateDifference:
    """The changes from a state to an earlier one that is restored, as `name (type)` of resources."""

    restored: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.restored or self.removed or self.changed)


def convert_checkpoint(checkpoint: Mapping[str, Any]) -> StateDocument:
    """Convert the content of a stack's file in a file backend."""
    latest = (checkpoint.get("checkpoint") or {}).get("latest")
    features = {"features": checkpoint["features"]} if checkpoint.get("features") else {}
    return {"version": checkpoint["version"], **features, "deployment": latest or {}}


def is_empty(document: StateDocument) -> bool:
    """Whether the stack is new or does not exist."""
    return not (document.get("deployment") or {}).get("resources")


def list_resources(document: StateDocument) -> Sequence[Mapping[str, Any]]:
    """Return the resources without those of Pulumi: the stack, providers and stack references."""
    resources = (document.get("deployment") or {}).get("resources") or []
    return [resource for resource in resources if not resource["type"].startswith(PULUMI_TYPE_PREFIX)]


def compute_digest(document: StateDocument) -> str:
    """Return a digest that does not depend on the time at which the state was written."""
    deployment = {**document.get("deployment", {}), "manifest": None}
    text = json.dumps({**document, "deployment": deployment}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]


def compare_documents(current: StateDocument, earlier: StateDocument) -> StateDifference:
    """Return the changes that restoring `earlier` makes."""
    before, after = dict(_index_by_urn(current)), dict(_index_by_urn(earlier))
    in_both = before.keys() & after.keys()
    return StateDifference(
        restored=_describe_resources(after.keys() - before.keys()),
        removed=_describe_resources(before.keys() - after.keys()),
        changed=_describe_resources({urn for urn in in_both if before[urn] != after[urn]}),
    )


def _index_by_urn(document: StateDocument) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for resource in list_resources(document):
        # The time of the last write is not a difference.
        yield resource["urn"], {key: value for key, value in resource.items() if key != "modified"}


def _describe_resources(urns: set[str]) -> tuple[str, ...]:
    return tuple(sorted(map(describe_resource, urns)))
