from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pulumi.automation import UpdateSummary

from orchestration.environments import Environment
from orchestration.layers import Layer
from orchestration.planning.changed_layers import LastUpdate, StackEvidence
from orchestration.planning.contracts import Neighbours
from tests.unit.orchestration.stacks import Stacks
from tests.unit.orchestration.updates import summary

DATA = Layer("data", "fraud-data")
GIVEN = {"data": {"queue": "q"}}


def last_update(
    root: Path, *history: UpdateSummary, given: Mapping[str, Mapping[str, Any]] | None = None
) -> LastUpdate | None:
    environment = Environment("prod", root)
    stacks = Stacks(history, given=GIVEN if given is None else given)
    return StackEvidence(environment, stacks, Neighbours(environment, stacks, [DATA])).last_update(DATA)


@pytest.mark.parametrize(
    ("history", "last"),
    [
        ([summary("1a")], LastUpdate("1a")),
        ([summary("1a", dirty=True)], LastUpdate("1a", dirty=True)),
        ([summary("1a", result="failed"), summary("2b")], LastUpdate("1a", failed=True)),
        ([summary("2b", kind="refresh"), summary("1a")], LastUpdate("1a", refreshed=True)),
        ([summary("2b", kind="destroy", result="failed"), summary("1a")], LastUpdate("1a", destroyed=True)),
        ([summary("1a"), summary("2b", kind="destroy")], LastUpdate("1a")),
    ],
)
def test_the_last_update_is_told_with_what_happened_since(
    tmp_path: Path, history: list[UpdateSummary], last: LastUpdate
) -> None:
    assert last_update(tmp_path, *history) == last


def test_a_stack_that_holds_nothing_has_no_last_update(tmp_path: Path) -> None:
    assert last_update(tmp_path, summary("2b", kind="destroy"), summary("1a"), given={}) is None
