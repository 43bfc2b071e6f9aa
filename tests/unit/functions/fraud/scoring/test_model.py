"""Scores and contributions of a model, and invalid artifacts."""

import math
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from functions.common.domain.features import FEATURE_NAMES, FEATURES_VERSION
from functions.fraud.scoring.model import ARTIFACT_FORMAT, LEAF, ArtifactError, FraudModel

AMOUNT, RUN = FEATURE_NAMES.index("amount_euros"), FEATURE_NAMES.index("merchant_run")
UNKNOWN = [math.nan] * len(FEATURE_NAMES)


def build_artifact(**changes: Any) -> dict[str, Any]:
    """An artifact with two trees. One tests the amount and then the run; the other is a single leaf."""
    return {
        "format": ARTIFACT_FORMAT,
        "features_version": FEATURES_VERSION,
        "features": list(FEATURE_NAMES),
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
        "rules": [{"id": "over", "condition": "ab12", "log_odds": 1.5, "matches": 40, "frauds": 9}],
        "threshold": 0.3,
        "card": {},
    } | changes


def load_model(**changes: Any) -> FraudModel:
    return FraudModel.from_json(msgspec.json.encode(build_artifact(**changes)))


def build_values(amount: float, run: float = math.nan) -> list[float]:
    values = list(UNKNOWN)
    values[AMOUNT], values[RUN] = amount, run
    return values


@pytest.mark.parametrize(
    ("values", "leaf"),
    [
        (build_values(99.9), -1.0),
        (build_values(100, 1), 1.0),
        (build_values(100, 2), 2.0),
        (build_values(100), 1.0),
        (UNKNOWN, 1.0),
    ],
)
def test_log_odds_are_the_base_and_one_leaf_of_each_tree(values: list[float], leaf: float) -> None:
    assert load_model().log_odds(values) == -4.0 + leaf + 0.5


def test_base_and_contributions_add_up_to_the_log_odds() -> None:
    contributions = load_model().contributions(build_values(100, 2))
    assert (contributions[AMOUNT], contributions[RUN]) == (1.25, 0.5)
    assert load_model().base + sum(contributions) == load_model().log_odds(build_values(100, 2)) == -1.5


def test_values_are_compared_in_single_precision_as_in_training() -> None:
    assert load_model().log_odds(build_values(99.999999999, 2)) == load_model().log_odds(build_values(100, 2))


def test_evidence_is_that_of_a_rule_with_the_same_condition() -> None:
    model = load_model()
    assert model.find_evidence("over", "ab12") == 1.5
    assert model.find_evidence("over", "cd34") is model.find_evidence("under", "ab12") is None


def test_version_depends_on_the_bytes_of_the_artifact() -> None:
    assert load_model().version == load_model().version != load_model(threshold=0.4).version


def change_trees(**columns: list[int]) -> dict[str, Any]:
    return {"trees": build_artifact()["trees"] | columns}


@pytest.mark.parametrize(
    ("changes", "subject"),
    [
        ({"features_version": FEATURES_VERSION + 1}, "version"),
        ({"features": list(reversed(FEATURE_NAMES))}, "features"),
        ({"format": ARTIFACT_FORMAT + 1}, "format"),
        ({"threshold": 0.0}, "threshold"),
        ({"label_delay_days": 31}, "label delay"),
        ({"surplus": 1}, "surplus"),
        (
            {"rules": [{"id": "over", "condition": "a", "log_odds": -0.1, "matches": 1, "frauds": 1}]},
            "over",
        ),
        (change_trees(roots=[9]), "trees"),
        (change_trees(left=[1, 0]), "trees"),
        (change_trees(left=[0, 0, 3, 0, 0, 0]), "node 0"),
    ],
)
def test_artifact_that_does_not_fit_is_rejected(changes: dict[str, Any], subject: str) -> None:
    with pytest.raises(ArtifactError, match=subject):
        load_model(**changes)


@pytest.mark.parametrize("cut", [lambda data: b"", lambda data: data[:-1], lambda data: b"[]"])
def test_file_that_is_not_an_artifact_is_rejected(cut: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ArtifactError):
        FraudModel.from_json(cut(msgspec.json.encode(build_artifact())))
