"""Runs an engine operation on several layers, and reports the results to the user and to scripts."""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.environments import Environment
from orchestration.layers import Layer
from orchestration.planning import results_view
from orchestration.planning.network_interfaces import NetworkInterfaces
from orchestration.planning.scheduler import LayerResult, run_in_dependency_order
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.errors import LayerError
from orchestration.pulumi.results import OperationResult
from terminal.errors import PartialFailureError, UserError
from terminal.output import console, print_json, print_stopping

# Takes the question and the word that the user has to type; an empty word is a yes-or-no question. Raises
# UserError if the user declines.
Confirm = Callable[[str, str], None]
Operation = Callable[[Layer], OperationResult]
WaitsFor = Callable[[Layer], Sequence[str]]
Results = list[LayerResult[OperationResult]]


@dataclass(frozen=True)
class DeployOptions:
    """Options of a deployment, preview or destruction.

    `report` is the file that the results are written to. `parallel` limits the layers that run at the same
    time; 0 is no limit. `ask_name` requires the user to type the environment's name if data would be lost.
    `interfaces` are Lambda's network interfaces; None on the embedded AWS, which has none. `message` composes
    the text for the stack's history from a verb and the layer. `backup` saves the state of a layer. `on_plan`
    is called after a plan is printed.
    """

    as_json: bool = False
    report: Path | None = None
    parallel: int = 0
    refresh: bool = True
    ask_first: bool = True
    ask_name: bool = False
    commit: str = ""
    interfaces: NetworkInterfaces | None = None
    message: Callable[[str, Layer], str] = lambda verb, layer: f"{verb} {layer.name}"
    backup: Callable[[Layer], object] = field(default=lambda _: None)
    on_plan: Callable[[Results], object] = field(default=lambda _: None)


class LayerRunner:
    """Runs operations on the layers of one environment. `progress` is entered for each run."""

    def __init__(
        self,
        environment: Environment,
        engine: Engine,
        options: DeployOptions,
        progress: AbstractContextManager[object] | None = None,
    ) -> None:
        self._environment = environment
        self._engine = engine
        self._options = options
        self._progress = progress or nullcontext()

    def run(
        self,
        layers: Sequence[Layer],
        act: Operation,
        waits_for: WaitsFor = lambda layer: layer.depends_on,
    ) -> Results:
        """Run `act` on the layers in dependency order. Ctrl-C lets the engine finish what it has started."""

        def interrupt() -> None:
            print_stopping()
            self._engine.interrupt()

        with self._progress:
            return run_in_dependency_order(
                layers, act, waits_for=waits_for, interrupt=interrupt, parallel=self._options.parallel
            )

    def show_results(self, results: Results, title: str) -> None:
        """Print the results as a table or JSON, and write the report."""
        self.report_results(results)
        if not self._options.as_json:
            console.print(results_view.build_table(results, title, self._options.commit))

    def report_results(self, results: Results) -> None:
        """Write the results to the report file and print them as JSON, as the options say."""
        as_json = results_view.to_json(results, self._options.commit)
        if self._options.report:
            self._options.report.write_text(json.dumps(as_json, indent=2) + "\n")
        if self._options.as_json:
            print_json(as_json)

    def check_report_file(self) -> None:
        """Raise UserError if the report cannot be written. To be called before the first change."""
        if self._options.report:
            try:
                self._options.report.open("a").close()
            except OSError as error:
                raise UserError(
                    f"--report: {self._options.report} cannot be written ({error.strerror}).",
                    "Choose another file.",
                ) from error


def raise_if_failed(
    results: Results,
    message: str,
    *,
    changing: bool = False,
    earlier: Sequence[LayerResult[OperationResult]] = (),
) -> None:
    """Raise UserError if a layer failed; PartialFailureError if a `changing` run may have changed something.

    `earlier` are the results of a previous step of the same run.
    """
    if failures := results_view.print_failures(results):
        details = "\n".join(dict.fromkeys(result.error.details for result in results if result.error)).strip()
        if changing and may_have_changed([*earlier, *results]):
            raise PartialFailureError(
                f"{message}: {failures}.",
                "Some resources were changed. Correct the errors above and run the command again.",
                details,
            )
        nothing_changed = "Nothing was changed. " if changing else ""
        raise UserError(
            f"{message}: {failures}.",
            f"{nothing_changed}Correct the errors above and run the command again.",
            details,
        )


def may_have_changed(results: Results) -> bool:
    """Whether at least one layer was changed, or failed after the first change of a resource had started."""
    return any(
        result.value.changes.any or result.value.changes_outputs
        if result.value
        else isinstance(result.error, LayerError) and result.error.may_have_changed
        for result in results
    )
