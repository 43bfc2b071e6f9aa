"""View of a plan: losses of data first, then the changes of each layer, its resources and its outputs."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec
from pulumi.runtime.rpc import UNKNOWN
from rich.console import Console
from rich.text import Text

from orchestration.planning.contracts import inputs_changed_by_plan
from orchestration.planning.network_interfaces import delay_notice
from orchestration.planning.scheduler import LayerResult, ResultStatus
from orchestration.pulumi.property_diff import PropertyChange, format_change
from orchestration.pulumi.resource_types import STATEFUL_TYPES
from orchestration.pulumi.results import OperationResult, Step
from shared import contracts
from terminal.output import console

MAX_PROPERTIES = 6
MAX_VALUE_LENGTH = 40

_SIGNS = {
    "create": ("+", "green"),
    "update": ("~", "yellow"),
    "replace": ("±", "bold red"),
    "delete": ("-", "red"),
}
_ORDER = ("replace", "delete", "update", "create")
_PARTICIPLES = {"replace": "replaced", "delete": "deleted"}


@dataclass(frozen=True)
class Loss:
    """Replacement or deletion of a resource that holds data."""

    layer: str
    step: Step

    @property
    def sentence(self) -> str:
        reason = f" (changed: {', '.join(self.step.properties)})" if self.step.properties else ""
        participle = _PARTICIPLES[self.step.operation]
        loss = STATEFUL_TYPES[self.step.type]
        return f"{self.layer}: {self.step.resource} would be {participle}{reason}: {loss}."


def find_losses(plan: Iterable[LayerResult[OperationResult]]) -> list[Loss]:
    """Return the replacements and deletions of resources that hold data."""
    return [
        Loss(result.layer.name, step)
        for result in plan
        for step in (result.value.steps if result.value else ())
        if step.operation in _PARTICIPLES and step.type in STATEFUL_TYPES
    ]


def print_plan(
    plan: Sequence[LayerResult[OperationResult]],
    title: str,
    output: Console = console,
    *,
    in_account: bool = True,
    with_steps: bool = True,
) -> None:
    """Print the changes of each layer, and one line for a failed layer. The caller prints the complete error.

    `in_account` adds a notice about changes that take a long time in an AWS account. Without steps, resources
    are only counted.
    """
    output.print(Text(title, style="bold"))
    for loss in find_losses(plan):
        output.print(Text(f"  ! {loss.sentence}", style="bold red"))
    steps = [step for result in plan if result.value for step in result.value.steps]
    if in_account and (notice := delay_notice(steps)):
        output.print(Text(f"  ! {notice}", style="bold yellow"))
    changed_inputs = inputs_changed_by_plan(plan)
    for result in plan:
        output.print(_format_summary(result))
        if result.status is ResultStatus.DONE and result.value:
            for line in _format_warnings(result.value, changed_inputs.get(result.layer.name, ())):
                output.print(line)
            for line in _format_changes(result.value) if with_steps else ():
                output.print(line)


def _format_summary(result: LayerResult[OperationResult]) -> Text:
    name = (f"  {result.layer.name}", "bold")
    if result.status is not ResultStatus.DONE or result.value is None:
        reason = f": {result.reason}" if result.reason else ""
        return Text.assemble(name, f"  {result.status}{reason}")
    counts = msgspec.to_builtins(result.value.changes)
    changes = [f"{counts[operation]} to {operation}" for operation in _ORDER if counts[operation]]
    unchanged = "only outputs change" if any(_format_outputs(result.value)) else "no change"
    return Text.assemble(name, f"  {', '.join(changes) or unchanged}")


def _format_warnings(value: OperationResult, changed_inputs: Sequence[str]) -> Iterator[Text]:
    if value.placeholders:
        names = ", ".join(sorted(value.placeholders))
        yield Text(
            f"    PLACEHOLDERS replace {names}, which are not deployed yet. The deployment may differ.",
            style="bold yellow",
        )
    if changed_inputs:
        yield Text(
            f"    Reads {', '.join(changed_inputs)}, which this deployment changes: more may change.",
            style="bold yellow",
        )


def _format_changes(value: OperationResult) -> Iterator[Text]:
    for step in sorted(value.steps, key=lambda step: (_ORDER.index(step.operation), step.type, step.name)):
        yield from _format_step(step)
    for sentence in _format_outputs(value):
        yield Text(sentence)


def _format_step(step: Step) -> Iterator[Text]:
    sign, style = _SIGNS[step.operation]
    changes = [change for change in step.changes if _is_scalar(change)][:MAX_PROPERTIES]
    names = [name for name in step.properties if not any(_is_part(change.path, name) for change in changes)]
    more = [f"{len(names) - MAX_PROPERTIES} more"] if len(names) > MAX_PROPERTIES else []
    listed = ", ".join([*names[:MAX_PROPERTIES], *more])
    yield Text.assemble(
        f"    {sign} ",
        (f"{step.operation:<8}", style),
        step.resource,
        (f"  {listed}" if listed else "", "dim"),
    )
    for change in changes:
        yield Text.assemble("        ", (change.path, "cyan"), f"  {format_change(change, MAX_VALUE_LENGTH)}")


def _is_scalar(change: PropertyChange) -> bool:
    return not isinstance(change.before, dict | list) and not isinstance(change.after, dict | list)


def _is_part(path: str, name: str) -> bool:
    """Return True if `path` is the property `name` or a value inside it."""
    return path == name or path.startswith((f"{name}.", f"{name}["))


def _format_outputs(value: OperationResult) -> Iterator[str]:
    """Describe the outputs that change; none for a new stack."""
    after = contracts.visible_outputs(value.outputs)
    before = contracts.visible_outputs(value.outputs_before)
    for name in sorted({*after, *before}) if before else ():
        if after.get(name) == before.get(name):
            continue
        if name not in after:
            change = "would be removed"
        elif name not in before:
            change = "would be added"
        else:
            # A value that AWS determines may turn out to be the same.
            change = "may change" if UNKNOWN in json.dumps(after[name]) else "would change"
            values = PropertyChange(name, before[name], after[name])
            if change == "would change" and _is_scalar(values):
                change += f"  {format_change(values, MAX_VALUE_LENGTH)}"
        yield f"    output {name} {change}"
