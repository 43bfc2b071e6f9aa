"""A trained model as the function has it: trees in flat lists, walked in plain Python.

The artifact is made by detection/training: gradient-boosted trees with leaves that are calibrated, so that
their sum is the log-odds of fraud. Inner nodes keep what is expected there, which tells each feature's share.
"""

import hashlib
from array import array
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from functions.common.domain.features import NAMES, VERSION

FORMAT = 1
LEAF = -1
_VERSION_DIGITS = 12
# Profiles of merchants keep so many days more than their longest window.
MOST_LABEL_DELAY_DAYS = 30


class ArtifactError(ValueError):
    """The artifact cannot be used by this code; one line that says why."""


class Trees(Struct, frozen=True, kw_only=True):
    """The nodes of all trees, one list for each of their properties; trees begin at `roots`.

    `features`: the place of the feature that a node asks for, or LEAF. Values below the threshold go to
    node `left`, others to the one behind it, what is not known to `unknown`. `values`: log-odds there.
    """

    roots: list[int]
    features: list[int]
    thresholds: list[float]
    left: list[int]
    unknown: list[int]
    values: list[float]


class Artifact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What training writes. `base` is in log-odds, `threshold` a probability; `card`: how it came to be."""

    format: int
    features_version: int
    features: list[str]
    label_delay_days: int
    base: float
    trees: Trees
    threshold: float
    card: dict[str, Any]


class Model:
    """Scores features in the order of their NAMES. `base` is the log-odds before any feature is looked at."""

    def __init__(self, artifact: Artifact, version: str) -> None:
        self.version = version
        self.threshold = artifact.threshold
        self.label_delay_days = artifact.label_delay_days
        self.card = artifact.card
        self.trees = artifact.trees
        self.start = artifact.base
        self.base = artifact.base + sum(artifact.trees.values[root] for root in artifact.trees.roots)

    @classmethod
    def from_json(cls, data: bytes) -> "Model":
        """The model of an artifact. Raises ArtifactError for what is none, or does not fit the features."""
        try:
            artifact = msgspec.json.decode(data, type=Artifact)
        except msgspec.DecodeError as error:
            raise ArtifactError(f"this is no model's artifact: {error}") from error
        _check(artifact)
        return cls(artifact, hashlib.sha256(data).hexdigest()[:_VERSION_DIGITS])

    def log_odds(self, values: Sequence[float]) -> float:
        """Of fraud."""
        known, leaves = _rounded(values), self.trees.values
        total = self.start
        for root in self.trees.roots:
            total += leaves[self._leaf(root, known)]
        return total

    def contributions(self, values: Sequence[float]) -> list[float]:
        """What each feature adds to `base`, in log-odds: with it, they sum to `log_odds`.

        By the path to each leaf: what is expected at a node less what was expected at the one before it.
        """
        trees, known = self.trees, _rounded(values)
        found = [0.0] * len(NAMES)
        for root in trees.roots:
            node = root
            while (feature := trees.features[node]) != LEAF:
                child = self._next(node, known)
                found[feature] += trees.values[child] - trees.values[node]
                node = child
        return found

    def _leaf(self, node: int, known: Sequence[float]) -> int:
        trees = self.trees
        features, thresholds, left = trees.features, trees.thresholds, trees.left
        while (feature := features[node]) >= 0:
            value = known[feature]
            if value < thresholds[node]:
                node = left[node]
            elif value == value:  # noqa: PLR0124  # not so for what is not known
                node = left[node] + 1
            else:
                node = trees.unknown[node]
        return node

    def _next(self, node: int, known: Sequence[float]) -> int:
        trees, value = self.trees, known[self.trees.features[node]]
        if value < trees.thresholds[node]:
            return trees.left[node]
        return trees.left[node] + 1 if value == value else trees.unknown[node]  # noqa: PLR0124


def _rounded(values: Sequence[float]) -> list[float]:
    """As training compares them: in single precision."""
    return array("f", values).tolist()


def _check(artifact: Artifact) -> None:
    if artifact.format != FORMAT:
        raise ArtifactError(
            f"the artifact has format {artifact.format}, this code reads {FORMAT}; train again"
        )
    if artifact.features_version != VERSION or tuple(artifact.features) != NAMES:
        raise ArtifactError(
            f"the artifact is for version {artifact.features_version} of the features, and this code has"
            f" version {VERSION}; train again"
        )
    if not 0 < artifact.threshold <= 1:
        raise ArtifactError(f"the threshold {artifact.threshold} is no probability above 0")
    if artifact.label_delay_days not in range(MOST_LABEL_DELAY_DAYS + 1):
        raise ArtifactError(f"a label delay of {artifact.label_delay_days} days is more than profiles keep")
    _check_trees(artifact.trees)


def _check_trees(trees: Trees) -> None:
    """Raises ArtifactError for trees that a walk would leave, or not end in."""
    size = len(trees.features)
    columns = (trees.thresholds, trees.left, trees.unknown, trees.values)
    if any(len(column) != size for column in columns) or any(root not in range(size) for root in trees.roots):
        raise ArtifactError("the artifact's trees are not whole")
    for node, feature in enumerate(trees.features):
        # Children stand behind their parents: every walk ends.
        children = (trees.left[node], trees.unknown[node])
        if feature != LEAF and not (
            feature in range(len(NAMES))
            and all(node < child < size for child in (*children, children[0] + 1))
        ):
            raise ArtifactError(f"node {node} of the artifact's trees is not valid")
