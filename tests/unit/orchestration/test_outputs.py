import json
from collections.abc import Mapping
from typing import Any

import pytest

from orchestration import outputs
from orchestration.environments import find
from orchestration.layers import LAYERS, Layer
from terminal.errors import UserError


class Deployed:
    """Stacks with these outputs."""

    def __init__(self, **stacks: Mapping[str, Any]) -> None:
        self._stacks = stacks

    def outputs(self, layer: Layer) -> Mapping[str, Any] | None:
        return self._stacks.get(layer.name)


STACKS = Deployed(data={"table_name": "transactions"}, foundation={"private_subnet_ids": ["a", "b"]})


def test_outputs_are_shown_by_layer(capsys: pytest.CaptureFixture[str]) -> None:
    outputs.show(find("local"), STACKS, LAYERS)
    assert capsys.readouterr().out.splitlines() == [
        "foundation",
        "  private_subnet_ids  a, b",
        "data",
        "  table_name          transactions",
    ]


def test_json_holds_the_deployed_layers_only(capsys: pytest.CaptureFixture[str]) -> None:
    outputs.show(find("local"), STACKS, LAYERS, as_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "foundation": {"private_subnet_ids": ["a", "b"]},
        "data": {"table_name": "transactions"},
    }


def test_the_reserved_output_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    outputs.show(find("local"), Deployed(data={"table_name": "t", "contracts": {}}), LAYERS, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"data": {"table_name": "t"}}


def test_where_nothing_is_deployed_it_says_how_to_deploy() -> None:
    with pytest.raises(
        UserError, match=r"Nothing of .* in 'prod'. Deploy it first: invoke deploy --env prod"
    ):
        outputs.show(find("prod"), Deployed(), LAYERS)
