"""What the layers of one plan wait for from each other: a preview reads what others give now, not then."""

from collections.abc import Iterable, Mapping, Sequence

from orchestration.planning.compatibility import of_outputs
from orchestration.planning.scheduler import Report
from orchestration.pulumi.results import Outcome


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
