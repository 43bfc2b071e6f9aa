"""The difference of the monthly cost between the deployed resources and those of a plan.

Both sides are priced with the same transaction and the same assumptions, so the difference is that of the
settings and the resources.
"""

import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from operations.cost.declared import DeclaredEnvironment
from operations.cost.estimate import MILLION, Estimate
from operations.cost.estimator import build_estimate, process_transaction_of, read_names
from operations.cost.typical_transaction import TypicalTransaction
from orchestration.layers import LAYERS
from orchestration.planning.runner import Results
from orchestration.pulumi.results import OperationResult, ResourceInputs
from orchestration.session import EnvironmentSession
from shared.names import Names
from terminal.output import console_for_question, print_message

# A difference of less than half a dollar a month is not shown.
_MIN_USD = 0.5
_MAX_SERVICES = 4
_RETENTION = "retention_days"

PlannedLayers = Mapping[str, OperationResult]
"""The previews of layers, by name."""


@dataclass(frozen=True)
class CostDifference:
    """Two estimates for the same number of transactions."""

    before: Estimate
    after: Estimate

    @property
    def services(self) -> dict[str, float]:
        """The difference of each service in dollars a month, the largest first, without small ones."""
        before, after = (
            estimate.sum_monthly(lambda line: line.service) for estimate in (self.before, self.after)
        )
        changes = {name: after.get(name, 0) - before.get(name, 0) for name in {**before, **after}}
        shown = [(name, usd) for name, usd in changes.items() if abs(usd) >= _MIN_USD]
        return dict(sorted(shown, key=lambda entry: -abs(entry[1])))

    def __str__(self) -> str:
        before, after = self.before.usd_per_month, self.after.usd_per_month
        entries = [f"{name} {_format_change(usd)}" for name, usd in self.services.items()]
        more = [f"{len(entries) - _MAX_SERVICES} more"] if len(entries) > _MAX_SERVICES else []
        services = ", ".join([*entries[:_MAX_SERVICES], *more])
        return (
            f"Estimated cost at {self.before.per_day:,} transactions a day: ${before:,.0f} → ${after:,.0f}"
            f" a month ({_format_change(after - before)}): {services}"
        )


def print_cost_difference(
    session: EnvironmentSession, plan: Results, *, as_json: bool = False, verbose: bool = False
) -> None:
    """Print the difference that a plan makes, if any. A failure is shown with `verbose` only.

    With JSON on standard output, the line is on standard error.
    """
    layers = {result.layer.name: result.value for result in plan if result.value}
    try:
        if not changes_deployed_layers(layers.values()):
            return
        difference = compare_costs(layers, process_transaction_of(session), read_names(session))
    except Exception as error:
        # The plan is complete without the line, whatever the error is.
        if verbose:
            reason = traceback.format_exception_only(error)[-1].strip()
            print_message(f"The cost of the plan is not known: {reason}")
        return
    if difference.services:
        console_for_question(as_json=as_json).print(str(difference), markup=False)


def changes_deployed_layers(previews: Iterable[OperationResult]) -> bool:
    """Whether the plan changes layers that are deployed, and deploys no new one."""
    values = list(previews)
    return all(value.resources_before for value in values) and any(
        value.changes.any or value.changes_outputs for value in values
    )


def compare_costs(
    layers: PlannedLayers, typical: TypicalTransaction, names: Names, per_day: int = MILLION
) -> CostDifference:
    """Compare the cost of the planned layers. Layers that are not in the plan are on neither side."""
    before, after = (
        build_estimate(
            DeclaredEnvironment.from_resources(_list_resources(layers, attribute), names),
            typical,
            per_day=per_day,
            retention_days=_read_retention(layers, outputs),
        )
        for attribute, outputs in (("resources_before", "outputs_before"), ("resources", "outputs"))
    )
    return CostDifference(before, after)


def _list_resources(layers: PlannedLayers, attribute: str) -> dict[str, Iterable[ResourceInputs]]:
    return {
        layer.name: getattr(layers[layer.name], attribute).values() if layer.name in layers else ()
        for layer in LAYERS
    }


def _read_retention(layers: PlannedLayers, attribute: str) -> int:
    """The retention that the layer `data` has as an output. Without that layer, it has no effect."""
    outputs: Mapping[str, Any] = getattr(layers["data"], attribute) if "data" in layers else {}
    return int(outputs.get(_RETENTION, 0))


def _format_change(usd: float) -> str:
    return f"{'-' if usd < 0 else '+'}${abs(usd):,.0f}"
