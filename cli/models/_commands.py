"""The tasks that need no deployment: simulating, training, backtesting."""

# Each loads what it calculates with, which takes a while, and none needs what the others load.
# ruff: noqa: PLC0415

from cli.models.options import Backtested, Simulated, Trained

__all__ = ["Backtested", "Simulated", "Trained", "backtest", "simulate", "train"]


def simulate(typed: Simulated) -> None:
    """Write a file of transactions that are made up."""
    from cli.models import simulation

    simulation.simulate(typed)


def train(typed: Trained) -> None:
    """Write a model, and print its card."""
    from cli.models import training

    training.train(typed)


def backtest(typed: Backtested) -> None:
    """Print what rules, or a model with them, would have flagged."""
    from cli.models import backtesting

    backtesting.backtest(typed)
