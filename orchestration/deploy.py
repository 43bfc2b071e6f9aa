"""Deploying, previewing and destroying layers: in which order, after which questions, what is said then."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from orchestration import summary
from orchestration.console import console, fail, print_json, say
from orchestration.engine import Outcome
from orchestration.environments import Environment
from orchestration.errors import UserError
from orchestration.failures import MissingUpstreamError
from orchestration.layers import LAYERS, Layer, dependants
from orchestration.schedule import Fate, Report, in_waves

Confirm = Callable[[str], None]
Act = Callable[[Layer], Outcome]
WaitsFor = Callable[[Layer], Sequence[str]]


class LayerEngine(Protocol):
    """What this needs of the engine."""

    def up(self, layer: Layer) -> Outcome: ...
    def preview(self, layer: Layer) -> Outcome: ...
    def destroy(self, layer: Layer) -> Outcome: ...
    def check_upstream(self, layer: Layer, deployed: set[str]) -> None: ...
    def protected(self, layer: Layer) -> Sequence[str]: ...
    def is_deployed(self, layer: Layer) -> bool: ...
    def interrupt(self) -> None: ...


class Deployer:
    """Acts on the layers of one environment and says at the end what became of each.

    `confirm` raises `UserError` if the user does not agree; every method does if a layer failed. The engine
    acts within `progress`.
    """

    def __init__(
        self,
        environment: Environment,
        engine: LayerEngine,
        confirm: Confirm,
        *,
        progress: AbstractContextManager[object] | None = None,
        as_json: bool = False,
        all_layers: Sequence[Layer] = LAYERS,
    ) -> None:
        self._environment = environment
        self._engine = engine
        self._confirm = confirm
        self._progress = progress or nullcontext()
        self._as_json = as_json
        self._all_layers = all_layers

    def deploy(self, layers: Sequence[Layer]) -> list[Report[Outcome]]:
        """Deploy the layers; in an account after showing what would change and asking."""
        where = f"'{self._environment.name}'"
        if not self._environment.is_local:
            plan = self._previewed(layers)
            if not self._as_json:
                console.print(summary.as_table(plan, f"Would change in {where}"))
            self._stop_if_failed(plan, "Nothing was changed")
            self._confirm(f"Deploy {_names(layers)} to {where}?")
        done: set[str] = set()

        def up(layer: Layer) -> Outcome:
            self._engine.check_upstream(layer, done)
            outcome = self._engine.up(layer)
            done.add(layer.name)
            return outcome

        reports = self._in_waves(layers, up)
        self._show(reports, f"Deployed to {where}")
        self._stop_if_failed(reports, "Not deployed")
        return reports

    def preview(self, layers: Sequence[Layer]) -> list[Report[Outcome]]:
        """Show what deploying the layers would change."""
        reports = self._previewed(layers)
        self._show(reports, f"Would change in '{self._environment.name}'")
        self._stop_if_failed(reports, "Not previewed")
        return reports

    def destroy(self, layers: Sequence[Layer]) -> list[Report[Outcome]]:
        """Delete the layers' resources, consumers first; refuses what is protected or still read."""
        self._refuse_what_others_read(layers)
        self._refuse_protected(layers)
        where = f"'{self._environment.name}'"
        self._confirm(f"Delete every resource of {_names(layers)} in {where}?")

        def consumers(layer: Layer) -> Sequence[str]:
            return [other.name for other in dependants(layer, self._all_layers)]

        reversed_layers = list(reversed(layers))
        reports = self._in_waves(reversed_layers, self._engine.destroy, consumers)
        self._show(reports, f"Destroyed in {where}")
        self._stop_if_failed(reports, "Not destroyed")
        return reports

    def _in_waves(
        self, layers: Sequence[Layer], act: Act, waits_for: WaitsFor = lambda layer: layer.depends_on
    ) -> list[Report[Outcome]]:
        with self._progress:
            return in_waves(layers, act, waits_for=waits_for, interrupt=self._interrupt)

    def _previewed(self, layers: Sequence[Layer]) -> list[Report[Outcome]]:
        chosen = {layer.name for layer in layers}

        def preview(layer: Layer) -> Outcome:
            self._engine.check_upstream(layer, set())
            return self._engine.preview(layer)

        # A preview changes nothing that another one could wait for.
        reports = self._in_waves(layers, preview, lambda _: ())
        return [_waiting_for_others(report, chosen) for report in reports]

    def _refuse_what_others_read(self, layers: Sequence[Layer]) -> None:
        for layer in layers:
            for other in dependants(layer, self._all_layers):
                if other not in layers and self._engine.is_deployed(other):
                    raise UserError(
                        f"{other.name} is deployed and reads {layer.name}.",
                        f"Destroy it first, or with it: --layer {other.name} --layer {layer.name}",
                    )

    def _refuse_protected(self, layers: Sequence[Layer]) -> None:
        for layer in layers:
            protected = self._engine.protected(layer)
            if protected:
                raise UserError(
                    f"{layer.name} has protected resources: {', '.join(protected)}.",
                    "Nothing was changed. Take the protection off in the settings and deploy that first.",
                )

    def _interrupt(self) -> None:
        say("Stopping: operations under way are finished first. Ctrl-C again ends them at once.")
        self._engine.interrupt()

    def _show(self, reports: summary.Reports, title: str) -> None:
        if self._as_json:
            print_json(summary.as_json(reports))
        else:
            console.print(summary.as_table(reports, title))

    def _stop_if_failed(self, reports: summary.Reports, what: str) -> None:
        failures = [report for report in reports if report.error]
        # What is wrong with the whole environment, such as a missing login, is said once.
        for message, hint in dict.fromkeys((one.reason, one.error.hint) for one in failures if one.error):
            fail(message, hint)
        if failures:
            raise UserError(f"{what}: {_names([report.layer for report in failures])}.")


def _waiting_for_others(report: Report[Outcome], chosen: set[str]) -> Report[Outcome]:
    """A layer whose upstream is deployed in the same run cannot be previewed yet, which is no failure."""
    error = report.error
    if isinstance(error, MissingUpstreamError) and error.missing in chosen:
        return Report(report.layer, Fate.LEFT_OUT, reason=f"{error.missing} is not deployed yet")
    return report


def _names(layers: Sequence[Layer]) -> str:
    return ", ".join(layer.name for layer in layers)
