"""The cost line of a plan: the inputs of all resources before and after it."""

from dataclasses import replace
from typing import Any

import pytest

from operations.cost import plan_difference
from operations.cost.plan_difference import compare_costs, print_cost_difference
from orchestration.layers import find_layer
from orchestration.planning.scheduler import LayerResult, ResultStatus
from orchestration.pulumi.results import Changes, OperationResult, ResourceInputs
from orchestration.session import EnvironmentSession
from shared.names import Names
from terminal.errors import UserError
from tests.unit.operations.cost.environments import declare, function, typical_transaction


def preview_layer(
    layer: str, before: dict[str, Any] | None, *, retention: tuple[int, int] = (90, 90), **after: Any
) -> OperationResult:
    """A preview that changes the resources of some types. `before`: by type, or None for a new stack."""

    def list_inputs(by_type: dict[str, Any]) -> dict[str, ResourceInputs]:
        return {
            f"{type_}::{number}": ResourceInputs(f"aws:{type_}", inputs)
            for type_, entries in by_type.items()
            for number, inputs in enumerate(entries)
        }

    is_data = layer == "data"
    return OperationResult(
        Changes(update=1),
        outputs={"retention_days": retention[1]} if is_data else {},
        outputs_before={"retention_days": retention[0]} if is_data else {},
        resources=list_inputs({**(before or {}), **after}),
        resources_before=list_inputs(before or {}),
    )


def resources(layer: str) -> dict[str, Any]:
    return dict(declare().layers[layer].by_type)


def preview_memory(size: int) -> OperationResult:
    functions = [function("fraud", memorySize=size), function("merchants"), function("notify")]
    return preview_layer("processing", resources("processing"), **{"lambda/function:Function": functions})


def describe(**layers: OperationResult) -> str:
    return str(compare_costs(layers, typical_transaction(), Names()))


def results(**layers: OperationResult) -> list[LayerResult[OperationResult]]:
    return [LayerResult(find_layer(name), ResultStatus.DONE, value=value) for name, value in layers.items()]


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> EnvironmentSession:
    monkeypatch.setattr(plan_difference, "process_transaction_of", lambda *_: typical_transaction())
    return EnvironmentSession.from_name("local")


def test_more_memory_costs_more_of_lambda() -> None:
    line = describe(processing=preview_memory(1024))
    assert line.startswith("Estimated cost at 1,000,000 transactions a day: $")
    assert line.endswith("a month (+$8): Lambda +$8")


def test_shorter_retention_saves_storage() -> None:
    line = describe(data=preview_layer("data", resources("data"), retention=(400, 90)))
    assert "DynamoDB -$" in line


def test_changes_of_all_layers_are_added() -> None:
    stage = preview_layer(
        "edge",
        resources("edge"),
        **{"xray/samplingRule:SamplingRule": [{"reservoirSize": 0, "fixedRate": 0.01}]},
    )
    data = preview_layer("data", resources("data"), retention=(400, 90))
    difference = compare_costs(
        {"data": data, "processing": preview_memory(1024), "edge": stage}, typical_transaction(), Names()
    )
    assert list(difference.services) == ["DynamoDB", "X-Ray", "Lambda"]


def test_line_is_printed_after_a_plan_with_a_different_cost(
    session: EnvironmentSession, capsys: pytest.CaptureFixture[str]
) -> None:
    print_cost_difference(session, results(processing=preview_memory(1024)))
    assert "Lambda +$8" in capsys.readouterr().out


def test_line_is_on_standard_error_beside_json(
    session: EnvironmentSession, capsys: pytest.CaptureFixture[str]
) -> None:
    print_cost_difference(session, results(processing=preview_memory(1024)), as_json=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Lambda +$8" in captured.err


def test_plan_that_changes_only_the_retention_has_a_line(
    session: EnvironmentSession, capsys: pytest.CaptureFixture[str]
) -> None:
    preview = replace(preview_layer("data", resources("data"), retention=(400, 90)), changes=Changes())
    print_cost_difference(session, results(data=preview))
    assert "DynamoDB -$" in capsys.readouterr().out


@pytest.mark.parametrize(
    "preview",
    [
        preview_memory(512),
        # A new stack: the whole cost would be its difference.
        preview_layer("processing", None, **{"lambda/function:Function": [function("fraud")]}),
    ],
    ids=["same cost", "new stack"],
)
def test_plan_that_changes_no_cost_has_no_line(
    session: EnvironmentSession, capsys: pytest.CaptureFixture[str], preview: OperationResult
) -> None:
    print_cost_difference(session, results(processing=preview))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("verbose", "lines"), [(True, 1), (False, 0)])
def test_failure_does_not_affect_the_plan(
    session: EnvironmentSession,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    verbose: bool,
    lines: int,
) -> None:
    def fail(*_: object) -> None:
        raise UserError("rules.yaml: no rules")

    monkeypatch.setattr(plan_difference, "process_transaction_of", fail)
    print_cost_difference(session, results(processing=preview_memory(1024)), verbose=verbose)
    assert len(capsys.readouterr().err.splitlines()) == lines
