"""A sample of the genuine transactions, so that the memory of training does not grow with the history.

Frauds are rare, and all of them are kept. The kept genuine transactions get a weight, so that weighted counts
and rates are those of all transactions.
"""

import numpy as np
from numpy.typing import NDArray

# 2 million rows of 44 features in single precision are 350 MB.
MAX_GENUINE = 2_000_000


class GenuineSampler:
    """Keeps every fraud and a random share of the genuine transactions.

    `genuine`: the number of all genuine transactions. About `max_genuine` of them are kept. The
    same transactions, in the same order, and the same seed give the same sample, in batches of any size.
    """

    def __init__(self, genuine: int, max_genuine: int = MAX_GENUINE, seed: int = 0) -> None:
        self._share = min(max_genuine / genuine, 1.0) if genuine else 1.0
        self._random = np.random.default_rng(seed)

    @property
    def weight(self) -> float:
        """The number of genuine transactions that each kept one represents: 1 if all are kept."""
        return 1 / self._share

    def choose(self, labels: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether to keep each of the next transactions. `labels`: True for fraud."""
        if self._share == 1:
            return np.ones(len(labels), np.bool_)
        # A number is drawn for frauds too: the sample does not depend on the size of batches.
        return labels | (self._random.random(len(labels)) < self._share)

    def weights(self, labels: NDArray[np.bool_]) -> NDArray[np.float32]:
        """The weight of each kept transaction."""
        return np.where(labels, 1, self.weight).astype(np.float32)
