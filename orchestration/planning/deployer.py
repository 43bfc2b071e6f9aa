"""Deployer: previews and deploys layers, from checks and the plan to the results."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from orchestration.environments import Environment
from orchestration.layers import LAYERS, Layer, join_layer_names
from orchestration.planning import plan_view, results_view
from orchestration.planning.contracts import LayerContracts, Outputs, print_stale_consumers
from orchestration.planning.plan_file import PlanFolder, SavedPlan
from orchestration.planning.runner import Confirm, DeployOptions, LayerRunner, Results, raise_if_failed
from orchestration.planning.scheduler import StoppedByUserError
from orchestration.pulumi import mocked_program
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.errors import MissingUpstreamError
from orchestration.pulumi.results import OperationResult
from orchestration.state import pending_operations
from terminal.command_line import command_line
from terminal.output import console_for_question, print_json, print_message
from terminal.progress import show_activity

# Runs the program of a layer without an engine and returns its outputs. Raises UserError if it fails.
RunProgram = Callable[[Layer], Outputs]


class Deployer:
    """Previews and deploys layers of one environment.

    Every method raises UserError if a layer failed, or if the user declines in `confirm`. `run_program` is
    replaced in tests.
    """

    def __init__(
        self,
        environment: Environment,
        engine: Engine,
        confirm: Confirm,
        options: DeployOptions | None = None,
        *,
        progress: AbstractContextManager[object] | None = None,
        all_layers: Sequence[Layer] = LAYERS,
        run_program: RunProgram | None = None,
    ) -> None:
        self._environment = environment
        self._engine = engine
        self._confirm = confirm
        self._options = options or DeployOptions()
        self._runner = LayerRunner(environment, engine, self._options, progress)
        self._run_program = run_program or partial(mocked_program.preview_outputs, environment)
        self.contracts = LayerContracts(environment, engine, all_layers)

    def deploy(self, layers: Sequence[Layer]) -> Results:
        """Deploy the layers. With the option `ask_first`, show a plan and ask before the first change."""
        self._runner.check_report_file()
        self._refuse_missing_upstream(layers)
        if self._options.ask_first:
            self._ask(self._plan(layers, "Nothing was changed"))
        else:
            # Without previews, a program that no longer fits the contracts would fail after other layers were
            # changed.
            with show_activity("Checking the contracts between the layers"):
                outputs = {layer.name: self._run_program(layer) for layer in layers}
                self.contracts.check_contracts(layers, outputs)
        return self._apply(layers)

    def deploy_saved(self, saved: SavedPlan) -> Results:
        """Deploy exactly what a saved plan contains. Raises UserError if anything changed since."""
        self._runner.check_report_file()
        saved.check_unchanged(self._environment, self._engine, self.contracts)
        # Consumers may have been deployed since the plan was saved.
        self.contracts.check_contracts(saved.layers, {})
        self._print_plan(saved.results)
        if self._options.ask_first:
            self._ask(saved.results)
        return self._apply(saved.layers, saved.folder)

    def save_plan(self, layers: Sequence[Layer], path: Path) -> Results:
        """Show the changes that a deployment would make, and save them as a plan in a folder."""
        self._refuse_missing_upstream(layers)
        folder = PlanFolder.create(path)
        plan = self._plan(layers, "Nothing was saved", folder)
        folder.save(self._environment, plan, self._engine, self.contracts)
        if self._options.as_json:
            print_json(results_view.to_json(plan))
        command = command_line("deploy", env=self._environment.name, from_plan=str(path))
        print_message(f"The plan is saved. To apply it: {command}")
        return plan

    def preview(self, layers: Sequence[Layer]) -> Results:
        """Show the changes that a deployment would make."""
        plan = self._plan(layers, "Not previewed")
        if self._options.as_json:
            print_json(results_view.to_json(plan))
        return plan

    def report(self, results: Results) -> None:
        """Report the results to scripts."""
        self._runner.report_results(results)

    def _plan(self, layers: Sequence[Layer], failure: str, folder: PlanFolder | None = None) -> Results:
        """Preview the layers, print the plan and check the contracts. `failure` begins the error message."""

        def preview(layer: Layer) -> OperationResult:
            return self._engine.preview(
                layer,
                placeholders=self.contracts.placeholders(layer, layers),
                plan=folder.engine_plan(layer) if folder else None,
                refresh=self._options.refresh,
            )

        # Previews change nothing, so no layer has to wait for another.
        plan = self._runner.run(layers, preview, lambda _: ())
        self._print_plan(plan)
        raise_if_failed(plan, failure)
        outputs = {result.layer.name: result.value.outputs for result in plan if result.value}
        self.contracts.check_contracts(layers, outputs)
        self._options.on_plan(plan)
        return plan

    def _apply(self, layers: Sequence[Layer], folder: PlanFolder | None = None) -> Results:
        def update(layer: Layer) -> OperationResult:
            self._options.backup(layer)
            value = self._engine.up(
                layer,
                message=self._options.message("deploy", layer),
                plan=folder.engine_plan(layer) if folder else None,
                refresh=self._options.refresh,
            )
            self.contracts.record_outputs(layer, value.outputs)
            return value

        try:
            results = self._runner.run(layers, update)
        except StoppedByUserError as stopped:
            self._runner.show_results(stopped.results, f"Stopped deployment to '{self._environment.name}'")
            raise
        self._runner.show_results(results, f"Deployed to '{self._environment.name}'")
        updated = {result.layer: result.value for result in results if result.value}
        print_stale_consumers(self._environment, self.contracts.stale_consumers(updated))
        raise_if_failed(results, "Not deployed", changing=True)
        return results

    def _print_plan(self, plan: Results) -> None:
        output = console_for_question(as_json=self._options.as_json)
        title = f"Changes in '{self._environment.name}'"
        plan_view.print_plan(plan, title, output, in_account=not self._environment.is_local)

    def _ask(self, plan: Results) -> None:
        layers = [result.layer for result in plan]
        self._refuse_pending_operations(layers)
        name = self._environment.name if plan_view.find_losses(plan) and self._options.ask_name else ""
        self._confirm(f"Deploy {join_layer_names(layers)} to '{self._environment.name}'?", name)

    def _refuse_missing_upstream(self, layers: Sequence[Layer]) -> None:
        planned = {layer.name for layer in layers}
        for layer in layers:
            for name in layer.depends_on:
                if name not in planned and not self.contracts.outputs(name):
                    raise MissingUpstreamError(self._environment, layer, name)

    def _refuse_pending_operations(self, layers: Sequence[Layer]) -> None:
        """The engine only warns of pending operations, and would create the same resources again."""
        with ThreadPoolExecutor() as pool:
            states = pool.map(self._engine.export_deployment, layers)
            for layer, state in zip(layers, states, strict=True):
                pending_operations.refuse_pending_operations(self._environment, layer, state)
