import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from orchestration.environments import find
from orchestration.layers import Layer
from orchestration.pulumi.drift import Drifted
from orchestration.pulumi.property_diff import Change
from orchestration.state.locks import Holder
from orchestration.status.drift import drift
from terminal.errors import UserError

DATA, EDGE = Layer("data", "fraud-data"), Layer("edge", "fraud-edge")
QUEUE = Drifted(
    "aws:sqs/queue:Queue",
    "suspicious",
    changes=(Change("visibilityTimeoutSeconds", 360, 45), Change("token", secret=True)),
)
GONE = Drifted("aws:cloudwatch/logGroup:LogGroup", "api-logs", gone=True)


@dataclass
class Stacks:
    """What differs by layer (without an entry: not deployed), who holds which, which cannot be read."""

    drifts: Mapping[str, Sequence[Drifted]]
    held: Mapping[str, Holder] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)

    def drifted(self, layer: Layer) -> Sequence[Drifted] | None:
        if layer.name in self.broken:
            raise UserError(self.broken[layer.name])
        return self.drifts.get(layer.name)

    def holder(self, layer: Layer) -> Holder | None:
        return self.held.get(layer.name)

    def interrupt(self) -> None:
        raise AssertionError("nobody interrupts")


def run(stacks: Stacks, *, as_json: bool = False) -> int:
    return drift(find("prod"), stacks, stacks, (DATA, EDGE), as_json=as_json)


def test_without_drift_the_status_is_0_and_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(Stacks({"data": [], "edge": []})) == 0
    assert capsys.readouterr().out == "data, edge: as Pulumi left it\n"


def test_drift_is_status_2_and_named_property_by_property(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(Stacks({"data": [QUEUE], "edge": [GONE]})) == 2
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "Changed outside Pulumi in 'prod'",
        "data",
        "  suspicious (aws:sqs/queue:Queue)",
        "    visibilityTimeoutSeconds  360 → 45",
        "    token                     another secret",
        "edge",
        "  api-logs (aws:cloudwatch/logGroup:LogGroup) is gone",
    ]
    assert "invoke deploy --env prod --layer data --layer edge" in printed.err


def test_json_holds_every_layer(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(Stacks({"data": [QUEUE]}), as_json=True) == 2
    found = json.loads(capsys.readouterr().out)
    assert found["drift"] is True
    assert [(one["layer"], one["result"]) for one in found["layers"]] == [
        ("data", "drift"),
        ("edge", "not deployed"),
    ]
    assert found["layers"][0]["resources"][0]["changes"] == [
        {"property": "visibilityTimeoutSeconds", "was": 360, "is": 45, "secret": False},
        {"property": "token", "was": None, "is": None, "secret": True},
    ]


def test_a_layer_that_cannot_be_read_is_an_error_that_leaves_the_others_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(UserError, match=r"^Not compared: edge\.$"):
        run(Stacks({"data": [QUEUE]}, broken={"edge": "edge: access denied"}))
    printed = capsys.readouterr()
    assert "360 → 45" in printed.out
    assert "edge: access denied" in printed.err


def test_a_layer_that_somebody_is_changing_is_not_compared(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match="Not compared: data"):
        run(Stacks({"data": [QUEUE], "edge": []}, held={"data": Holder("ann", "laptop", 12)}))
    printed = capsys.readouterr()
    assert "360 → 45" not in printed.out
    assert "ann@laptop (process 12) holds the stack" in printed.err


def test_nothing_deployed_is_not_taken_for_peace() -> None:
    with pytest.raises(UserError, match="Nothing of data, edge is deployed in 'prod'"):
        run(Stacks({}))
