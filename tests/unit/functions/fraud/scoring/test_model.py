"""A model's score and shares, and artifacts that cannot be used."""

import math
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from functions.common.domain.features import NAMES, VERSION
from functions.fraud.scoring.model import FORMAT, LEAF, ArtifactError, Model

AMOUNT, RUN = NAMES.index("amount_euros"), NAMES.index("merchant_run")
UNKNOWN = [math.nan] * len(NAMES)


def artifact(**changes: Any) -> dict[str, Any]:
    """Of two trees one asks for the amount and, where it is large, for the run; the other is one leaf."""
    return {
        "format": FORMAT,
        "features_version": VERSION,
        "features": list(NAMES),
        "label_delay_days": 7,
        "base": -4.0,
        "trees": {
            "roots": [0, 5],
            "features": [AMOUNT, LEAF, RUN, LEAF, LEAF, LEAF],
            "thresholds": [100.0, 0.0, 2.0, 0.0, 0.0, 0.0],
            "left": [1, 0, 3, 0, 0, 0],
            "unknown": [2, 0, 3, 0, 0, 0],
            "values": [0.25, -1.0, 1.5, 1.0, 2.0, 0.5],
        },
        "threshold": 0.3,
        "card": {},
    } | changes


def model(**changes: Any) -> Model:
    return Model.from_json(msgspec.json.encode(artifact(**changes)))


def values(amount: float, run: float = math.nan) -> list[float]:
    known = list(UNKNOWN)
    known[AMOUNT], known[RUN] = amount, run
    return known


@pytest.mark.parametrize(
    ("known", "leaf"),
    [
        (values(99.9), -1.0),
        (values(100, 1), 1.0),
        (values(100, 2), 2.0),
        (values(100), 1.0),
        (UNKNOWN, 1.0),
    ],
)
def test_log_odds_are_the_base_and_one_leaf_of_each_tree(known: list[float], leaf: float) -> None:
    assert model().log_odds(known) == -4.0 + leaf + 0.5


def test_contributions_lead_from_the_base_to_the_score() -> None:
    found = model().contributions(values(100, 2))
    assert (found[AMOUNT], found[RUN]) == (1.25, 0.5)
    assert model().base + sum(found) == model().log_odds(values(100, 2)) == -1.5


def test_values_are_compared_in_single_precision_as_in_training() -> None:
    assert model().log_odds(values(99.999999999, 2)) == model().log_odds(values(100, 2))


def test_version_is_of_the_artifacts_bytes() -> None:
    assert model().version == model().version != model(threshold=0.4).version


def changed_tree(**columns: list[int]) -> dict[str, Any]:
    return {"trees": artifact()["trees"] | columns}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"features_version": VERSION + 1}, "version"),
        ({"features": list(reversed(NAMES))}, "features"),
        ({"format": FORMAT + 1}, "format"),
        ({"threshold": 0.0}, "threshold"),
        ({"label_delay_days": 31}, "label delay"),
        ({"surplus": 1}, "surplus"),
        (changed_tree(roots=[9]), "not whole"),
        (changed_tree(left=[1, 0]), "not whole"),
        (changed_tree(left=[0, 0, 3, 0, 0, 0]), "node 0"),
    ],
)
def test_artifact_that_does_not_fit_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ArtifactError, match=said):
        model(**changes)


@pytest.mark.parametrize("cut", [lambda data: b"", lambda data: data[:-1], lambda data: b"[]"])
def test_what_is_no_artifact_is_refused(cut: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ArtifactError, match="no model's artifact"):
        Model.from_json(cut(msgspec.json.encode(artifact())))
