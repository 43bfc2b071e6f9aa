from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pulumi.automation import UpdateSummary

from orchestration.environments import Environment
from orchestration.layers import LAYERS, Layer, select_layers
from orchestration.planning.changed_layers import ChangeDetector, LastUpdate, choose_layers
from orchestration.planning.contracts import LayerContracts
from tests.unit.orchestration.stacks import FakeStacks
from tests.unit.orchestration.updates import make_summary

COMMIT = "1a2b3c4d5e"
DATA = Layer("data", "fraud-data")


class FakeDetector(ChangeDetector):
    """Every layer was deployed from COMMIT and did not change, except as the arguments say."""

    def __init__(
        self,
        *,
        updates: Mapping[str, LastUpdate | None] | None = None,
        files: Mapping[str, Sequence[str] | None] | None = None,
        inputs: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.updates, self.files, self.inputs = updates or {}, files or {}, inputs or {}

    def last_update(self, layer: Layer) -> LastUpdate | None:
        return self.updates.get(layer.name, LastUpdate(COMMIT))

    def changed_files(self, layer: Layer, since: str) -> Sequence[str] | None:
        assert since == COMMIT
        return self.files.get(layer.name, ())

    def changed_inputs(self, layer: Layer) -> Sequence[str]:
        return self.inputs.get(layer.name, ())


def test_unchanged_layers_are_skipped() -> None:
    choices = choose_layers(LAYERS, FakeDetector())
    assert [choice.taken for choice in choices] == [False] * len(LAYERS)
    assert "1a2b3c4" in choices[0].reason


@pytest.mark.parametrize(
    ("detector", "reason"),
    [
        (FakeDetector(updates={"data": None}), "not deployed"),
        (FakeDetector(updates={"data": LastUpdate("")}), "unknown"),
        (FakeDetector(updates={"data": LastUpdate(COMMIT, dirty=True)}), "uncommitted"),
        (FakeDetector(updates={"data": LastUpdate(COMMIT, failed=True)}), "failed"),
        (FakeDetector(updates={"data": LastUpdate(COMMIT, destroyed=True)}), "destroyed"),
        (FakeDetector(updates={"data": LastUpdate(COMMIT, refreshed=True)}), "refresh"),
        (FakeDetector(files={"data": None}), "1a2b3c4"),
        (FakeDetector(files={"data": ["a", "b", "c", "d", "e"]}), "a, b, c and 2 more"),
        (FakeDetector(inputs={"data": ["foundation.vpc_id"]}), "foundation.vpc_id"),
    ],
)
def test_changed_layer_is_deployed_with_a_reason(detector: FakeDetector, reason: str) -> None:
    [choice] = choose_layers(select_layers(["data"]), detector)
    assert choice.taken
    assert reason in choice.reason
    assert choice.sentence.startswith("data: ")


def last_update(
    root: Path, *history: UpdateSummary, outputs: Mapping[str, Any] | None = None
) -> LastUpdate | None:
    environment = Environment("prod", root)
    engine = FakeStacks(history, given={"data": {"queue": "q"} if outputs is None else outputs})
    return ChangeDetector(environment, engine, LayerContracts(environment, engine, [DATA])).last_update(DATA)


@pytest.mark.parametrize(
    ("history", "last"),
    [
        ([make_summary("1a")], LastUpdate("1a")),
        ([make_summary("1a", dirty=True)], LastUpdate("1a", dirty=True)),
        ([make_summary("1a", result="failed"), make_summary("2b")], LastUpdate("1a", failed=True)),
        ([make_summary("2b", kind="refresh"), make_summary("1a")], LastUpdate("1a", refreshed=True)),
        (
            [make_summary("2b", kind="destroy", result="failed"), make_summary("1a")],
            LastUpdate("1a", destroyed=True),
        ),
        ([make_summary("1a"), make_summary("2b", kind="destroy")], LastUpdate("1a")),
    ],
)
def test_last_update_includes_later_refresh_and_destroy(
    tmp_path: Path, history: list[UpdateSummary], last: LastUpdate
) -> None:
    assert last_update(tmp_path, *history) == last


def test_empty_stack_has_no_last_update(tmp_path: Path) -> None:
    assert last_update(tmp_path, make_summary("2b", kind="destroy"), make_summary("1a"), outputs={}) is None
