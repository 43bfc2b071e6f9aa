"""Features and models of the Fraud Detection Handbook: the baselines of benchmarks/detection.py."""

from typing import Any

import numpy as np
import xgboost
from imblearn.ensemble import BalancedBaggingClassifier
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from benchmarks._protocol import DELAY_DAYS, Floats, History, Indices
from benchmarks._windows import DAY, sum_windows
from detection.data.simulation import SimulatedColumns

WINDOWS_DAYS = (1, 7, 30)
_NIGHT_ENDS = 6
_SATURDAY = 5
_NEURONS = 1000
# Candidates of each model. As in the handbook, the best candidate on an earlier week is measured.
BASELINES: dict[str, list[Any]] = {
    "logistic regression": [
        make_pipeline(StandardScaler(), LogisticRegression(C=strength)) for strength in (0.1, 1, 10)
    ],
    "random forest": [
        RandomForestClassifier(n_estimators=100, max_depth=depth, n_jobs=1, random_state=0)
        for depth in (10, 20, 50)
    ],
    "XGBoost": [
        xgboost.XGBClassifier(n_estimators=100, max_depth=depth, learning_rate=rate, n_jobs=1, random_state=0)
        for depth, rate in ((3, 0.1), (6, 0.1), (3, 0.3))
    ],
    "balanced bagging": [
        BalancedBaggingClassifier(
            DecisionTreeClassifier(max_depth=20),
            n_estimators=100,
            sampling_strategy=share,
            n_jobs=1,
            random_state=0,
        )
        for share in (0.02, 0.05, 0.1, 0.5)
    ],
    # The simple network of chapter 7: one hidden layer. The number of epochs replaces early stopping.
    "neural network": [
        make_pipeline(
            StandardScaler(),
            MLPClassifier(
                (_NEURONS,), learning_rate_init=1e-3, batch_size=512, max_iter=epochs, random_state=0
            ),
        )
        for epochs in (5, 20)
    ],
}


def read_history(simulation: SimulatedColumns) -> History:
    """The history of a simulation. The kind of a fraud is the number of its scenario."""
    names = np.array(["", "1", "2", "3"])
    return History(
        days=simulation.days,
        accounts=simulation.customers,
        kinds=names[simulation.scenarios],
        euros=simulation.amounts,
    )


def handbook_features(simulation: SimulatedColumns) -> Floats:
    """15 features of each transaction.

    Windows of a customer include the transaction; windows of a terminal end before the delay of labels.
    """
    # The first day is a Sunday.
    return common_features(
        simulation.customers,
        simulation.terminals,
        simulation.seconds,
        simulation.amounts,
        frauds=simulation.scenarios > 0,
        first_weekday=6,
    )


def common_features(
    accounts: Indices,
    merchants: Indices,
    seconds: Indices,
    amounts: Floats,
    *,
    frauds: NDArray[np.bool_],
    first_weekday: int,
) -> Floats:
    """The handbook's 15 features. `first_weekday`: that of the first day, 0 is Monday."""
    weekend = (seconds // DAY + first_weekday) % 7 >= _SATURDAY
    night = seconds % DAY // 3600 <= _NIGHT_ENDS
    columns = [amounts, weekend.astype(float), night.astype(float)]
    for days in WINDOWS_DAYS:
        count, total = sum_windows(accounts, seconds, amounts, length=days * DAY)
        columns += [count, total / np.maximum(count, 1)]
    for days in WINDOWS_DAYS:
        count, total = sum_windows(
            merchants, seconds, frauds.astype(float), length=days * DAY, delay=DELAY_DAYS * DAY
        )
        columns += [count, total / np.maximum(count, 1)]
    return np.column_stack(columns)
