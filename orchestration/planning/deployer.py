"""Deploying, previewing and destroying layers: in which order, after which questions, what is said then."""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from orchestration.environments import Environment
from orchestration.layers import LAYERS, Layer, dependants, in_words
from orchestration.planning import plan_view, results_view
from orchestration.planning.contracts import Neighbours, Outputs, say_outdated
from orchestration.planning.network_interfaces import MAX_MINUTES, NetworkInterfaces
from orchestration.planning.plan_file import PlanFolder, SavedPlan
from orchestration.planning.scheduler import Fate, Report, StoppedByUser, in_waves
from orchestration.pulumi.errors import MissingUpstreamError
from orchestration.pulumi.results import Changes, Outcome
from orchestration.state import pending_operations
from shared.contracts import FoundationOutputs
from terminal.errors import PartlyDoneError, UserError
from terminal.output import console, console_for_question, print_json, say, say_stopping

# The question, and the word to be typed where a `y` is not enough (or nothing).
Confirm = Callable[[str, str], None]
Act = Callable[[Layer], Outcome]
WaitsFor = Callable[[Layer], Sequence[str]]
Reports = list[Report[Outcome]]


class LayerEngine(Protocol):
    """What this needs of the engine."""

    def up(self, layer: Layer, *, message: str, plan: Path | None, refresh: bool) -> Outcome: ...
    def preview(
        self, layer: Layer, *, placeholders: frozenset[str], plan: Path | None, refresh: bool
    ) -> Outcome: ...
    def destroy(self, layer: Layer, *, message: str) -> Outcome: ...
    def destroy_functions(self, layer: Layer, *, message: str) -> Outcome: ...
    def outputs(self, layer: Layer) -> Outputs | None: ...
    def exported(self, layer: Layer) -> dict[str, Any]: ...
    def protected(self, layer: Layer) -> Sequence[str]: ...
    def is_deployed(self, layer: Layer) -> bool: ...
    def interrupt(self) -> None: ...


@dataclass(frozen=True)
class Ways:
    """How a task acts, besides on which layers.

    `message` is what the history says of a layer's update, from the verb and the layer; `backup` keeps a
    layer's state before it changes; `commit` is shown beside what was deployed. `ask_name` says that the
    environment's name must be typed where something stateful would be lost. `interfaces` are Lambda's in the
    account; None on the embedded AWS, which has none.
    """

    as_json: bool = False
    report: Path | None = None
    parallel: int = 0
    refresh: bool = True
    plan_first: bool = True
    ask_name: bool = False
    commit: str = ""
    interfaces: NetworkInterfaces | None = None
    message: Callable[[str, Layer], str] = lambda verb, layer: f"{verb} {layer.name}"
    backup: Callable[[Layer], object] = field(default=lambda _: None)


class Deployer:
    """Acts on the layers of one environment and says at the end what became of each.

    `confirm` raises `UserError` if the user does not agree; every method does if a layer failed. The engine
    acts within `progress`. `neighbours` are the layers as they are deployed.
    """

    def __init__(
        self,
        environment: Environment,
        engine: LayerEngine,
        confirm: Confirm,
        ways: Ways = Ways(),
        *,
        progress: AbstractContextManager[object] | None = None,
        all_layers: Sequence[Layer] = LAYERS,
    ) -> None:
        self._environment = environment
        self._engine = engine
        self._confirm = confirm
        self._ways = ways
        self._progress = progress or nullcontext()
        self._all_layers = all_layers
        self.neighbours = Neighbours(environment, engine, all_layers)

    def deploy(self, layers: Sequence[Layer]) -> Reports:
        """Deploy the layers, where `plan_first` says so after showing what would change and asking."""
        self._refuse_unwritable_report()
        self._refuse_missing_upstream(layers)
        if self._ways.plan_first:
            plan = self._planned(layers, "Nothing was changed")
            self._ask(plan)
        else:
            self.neighbours.check_contracts(layers, {})
        return self._apply(layers)

    def deploy_saved(self, saved: SavedPlan) -> Reports:
        """Do what a saved plan says and nothing else, if all that it was made from is as it was then."""
        self._refuse_unwritable_report()
        saved.refuse_if_moved(self._environment, self._engine, self.neighbours)
        # What reads the layers may have been deployed since.
        self.neighbours.check_contracts(saved.layers, {})
        self._show_plan(saved.reports)
        if self._ways.plan_first:
            self._ask(saved.reports)
        return self._apply(saved.layers, saved.folder)

    def save_plan(self, layers: Sequence[Layer], path: Path) -> Reports:
        """Show what deploying would change, and save just that."""
        self._refuse_missing_upstream(layers)
        folder = PlanFolder.make(path)
        plan = self._planned(layers, "Nothing was saved", folder)
        folder.save(self._environment, plan, self._engine, self.neighbours)
        if self._ways.as_json:
            print_json(results_view.as_json(plan))
        say(f"Saved. To do just that: invoke deploy --env {self._environment.name} --from-plan {path}")
        return plan

    def preview(self, layers: Sequence[Layer]) -> Reports:
        """Show what deploying the layers would change."""
        plan = self._planned(layers, "Not previewed")
        if self._ways.as_json:
            print_json(results_view.as_json(plan))
        return plan

    def destroy(self, layers: Sequence[Layer]) -> Reports:
        """Delete the layers' resources, consumers first; refuses what is protected or still read."""
        self._refuse_what_others_read(layers)
        self._refuse_protected(layers)
        where = f"'{self._environment.name}'"
        name = self._environment.name if self._ways.ask_name else ""
        if self._ways.interfaces and self._hold_interfaces(layers):
            say(f"Lambda's network interfaces outlive its functions by up to {MAX_MINUTES} minutes.")
        self._confirm(f"Delete every resource of {in_words(layers)} in {where}?", name)

        def consumers(layer: Layer) -> Sequence[str]:
            return [other.name for other in dependants(layer, self._all_layers)]

        removed = self._remove_functions(layers, consumers)

        def act(layer: Layer) -> Outcome:
            self._ways.backup(layer)
            outcome = self._engine.destroy(layer, message=self._ways.message("destroy", layer))
            return outcome.after(removed.get(layer.name, Outcome(Changes())))

        reports = self._in_waves(list(reversed(layers)), act, consumers)
        self._show(reports, f"Destroyed in {where}")
        self._stop_if_failed(reports, "Not destroyed", PartlyDoneError)
        return reports

    def _remove_functions(self, layers: Sequence[Layer], waits_for: WaitsFor) -> Mapping[str, Outcome]:
        """Delete the functions, and wait until their network interfaces are gone, before anything else.

        Returns what was deleted by layer. An interrupted run is continued by the next one.
        """
        interfaces = self._ways.interfaces
        group = self.neighbours.outputs(FoundationOutputs.producer.layer).get("function_security_group_id")
        if interfaces is None or not group or not self._hold_interfaces(layers):
            return {}
        # Credentials that may not look are refused before anything is deleted.
        interfaces.ids(group)
        interfaces.users(group)

        def act(layer: Layer) -> Outcome:
            self._ways.backup(layer)
            message = self._ways.message("destroy functions of", layer)
            return self._engine.destroy_functions(layer, message=message)

        chosen = [layer for layer in reversed(layers) if layer.functions]
        reports = self._in_waves(chosen, act, waits_for)
        if any(report.fate is not Fate.DONE for report in reports):
            self._show(reports, f"Functions destroyed in '{self._environment.name}'")
        self._stop_if_failed(reports, "Not destroyed", PartlyDoneError)
        names = " ".join(f"--layer {layer.name}" for layer in layers)
        interfaces.wait_until_gone(group, f"invoke destroy --env {self._environment.name} {names}")
        return {report.layer.name: report.result for report in reports if report.result}

    def _hold_interfaces(self, layers: Sequence[Layer]) -> bool:
        """Whether some of the layers have functions, or the network of functions."""
        network = FoundationOutputs.producer.layer
        return any(
            (layer.functions or layer.name == network) and self._engine.is_deployed(layer) for layer in layers
        )

    def report(self, reports: Reports) -> None:
        """Tell scripts what became of the layers, where they asked for it."""
        as_json = results_view.as_json(reports, self._ways.commit)
        if self._ways.report:
            self._ways.report.write_text(json.dumps(as_json, indent=2) + "\n")
        if self._ways.as_json:
            print_json(as_json)

    def _planned(self, layers: Sequence[Layer], if_failed: str, folder: PlanFolder | None = None) -> Reports:
        """What deploying would change, shown, and checked against the neighbours."""

        def preview(layer: Layer) -> Outcome:
            return self._engine.preview(
                layer,
                placeholders=self.neighbours.placeholders(layer, layers),
                plan=folder.engine_plan(layer) if folder else None,
                refresh=self._ways.refresh,
            )

        # A preview changes nothing that another one could wait for.
        plan = self._in_waves(layers, preview, lambda _: ())
        self._show_plan(plan)
        self._stop_if_failed(plan, if_failed)
        planned = {report.layer.name: report.result.outputs for report in plan if report.result}
        self.neighbours.check_contracts(layers, planned)
        return plan

    def _apply(self, layers: Sequence[Layer], folder: PlanFolder | None = None) -> Reports:
        def up(layer: Layer) -> Outcome:
            self._ways.backup(layer)
            outcome = self._engine.up(
                layer,
                message=self._ways.message("deploy", layer),
                plan=folder.engine_plan(layer) if folder else None,
                refresh=self._ways.refresh,
            )
            self.neighbours.learn(layer, outcome.outputs)
            return outcome

        where = f"'{self._environment.name}'"
        try:
            reports = self._in_waves(layers, up)
        except StoppedByUser as stopped:
            self._show(stopped.reports, f"Stopped while deploying to {where}")
            raise
        self._show(reports, f"Deployed to {where}")
        self._name_stale_consumers(reports)
        self._stop_if_failed(reports, "Not deployed", PartlyDoneError)
        return reports

    def _in_waves(
        self, layers: Sequence[Layer], act: Act, waits_for: WaitsFor = lambda layer: layer.depends_on
    ) -> Reports:
        with self._progress:
            return in_waves(
                layers, act, waits_for=waits_for, interrupt=self._interrupt, parallel=self._ways.parallel
            )

    def _ask(self, plan: Reports) -> None:
        self._refuse_cut_off([report.layer for report in plan])
        losses = plan_view.losses(plan)
        name = self._environment.name if losses and self._ways.ask_name else ""
        layers = in_words(report.layer for report in plan)
        self._confirm(f"Deploy {layers} to '{self._environment.name}'?", name)

    def _refuse_unwritable_report(self) -> None:
        """Before anything changes: what was done would else go untold."""
        if self._ways.report:
            try:
                self._ways.report.open("a").close()
            except OSError as error:
                raise UserError(f"{self._ways.report} cannot be written ({error.strerror}).") from error

    def _refuse_missing_upstream(self, layers: Sequence[Layer]) -> None:
        coming = {layer.name for layer in layers}
        for layer in layers:
            for name in layer.depends_on:
                if name not in coming and not self.neighbours.outputs(name):
                    raise MissingUpstreamError(self._environment, layer, name)

    def _refuse_cut_off(self, layers: Sequence[Layer]) -> None:
        """The engine only warns, and would create again what was being created."""
        with ThreadPoolExecutor() as pool:
            for layer, state in zip(layers, pool.map(self._engine.exported, layers), strict=True):
                pending_operations.refuse(self._environment, layer, state)

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

    def _name_stale_consumers(self, reports: Reports) -> None:
        done = {report.layer: report.result for report in reports if report.result}
        say_outdated(self._environment, self.neighbours.outdated(done))

    def _interrupt(self) -> None:
        say_stopping()
        self._engine.interrupt()

    def _show_plan(self, plan: Reports) -> None:
        output = console_for_question(as_json=self._ways.as_json)
        title = f"Would change in '{self._environment.name}'"
        plan_view.show(plan, title, output, in_account=not self._environment.is_local)

    def _show(self, reports: Reports, title: str) -> None:
        self.report(reports)
        if not self._ways.as_json:
            console.print(results_view.as_table(reports, title, self._ways.commit))

    def _stop_if_failed(self, reports: Reports, what: str, error: type[UserError] = UserError) -> None:
        if failures := results_view.say_failures(reports):
            raise error(f"{what}: {failures}.")
