"""The tasks that need no deployment: simulating, training, backtesting."""

# Each loads what it calculates with, which takes a while, and none needs what the others load.
# ruff: noqa: PLC0415

from orchestration.detecting.typed import Backtested, Simulated, Trained

__all__ = ["Backtested", "Simulated", "Trained", "backtest", "simulate", "train"]


def simulate(typed: Simulated) -> None:
    """Write a file of transactions that are made up."""
    from orchestration.detecting import simulating

    simulating.simulate(typed)


def train(typed: Trained) -> None:
    """Write a model, and print its card."""
    from orchestration.detecting import training

    training.train(typed)


def backtest(typed: Backtested) -> None:
    """Print what rules, or a model with them, would have flagged."""
    from orchestration.detecting import backtesting

    backtesting.backtest(typed)
