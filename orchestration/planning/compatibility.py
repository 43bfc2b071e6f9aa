"""Whether neighbouring layers fit: what one reads, against what another gives. Pure functions on outputs.

What a deployed layer gives and uses stands in its stack's outputs (`shared.contracts.RESERVED`). What this
tree's program would give is its contract's class; what it would use is known by running it, so a caller takes
that from a preview's outputs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared import contract_types
from shared.contracts import RESERVED, Contract, visible
from terminal.errors import UserError

STACK_REFERENCE = "pulumi:pulumi:StackReference"
# The key that marks what is no plain value in a stack's state, such as a secret.
SIGNATURE = "4dabf18193072939515e22adb298388d"

Types = Mapping[str, str]
Outputs = Mapping[str, Any]


@dataclass(frozen=True)
class Declared:
    """What a stack gives, `{field: type}`, and uses, `{layer: {field: type}}`; types as in contract_types.

    `reads` is None of a stack that was deployed before this was kept, or by a program without a contract: it
    may use everything that it can.
    """

    gives: Types
    reads: Mapping[str, Types] | None = None

    def uses(self, layer: str, given: Types) -> Types:
        """What it uses of a layer that gives, as it is deployed, `given`."""
        return given if self.reads is None else self.reads.get(layer, {})


@dataclass(frozen=True)
class Problem:
    """A field that `consumer` uses as `wanted`, and `producer` gives as `found`; None is not at all."""

    producer: str
    field: str
    consumer: str
    wanted: str
    found: str | None


@dataclass(frozen=True)
class Stale:
    """A field that `consumer` uses and whose value is not the one it was deployed with."""

    producer: str
    field: str
    consumer: str


def gives_of(contract: type[Contract]) -> Types:
    """What this tree's program of the contract's layer gives."""
    return contract.types()


def of_outputs(outputs: Outputs) -> Declared:
    """What a stack declares in its outputs; without that, what it gives is told by the values."""
    reserved = outputs.get(RESERVED)
    if not isinstance(reserved, Mapping):
        return Declared({name: contract_types.of_value(value) for name, value in visible(outputs).items()})
    return Declared(reserved.get("gives") or {}, reserved.get("reads") or {})


def missing(consumer: str, reads: Mapping[str, Types], outputs: Mapping[str, Outputs]) -> list[Problem]:
    """What `consumer` uses and the layers' `outputs`, by layer, lack or have in another type."""
    return [
        problem
        for layer, wanted in reads.items()
        for problem in _unfit(layer, of_outputs(outputs.get(layer) or {}).gives, consumer, wanted)
    ]


def broken(
    layer: str, gives: Types, consumers: Mapping[str, Declared], *, given: Types | None = None
) -> list[Problem]:
    """What deployed `consumers` use of `layer` and it would no longer give, or in another type.

    `given` is what the deployed layer gives: all of it counts as used by a consumer that does not tell.
    """
    return [
        problem
        for consumer, declared in consumers.items()
        for problem in _unfit(layer, gives, consumer, declared.uses(layer, given or {}))
    ]


def stale(
    consumer: str, seen: Mapping[str, Outputs], current: Mapping[str, Outputs], reads: Mapping[str, Types]
) -> list[Stale]:
    """The fields that `consumer` uses and whose values are others than at its last update.

    `seen` is what it saw then (`seen_outputs`), `current` what the layers give now, both by layer. What it
    has not seen, or a layer that is gone, has not changed; nor has a secret, which the state encrypts.
    """
    return [
        Stale(layer, field, consumer)
        for layer, used in reads.items()
        if layer in seen and current.get(layer)
        for field in used
        if field in seen[layer] and not _is_secret(seen[layer][field])
        if seen[layer][field] != current[layer].get(field)
    ]


def seen_outputs(resources: Iterable[Mapping[str, Any]], projects: Mapping[str, str]) -> dict[str, Outputs]:
    """The outputs of others that a stack saw at its last update, by layer.

    `resources` are those of its exported state; `projects` maps the layers' Pulumi projects to their names.
    """
    found: dict[str, Outputs] = {}
    for resource in resources:
        if resource.get("type") == STACK_REFERENCE:
            outputs = resource.get("outputs") or {}
            # organization/project/stack
            project = str(outputs.get("name", "")).split("/")[-2:-1]
            if project and project[0] in projects:
                found[projects[project[0]]] = outputs.get("outputs") or {}
    return found


def refusal_of_broken(problems: Sequence[Problem]) -> UserError:
    """Why a layer is not deployed, or rolled back, that would break those that read it."""
    users: dict[tuple[str, str, str | None], list[str]] = {}
    for one in problems:
        users.setdefault((one.field, one.wanted, one.found), []).append(one.consumer)
    reasons = [
        (f"give {field} as {found}" if found else f"no longer give {field}")
        + f", which {' and '.join(by)} {'use' if by[1:] else 'uses'} as {wanted}"
        for (field, wanted, found), by in users.items()
    ]
    consumers = " and ".join(dict.fromkeys(problem.consumer for problem in problems))
    it = "it" if len({problem.field for problem in problems}) == 1 else "them"
    return UserError(
        f"{problems[0].producer} would {'; '.join(reasons)}.",
        f"Keep {it}, or first deploy {consumers} without using {it}.",
    )


def refusal_of_missing(problems: Sequence[Problem], environment: str) -> UserError:
    """Why a layer is not deployed, or rolled back, that the deployed layers do not give what it reads."""
    producers = list(dict.fromkeys(problem.producer for problem in problems))
    reasons = "; ".join(
        f"{one.field} as {one.wanted}, which {one.producer} "
        + ("does not give" if one.found is None else f"gives as {one.found}")
        for one in problems
    )
    layers = " ".join(f"--layer {producer}" for producer in producers)
    return UserError(
        f"{problems[0].consumer} uses {reasons} in '{environment}'.",
        f"First deploy {' and '.join(producers)} from code that gives it:"
        f" invoke deploy --env {environment} {layers}",
    )


def _is_secret(value: Any) -> bool:
    return isinstance(value, Mapping) and SIGNATURE in value


def _unfit(producer: str, gives: Types, consumer: str, wanted: Types) -> list[Problem]:
    return [
        Problem(producer, field, consumer, words, gives.get(field))
        for field, words in wanted.items()
        if gives.get(field) != words
    ]
