"""Compatibility of the contracts of neighbouring layers. Pure functions on stack outputs.

A deployed stack declares its outputs and inputs in the reserved output `shared.contracts.RESERVED`. The
outputs that this tree's program has are in its contract class. Its inputs are known only from running it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared import contract_types
from shared.contracts import RESERVED, find_output, former_names, visible_outputs
from terminal.command_line import command_line
from terminal.errors import UserError

STACK_REFERENCE = "pulumi:pulumi:StackReference"
# Key of values that the state does not store in plain form, such as secrets.
SIGNATURE = "4dabf18193072939515e22adb298388d"

Types = Mapping[str, str]
Outputs = Mapping[str, Any]


@dataclass(frozen=True)
class DeclaredContract:
    """The contract that a deployed stack declares in its outputs, with the types of `contract_types`.

    `outputs` is {field: type}, `inputs` is {layer: {field: type}}. `inputs` is None if the stack declares no
    contract; such a stack counts as a reader of every output of its upstream layers.
    """

    outputs: Types
    inputs: Mapping[str, Types] | None = None

    @classmethod
    def from_outputs(cls, stack_outputs: Outputs) -> "DeclaredContract":
        """Read the declaration; without one, the types are those of the values.

        A stack of the last release declares `gives` and `reads`, with other names of types.
        """
        declaration = stack_outputs.get(RESERVED)
        if not isinstance(declaration, Mapping):
            values = visible_outputs(stack_outputs)
            return cls({name: contract_types.value_type(value) for name, value in values.items()})
        outputs = declaration.get("outputs", declaration.get("gives"))
        inputs = declaration.get("inputs", declaration.get("reads"))
        return cls(
            _current_types(outputs or {}),
            {layer: _current_types(used) for layer, used in (inputs or {}).items()},
        )

    def inputs_from(self, layer: str, available: Types) -> Types:
        """Return the inputs from an upstream layer whose deployed outputs are `available`."""
        return available if self.inputs is None else self.inputs.get(layer, {})


@dataclass(frozen=True)
class ContractViolation:
    """An input of `consumer` with another type than the output of `producer`, or without an output."""

    producer: str
    field: str
    consumer: str
    expected: str
    actual: str | None  # None if `producer` has no such output.


@dataclass(frozen=True)
class ChangedInput:
    """A field that `consumer` reads and whose value changed since the last update of `consumer`."""

    producer: str
    field: str
    consumer: str


def find_missing_inputs(
    consumer: str, inputs: Mapping[str, Types], outputs: Mapping[str, Outputs]
) -> list[ContractViolation]:
    """Return the inputs of `consumer` that the `outputs` of the layers lack or have with another type."""
    return [
        violation
        for layer, expected in inputs.items()
        for violation in _compare_types(
            layer, DeclaredContract.from_outputs(outputs.get(layer) or {}).outputs, consumer, expected
        )
    ]


def find_broken_inputs(
    layer: str, future: Types, consumers: Mapping[str, DeclaredContract], *, current: Types | None = None
) -> list[ContractViolation]:
    """Return the inputs of deployed `consumers` that the `future` outputs of `layer` would break.

    `current` are the deployed outputs. A consumer that declares no inputs counts as a reader of all of them.
    """
    return [
        violation
        for consumer, declared in consumers.items()
        for violation in _compare_types(layer, future, consumer, declared.inputs_from(layer, current or {}))
    ]


def find_changed_inputs(
    consumer: str,
    previous: Mapping[str, Outputs],
    current: Mapping[str, Outputs],
    inputs: Mapping[str, Types],
) -> list[ChangedInput]:
    """Return the inputs of `consumer` whose values differ from those at its last update.

    `previous` (see `outputs_at_last_update`) and `current` are outputs by layer. An output counts as
    unchanged if it did not exist at the update, if its layer is not deployed now, or if it is a secret, which
    the state encrypts.
    """
    return [
        ChangedInput(layer, field, consumer)
        for layer, fields in inputs.items()
        if layer in previous and current.get(layer)
        for field in fields
        if _has_changed(layer, field, previous[layer], current[layer])
    ]


def outputs_at_last_update(
    resources: Iterable[Mapping[str, Any]], projects: Mapping[str, str]
) -> dict[str, Outputs]:
    """Return the upstream outputs that a stack read at its last update, by layer.

    `resources` are those of the exported state. `projects` maps Pulumi projects to layers.
    """
    outputs: dict[str, Outputs] = {}
    for resource in resources:
        if resource.get("type") == STACK_REFERENCE:
            reference = resource.get("outputs") or {}
            # The name is organization/project/stack.
            project = "".join(str(reference.get("name", "")).split("/")[-2:-1])
            if project in projects:
                outputs[projects[project]] = reference.get("outputs") or {}
    return outputs


def broken_inputs_error(violations: Sequence[ContractViolation]) -> UserError:
    """Return the error for a layer whose deployment or rollback would break its consumers."""
    consumers_of: dict[tuple[str, str, str | None], list[str]] = {}
    for violation in violations:
        key = (violation.field, violation.expected, violation.actual)
        consumers_of.setdefault(key, []).append(violation.consumer)
    changes = [
        (f"change {field} to {actual}" if actual else f"remove {field}")
        + f", which {' and '.join(consumers)} {'read' if consumers[1:] else 'reads'} as {expected}"
        for (field, expected, actual), consumers in consumers_of.items()
    ]
    layers = " and ".join(dict.fromkeys(violation.consumer for violation in violations))
    it = "it" if len({violation.field for violation in violations}) == 1 else "them"
    return UserError(
        f"{violations[0].producer} would {'; and '.join(changes)}.",
        f"Keep {it}, or deploy {layers} without using {it} first.",
    )


def missing_inputs_error(violations: Sequence[ContractViolation], environment: str) -> UserError:
    """Return the error for a layer whose inputs the upstream layers do not have."""
    producers = list(dict.fromkeys(violation.producer for violation in violations))
    reasons = "; ".join(
        f"{violation.field} as {violation.expected}, which {violation.producer} "
        + ("does not export" if violation.actual is None else f"exports as {violation.actual}")
        for violation in violations
    )
    return UserError(
        f"{violations[0].consumer} reads {reasons} in '{environment}'.",
        f"First deploy {' and '.join(producers)} from code that exports it:"
        f" {command_line('deploy', env=environment, layer=producers)}",
    )


def _is_secret(value: Any) -> bool:
    return isinstance(value, Mapping) and SIGNATURE in value


def _has_changed(layer: str, field: str, previous: Outputs, current: Outputs) -> bool:
    """Whether an output has another value. An output that was not seen, and a secret, count as unchanged."""
    value = find_output(layer, previous, field)
    if value is None or _is_secret(value):
        return False
    return bool(value != find_output(layer, current, field))


def _current_types(types: Types) -> Types:
    return {field: contract_types.from_legacy_name(type_name) for field, type_name in types.items()}


def _compare_types(producer: str, outputs: Types, consumer: str, expected: Types) -> list[ContractViolation]:
    """Return the expected fields that `outputs` lacks or has with another type.

    A field that an upstream of the last release exports under its former name is not missing: programs read
    either name.
    """
    former = former_names(producer)
    actual = {field: outputs.get(field, outputs.get(former.get(field, field))) for field in expected}
    return [
        ContractViolation(producer, field, consumer, type_name, actual[field])
        for field, type_name in expected.items()
        if actual[field] != type_name
    ]
