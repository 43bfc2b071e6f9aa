"""Drift: differences between AWS and Pulumi's state, shown without changing either."""

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from orchestration.environments import Environment
from orchestration.layers import Layer, join_layer_names
from orchestration.planning.results_view import print_failures
from orchestration.planning.scheduler import LayerResult, run_in_dependency_order
from orchestration.pulumi.drift import DriftedResource
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.property_diff import format_change
from orchestration.state.locks import Locks
from terminal.command_line import command_line
from terminal.errors import UserError
from terminal.output import console, print_json, print_message

DRIFT = 2
MAX_VALUE_LENGTH = 80

# The drifted resources of a layer; None if it is not deployed.
LayerDrift = Sequence[DriftedResource] | None
Results = Sequence[LayerResult[LayerDrift]]


def show_drift(
    environment: Environment, engine: Engine, locks: Locks, layers: Sequence[Layer], *, as_json: bool = False
) -> int:
    """Print the differences and return the exit code: 2 if there are any, else 0.

    Raises UserError if a layer could not be compared, is locked, or if none is deployed: for a nightly job,
    all of these differ from "no drift".
    """

    def find_drift(layer: Layer) -> LayerDrift:
        if holder := locks.holder(layer):
            recover = command_line("recover", env=environment.name, layer=layer.name)
            raise UserError(
                f"{layer.name} is locked by {holder}. Its differences may be changes in progress.",
                f"Wait until that update ends. If it was interrupted: {recover}",
            )
        return engine.find_drift(layer)

    print_message(f"Comparing {join_layer_names(layers)} in '{environment.name}' with Pulumi's state")
    results = run_in_dependency_order(layers, find_drift, waits_for=lambda _: (), interrupt=engine.interrupt)
    if as_json:
        print_json(to_json(environment, results))
    else:
        _print_drift(environment, results)
    _raise_if_failed(environment, results)
    drifted = [result.layer.name for result in results if result.value]
    if drifted:
        command = command_line("deploy", env=environment.name, layer=drifted)
        print_message(f"To revert the differences: {command}")
    return DRIFT if drifted else 0


def to_json(environment: Environment, results: Results) -> dict[str, Any]:
    """Return the differences. `result` of a layer is drift, none, not deployed or failed."""
    return {
        "environment": environment.name,
        "drift": any(result.value for result in results),
        "layers": [
            {
                "layer": result.layer.name,
                "result": _describe_result(result),
                "reason": result.reason,
                "seconds": round(result.seconds, 3),
                "resources": [resource.as_dict() for resource in result.value or ()],
            }
            for result in results
        ],
    }


def _describe_result(result: LayerResult[LayerDrift]) -> str:
    if result.error:
        return "failed"
    if result.value is None:
        return "not deployed"
    return "drift" if result.value else "none"


def _print_drift(environment: Environment, results: Results) -> None:
    drifted = [result for result in results if result.value]
    if drifted:
        console.print(Text(f"Changed outside Pulumi in '{environment.name}'", "bold"))
    for result in drifted:
        console.print(Text(result.layer.name, "bold"))
        for resource in result.value or ():
            _print_resource(resource)
    for description, sentence in (("none", "no drift"), ("not deployed", "not deployed")):
        layers = [result.layer for result in results if _describe_result(result) == description]
        if layers:
            console.print(Text(f"{join_layer_names(layers)}: {sentence}"))


def _print_resource(resource: DriftedResource) -> None:
    if resource.deleted:
        suffix: tuple[str, str] | str = (" was deleted", "bold red")
    else:
        suffix = "" if resource.changes else " differs"
    console.print(Text.assemble("  ", resource.resource, suffix))
    width = max((len(change.path) for change in resource.changes), default=0)
    for change in resource.changes:
        text = format_change(change, MAX_VALUE_LENGTH)
        console.print(Text.assemble("    ", (f"{change.path:<{width}}", "cyan"), "  ", text))


def _raise_if_failed(environment: Environment, results: Results) -> None:
    if failures := print_failures(results):
        raise UserError(f"Not compared: {failures}.", "Correct the errors above and run the command again.")
    if all(result.value is None for result in results):
        names = join_layer_names(result.layer for result in results)
        raise UserError(
            f"Nothing is deployed in '{environment.name}' of: {names}.",
            f"Deploy first: {command_line('deploy', env=environment.name)}",
        )
