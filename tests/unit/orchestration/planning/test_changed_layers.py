from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from orchestration.layers import LAYERS, Layer, select
from orchestration.planning.changed_layers import LastUpdate, choose

COMMIT = "1a2b3c4d5e"


@dataclass
class Evidence:
    """Every layer was deployed from `COMMIT`, and nothing changed since, but for what a test says."""

    last: Mapping[str, LastUpdate | None] = field(default_factory=dict)
    files: Mapping[str, Sequence[str] | None] = field(default_factory=dict)
    inputs: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def last_update(self, layer: Layer) -> LastUpdate | None:
        return self.last.get(layer.name, LastUpdate(COMMIT))

    def changed_files(self, layer: Layer, since: str) -> Sequence[str] | None:
        assert since == COMMIT
        return self.files.get(layer.name, ())

    def changed_inputs(self, layer: Layer) -> Sequence[str]:
        return self.inputs.get(layer.name, ())


def test_nothing_is_taken_where_nothing_changed() -> None:
    choices = choose(LAYERS, Evidence())
    assert [choice.taken for choice in choices] == [False] * len(LAYERS)
    assert choices[0].sentence == "foundation: left, nothing of it changed since 1a2b3c4"


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        (Evidence(last={"data": None}), "it is not deployed"),
        (Evidence(last={"data": LastUpdate("")}), "nobody knows which commit it was deployed from"),
        (Evidence(last={"data": LastUpdate(COMMIT, dirty=True)}), "from files that were not committed"),
        (Evidence(last={"data": LastUpdate(COMMIT, failed=True)}), "its last update failed"),
        (Evidence(last={"data": LastUpdate(COMMIT, destroyed=True)}), "some of it was destroyed since"),
        (Evidence(last={"data": LastUpdate(COMMIT, refreshed=True)}), "its state was refreshed since"),
        (Evidence(files={"data": None}), "commit 1a2b3c4, which it was deployed from, is not in this clone"),
        (Evidence(files={"data": ["a", "b", "c", "d", "e"]}), "changed since 1a2b3c4: a, b, c and 2 more"),
        (Evidence(inputs={"data": ["foundation.vpc_id"]}), "what it reads changed: foundation.vpc_id"),
    ],
)
def test_a_layer_is_taken_for_a_reason(evidence: Evidence, why: str) -> None:
    [choice] = choose(select(["data"]), evidence)
    assert choice.taken
    assert choice.sentence.startswith("data: taken, ")
    assert why in choice.sentence
