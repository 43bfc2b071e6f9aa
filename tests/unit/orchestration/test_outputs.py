import json
from collections.abc import Mapping
from typing import Any, cast

import pytest

from orchestration import outputs
from orchestration.environments import find_environment
from orchestration.layers import LAYERS, Layer
from orchestration.pulumi.engine import Engine
from terminal.errors import UserError


class FakeEngine:
    """An engine with these stack outputs."""

    def __init__(self, **stacks: Mapping[str, Any]) -> None:
        self._stacks = stacks

    def outputs(self, layer: Layer) -> Mapping[str, Any] | None:
        return self._stacks.get(layer.name)


def make_engine(**stacks: Mapping[str, Any]) -> Engine:
    return cast(Engine, FakeEngine(**stacks))


ENGINE = make_engine(data={"table_name": "transactions"}, foundation={"private_subnet_ids": ["a", "b"]})


def test_outputs_by_name_are_printed_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    engine = make_engine(edge={"consumer_role_arns": {"checkout": "arn:1", "labels": "arn:2"}})
    outputs.print_outputs(find_environment("local"), engine, LAYERS)
    assert capsys.readouterr().out.splitlines()[1] == "  consumer_role_arns  checkout: arn:1, labels: arn:2"


def test_outputs_are_printed_by_layer(capsys: pytest.CaptureFixture[str]) -> None:
    outputs.print_outputs(find_environment("local"), ENGINE, LAYERS)
    assert capsys.readouterr().out.splitlines() == [
        "foundation",
        "  private_subnet_ids  a, b",
        "data",
        "  table_name          transactions",
    ]


def test_json_contains_only_deployed_layers(capsys: pytest.CaptureFixture[str]) -> None:
    outputs.print_outputs(find_environment("local"), ENGINE, LAYERS, as_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "foundation": {"private_subnet_ids": ["a", "b"]},
        "data": {"table_name": "transactions"},
    }


def test_reserved_output_is_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    outputs.print_outputs(
        find_environment("local"),
        make_engine(data={"table_name": "t", "contracts": {}}),
        LAYERS,
        as_json=True,
    )
    assert json.loads(capsys.readouterr().out) == {"data": {"table_name": "t"}}


def test_without_a_deployment_the_hint_is_to_deploy() -> None:
    with pytest.raises(UserError, match=r"'prod'.* invoke deploy --env prod"):
        outputs.print_outputs(find_environment("prod"), make_engine(), LAYERS)
