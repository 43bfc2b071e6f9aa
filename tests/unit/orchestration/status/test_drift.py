import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from orchestration.environments import find_environment
from orchestration.layers import Layer
from orchestration.pulumi.drift import DriftedResource
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.property_diff import PropertyChange
from orchestration.state.locks import LockHolder
from orchestration.status.drift import show_drift
from terminal.errors import UserError

DATA, EDGE = Layer("data", "fraud-data"), Layer("edge", "fraud-edge")
QUEUE = DriftedResource(
    "aws:sqs/queue:Queue",
    "suspicious",
    changes=(PropertyChange("visibilityTimeoutSeconds", 360, 45), PropertyChange("token", secret=True)),
)
DELETED = DriftedResource("aws:cloudwatch/logGroup:LogGroup", "api-logs", deleted=True)


class FakeStacks(Engine):
    """Drift by layer (a layer without an entry is not deployed), lock holders and read errors."""

    def __init__(
        self,
        drifts: Mapping[str, Sequence[DriftedResource]],
        *,
        holders: Mapping[str, LockHolder] | None = None,
        failures: Mapping[str, str] | None = None,
    ) -> None:
        self.drifts, self.holders, self.failures = drifts, holders or {}, failures or {}

    def find_drift(self, layer: Layer) -> Sequence[DriftedResource] | None:
        if layer.name in self.failures:
            raise UserError(self.failures[layer.name])
        return self.drifts.get(layer.name)

    def holder(self, layer: Layer) -> LockHolder | None:
        return self.holders.get(layer.name)


def run(stacks: FakeStacks, **options: Any) -> int:
    return show_drift(find_environment("prod"), stacks, stacks, (DATA, EDGE), **options)


def test_exit_code_is_0_without_drift(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(FakeStacks({"data": [], "edge": []})) == 0
    assert capsys.readouterr().out.startswith("data, edge: ")


def test_exit_code_is_2_with_drift_and_every_property_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(FakeStacks({"data": [QUEUE], "edge": [DELETED]})) == 2
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert "data" in lines
    assert "  suspicious (aws:sqs/queue:Queue)" in lines
    assert "    visibilityTimeoutSeconds  360 → 45" in lines
    assert [line for line in lines if line.startswith("    token ") and "→" not in line]
    assert [line for line in lines if line.startswith("  api-logs (aws:cloudwatch/logGroup:LogGroup) ")]
    assert "deploy --env prod --layer data --layer edge" in printed.err


def test_json_has_every_layer(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(FakeStacks({"data": [QUEUE]}), as_json=True) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["drift"] is True
    assert [(layer["layer"], layer["result"]) for layer in document["layers"]] == [
        ("data", "drift"),
        ("edge", "not deployed"),
    ]
    assert document["layers"][0]["resources"][0]["changes"] == [
        {"property": "visibilityTimeoutSeconds", "was": 360, "is": 45, "secret": False},
        {"property": "token", "was": None, "is": None, "secret": True},
    ]


def test_layer_that_cannot_be_read_is_an_error_after_the_others_are_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(UserError) as failed:
        run(FakeStacks({"data": [QUEUE]}, failures={"edge": "edge: access denied"}))
    assert "edge" in failed.value.message
    assert failed.value.status == 1
    printed = capsys.readouterr()
    assert "360 → 45" in printed.out
    assert "edge: access denied" in printed.err


def test_locked_layer_is_not_compared(capsys: pytest.CaptureFixture[str]) -> None:
    holders = {"data": LockHolder("ann", "laptop", 12)}
    with pytest.raises(UserError) as failed:
        run(FakeStacks({"data": [QUEUE], "edge": []}, holders=holders))
    assert "data" in failed.value.message
    printed = capsys.readouterr()
    assert "360 → 45" not in printed.out
    assert "ann@laptop (process 12)" in printed.err


def test_environment_without_deployments_is_an_error() -> None:
    with pytest.raises(UserError) as failed:
        run(FakeStacks({}))
    assert "data, edge" in failed.value.message
    assert "'prod'" in failed.value.message
