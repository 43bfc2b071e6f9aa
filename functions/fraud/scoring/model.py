"""The trained model: gradient-boosted trees in flat lists, evaluated in plain Python, and evidence of rules.

Training writes the artifact. Its leaves are calibrated, so that their sum and the evidence of the matching
rules are the log-odds of fraud. Inner nodes hold the expected log-odds at the node, which gives the
contribution of each feature.
"""

import hashlib
from array import array
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from functions.common.domain.features import FEATURE_NAMES, FEATURES_VERSION

ARTIFACT_FORMAT = 2
LEAF = -1
MAX_EVIDENCE = 20.0
_VERSION_DIGITS = 12
# Merchant profiles retain this many days beyond their longest window.
# A merchant's transactions are counted minutes late, so that windows cannot end now.
MIN_LABEL_DELAY_DAYS, MAX_LABEL_DELAY_DAYS = 1, 30


class ArtifactError(ValueError):
    """The model artifact is unusable."""


class Trees(Struct, frozen=True, kw_only=True):
    """The nodes of all trees, as one list per property. Each tree starts at a node in `roots`.

    `features` holds the position of the feature that a node tests, or LEAF. A value below the threshold leads
    to node `left`, another value to node `left + 1`, an unknown value to node `unknown`. `values` holds the
    log-odds at each node.
    """

    roots: list[int]
    features: list[int]
    thresholds: list[float]
    left: list[int]
    unknown: list[int]
    values: list[float]


class RuleEvidence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule as training knew it. A match adds `log_odds`, at least 0, to the log-odds of the trees.

    `condition`: the digest of the compiled condition with its limits. `matches` and `frauds`: the number of
    labelled transactions in training that the rule matched, and of the frauds among them.
    """

    id: str
    condition: str
    log_odds: float
    matches: int
    frauds: int


class Artifact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file that training writes. `base` is in log-odds; `threshold` is a probability.

    `rules` are the rules that training knew. `card` describes the training run.
    """

    format: int
    features_version: int
    features: list[str]
    label_delay_days: int
    base: float
    trees: Trees
    # Without a default, an artifact of an older format would have a confusing error.
    rules: list[RuleEvidence] = []
    threshold: float
    card: dict[str, Any]


class FraudModel:
    """Scores features in the order of FEATURE_NAMES. `base` is the expected log-odds without any feature."""

    def __init__(self, artifact: Artifact, version: str) -> None:
        self.version = version
        self.threshold = artifact.threshold
        self.label_delay_days = artifact.label_delay_days
        self.card = artifact.card
        self.trees = artifact.trees
        self.rules = artifact.rules
        self._evidence = {(rule.id, rule.condition): rule.log_odds for rule in artifact.rules}
        self._roots = _link_nodes(artifact.trees)
        self.initial_log_odds = artifact.base
        self.base = artifact.base + sum(artifact.trees.values[root] for root in artifact.trees.roots)

    @classmethod
    def from_json(cls, data: bytes) -> "FraudModel":
        """Load an artifact. Raises ArtifactError if it is invalid or does not fit the features."""
        try:
            artifact = msgspec.json.decode(data, type=Artifact)
        except msgspec.DecodeError as error:
            raise ArtifactError(f"the file is not a model artifact: {error}; train a model") from error
        _check(artifact)
        return cls(artifact, hashlib.sha256(data).hexdigest()[:_VERSION_DIGITS])

    def find_evidence(self, rule_id: str, condition: str) -> float | None:
        """The log-odds that a match of the rule adds. None if training did not know this condition."""
        return self._evidence.get((rule_id, condition))

    def log_odds(self, values: Sequence[float]) -> float:
        """The log-odds of fraud, without the evidence of rules."""
        rounded, total = _round_to_float32(values), self.initial_log_odds
        for root in self._roots:
            node = root
            while type(node) is tuple:
                feature, threshold, below, above, unknown, _ = node
                value = rounded[feature]
                if value < threshold:
                    node = below
                elif value == value:  # noqa: PLR0124  # false for NaN
                    node = above
                else:
                    node = unknown
            total += node
        return total

    def contributions(self, values: Sequence[float]) -> list[float]:
        """The contribution of each feature to the log-odds: `base` plus their sum is `log_odds`.

        Each step on the path to a leaf contributes the change of the expected log-odds to the tested feature.
        """
        rounded = _round_to_float32(values)
        contributions = [0.0] * len(FEATURE_NAMES)
        for root in self._roots:
            node = root
            while type(node) is tuple:
                feature, threshold, below, above, unknown, expected = node
                value = rounded[feature]
                if value < threshold:
                    node = below
                elif value == value:  # noqa: PLR0124  # false for NaN
                    node = above
                else:
                    node = unknown
                contributions[feature] += (node[-1] if type(node) is tuple else node) - expected
        return contributions


def _link_nodes(trees: Trees) -> list[Any]:
    """The roots of the trees, in a form that takes 40 % less time to evaluate than the lists.

    A leaf is its log-odds. Another node is (feature, threshold, node below it, other node, node if unknown,
    expected log-odds).
    """
    nodes: list[Any] = list(trees.values)
    # From the last node to the first one, because children follow their parents in the lists.
    for node, feature, threshold, left, unknown in zip(
        range(len(nodes) - 1, -1, -1),
        reversed(trees.features),
        reversed(trees.thresholds),
        reversed(trees.left),
        reversed(trees.unknown),
        strict=True,
    ):
        if feature != LEAF:
            nodes[node] = (feature, threshold, nodes[left], nodes[left + 1], nodes[unknown], nodes[node])
    return [nodes[root] for root in trees.roots]


def _round_to_float32(values: Sequence[float]) -> list[float]:
    """The values in single precision, in which training compares them."""
    return array("f", values).tolist()


def _check(artifact: Artifact) -> None:
    if artifact.format != ARTIFACT_FORMAT:
        raise ArtifactError(
            f"artifact format {artifact.format} is not the supported format {ARTIFACT_FORMAT}; train again"
        )
    if artifact.features_version != FEATURES_VERSION or tuple(artifact.features) != FEATURE_NAMES:
        raise ArtifactError(
            f"the artifact's features (version {artifact.features_version}) are not those of this code"
            f" (version {FEATURES_VERSION}); train again"
        )
    if not 0 < artifact.threshold <= 1:
        raise ArtifactError(f"threshold {artifact.threshold} is not above 0 and at most 1; train again")
    if artifact.label_delay_days not in range(MIN_LABEL_DELAY_DAYS, MAX_LABEL_DELAY_DAYS + 1):
        raise ArtifactError(
            f"label delay of {artifact.label_delay_days} days is not {MIN_LABEL_DELAY_DAYS} to"
            f" {MAX_LABEL_DELAY_DAYS}; train again"
        )
    for rule in artifact.rules:
        if not 0 <= rule.log_odds <= MAX_EVIDENCE:
            raise ArtifactError(f"evidence of rule {rule.id} is not 0 to {MAX_EVIDENCE:g}; train again")
    _check_trees(artifact.trees)


def _check_trees(trees: Trees) -> None:
    """Raise ArtifactError if evaluating the trees could leave the lists or never end."""
    size = len(trees.features)
    columns = (trees.thresholds, trees.left, trees.unknown, trees.values)
    if any(len(column) != size for column in columns) or any(root not in range(size) for root in trees.roots):
        raise ArtifactError("the artifact's trees are incomplete; train again")
    count, last = len(FEATURE_NAMES), size - 1
    # Children follow their parents in the lists, so every path ends.
    for node, feature, left, unknown in zip(
        range(size), trees.features, trees.left, trees.unknown, strict=True
    ):
        if feature != LEAF and not (0 <= feature < count and node < left < last and node < unknown < size):
            raise ArtifactError(f"node {node} of the artifact's trees is invalid; train again")
