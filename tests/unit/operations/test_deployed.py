from dataclasses import MISSING, fields
from typing import Any

import pytest

from operations.deployed import DeployedPipeline, LayerError
from orchestration.environments import find_environment
from shared.contracts import EdgeOutputs


class FakeEngine:
    """An engine whose layers all have these outputs of edge."""

    def __init__(self, **outputs: str) -> None:
        required = (field.name for field in fields(EdgeOutputs) if field.default is MISSING)
        self._outputs = {**dict.fromkeys(required, "x"), **outputs}

    def outputs(self, _layer: object) -> dict[str, str]:
        return self._outputs


def _deployed(**outputs: str) -> DeployedPipeline:
    engine: Any = FakeEngine(**outputs)
    return DeployedPipeline(find_environment("dev"), engine)


def test_api_without_a_route_for_past_transactions_is_an_error_with_the_setting() -> None:
    with pytest.raises(LayerError) as raised:
        _deployed(historic_url="").historic_target()
    assert "historicRequestsPerSecond" in raised.value.hint
    assert "--env dev --layer edge" in raised.value.hint


def test_api_without_a_route_for_batches_has_no_target_for_them() -> None:
    assert _deployed(transactions_batch_url="").transactions_batch_target() is None
