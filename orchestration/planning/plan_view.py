"""Showing what a deployment would do, before the question: what loses something first, and in words."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pulumi.runtime.rpc import UNKNOWN
from rich.console import Console
from rich.text import Text

from orchestration.planning.compatibility import of_outputs
from orchestration.planning.network_interfaces import delay_notice
from orchestration.planning.scheduler import Fate, Report
from orchestration.pulumi.results import Outcome, Step
from orchestration.pulumi.stateful_types import STATEFUL_TYPES
from shared import contracts
from terminal.output import console


def awaited(plan: Iterable[Report[Outcome]]) -> Mapping[str, Sequence[str]]:
    """What each layer of a plan uses and another of its layers would change, as `layer.field` by layer.

    So more may happen to it than its preview says. What comes anew has placeholders, and is not among them.
    """
    outcomes = {report.layer: report.result for report in plan if report.result}
    found: dict[str, list[str]] = {}
    for layer, outcome in outcomes.items():
        reads = of_outputs(outcome.outputs)
        for other, changing in outcomes.items():
            if other.name in layer.depends_on:
                now, then = changing.before, changing.outputs
                used = reads.uses(other.name, of_outputs(now).gives)
                fields = [name for name in used if name in now and now[name] != then.get(name)]
                found.setdefault(layer.name, []).extend(f"{other.name}.{name}" for name in fields)
    return {name: fields for name, fields in found.items() if fields}


_SIGNS = {
    "create": ("+", "green"),
    "update": ("~", "yellow"),
    "replace": ("±", "bold red"),
    "delete": ("-", "red"),
}
_ORDER = ("replace", "delete", "update", "create")
_PAST = {"replace": "replaced", "delete": "deleted"}
MAX_PROPERTIES = 6


@dataclass(frozen=True)
class Loss:
    """A stateful resource that would be replaced or deleted."""

    layer: str
    step: Step

    @property
    def sentence(self) -> str:
        """What would happen, and what is lost with it."""
        because = f" (changed: {', '.join(self.step.properties)})" if self.step.properties else ""
        done = _PAST[self.step.operation]
        loss = STATEFUL_TYPES[self.step.type]
        return f"{self.layer}: {self.step.resource} would be {done}{because}: {loss}."


def losses(reports: Iterable[Report[Outcome]]) -> list[Loss]:
    """What would be replaced or deleted although it holds something."""
    return [
        Loss(report.layer.name, step)
        for report in reports
        for step in (report.result.steps if report.result else ())
        if step.operation in _PAST and step.type in STATEFUL_TYPES
    ]


def show(
    reports: Sequence[Report[Outcome]], title: str, output: Console = console, *, in_account: bool = True
) -> None:
    """Print what each layer would do to which resources. The caller prints failures.

    In an account, as opposed to the embedded AWS, some changes take long: those are named.
    """
    output.print(Text(title, style="bold"))
    for loss in losses(reports):
        output.print(Text(f"  ! {loss.sentence}", style="bold red"))
    steps = [step for report in reports if report.result for step in report.result.steps]
    if in_account and (notice := delay_notice(steps)):
        output.print(Text(f"  ! {notice}", style="bold yellow"))
    waits = awaited(reports)
    for report in reports:
        for line in _lines(report, waits.get(report.layer.name, ())):
            output.print(line)


def _lines(report: Report[Outcome], awaited_fields: Sequence[str]) -> Iterable[Text]:
    name = f"  {report.layer.name}"
    if report.fate is not Fate.DONE or report.result is None:
        yield Text.assemble((name, "bold"), f"  {report.fate}{': ' + report.reason if report.reason else ''}")
        return
    outcome = report.result
    yield Text.assemble((name, "bold"), f"  {_counts(outcome)}")
    if outcome.placeholders:
        missing = ", ".join(sorted(outcome.placeholders))
        yield Text(
            f"    PLACEHOLDERS stand in for the outputs of {missing}, not deployed yet: this is a guess.",
            style="bold yellow",
        )
    if awaited_fields:
        yield Text(
            f"    It reads {', '.join(awaited_fields)}, which changes with the same deployment:"
            " more may change.",
            style="bold yellow",
        )
    for step in sorted(outcome.steps, key=lambda step: (_ORDER.index(step.operation), step.type, step.name)):
        yield _line(step)
    for sentence in _outputs(outcome):
        yield Text(sentence)


def _counts(outcome: Outcome) -> str:
    counts = outcome.changes.as_dict()
    found = [f"{counts[name]} to {name}" for name in _ORDER if counts[name]]
    return ", ".join(found) or ("only outputs change" if list(_outputs(outcome)) else "no change")


def _outputs(outcome: Outcome) -> Iterator[str]:
    """The outputs that would be others than they are; none of a stack that has none yet."""
    now, then = contracts.visible(outcome.outputs), contracts.visible(outcome.before)
    for name in sorted({*now, *then}) if then else ():
        if now.get(name) != then.get(name):
            # Nobody knows yet whether what AWS will say is what it said before.
            change = "may change" if UNKNOWN in json.dumps(now.get(name)) else "would change"
            change = "would go" if name not in now else "would come" if name not in then else change
            yield f"    output {name} {change}"


def _line(step: Step) -> Text:
    sign, style = _SIGNS[step.operation]
    shown = list(step.properties[:MAX_PROPERTIES])
    if len(step.properties) > MAX_PROPERTIES:
        shown.append(f"{len(step.properties) - MAX_PROPERTIES} more")
    properties = f"  {', '.join(shown)}" if shown else ""
    return Text.assemble(f"    {sign} ", (f"{step.operation:<8}", style), step.resource, (properties, "dim"))
