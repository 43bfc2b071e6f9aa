"""Tasks that need no deployment: simulate transactions, train a model and backtest it."""

# The tasks import numerical libraries, which take seconds to load.
# ruff: noqa: PLC0415

from invoke.context import Context

from cli.options import DAY, SHARED_HELP
from cli.task import NonNegativeInt, task

DATA = "Read labelled transactions, in order of time, from this CSV or Parquet file"


@task(
    help={
        "out": "Write this file, .csv or .parquet",
        "customers": "Simulate this number of accounts",
        "terminals": "Simulate this number of merchants",
        "days": "Simulate this number of days",
        "seed": "Use this seed; the same seed makes the same file",
        "start": "Start on this day",
    }
)
def simulate(
    _: Context,
    *,
    out: str,
    customers: int = NonNegativeInt(5_000),
    terminals: int = NonNegativeInt(10_000),
    days: int = NonNegativeInt(183),
    seed: int = NonNegativeInt(1),
    start: str = "2018-04-01",
) -> None:
    """Simulate a file of transactions with fraud.

    The simulation is that of the Fraud Detection Handbook. Customers buy at terminals near them. Fraud has
    three scenarios: large amounts, terminals that are compromised for four weeks, and cards with stolen
    details.
    """
    from cli.models.simulation import write_simulation

    write_simulation(out, customers=customers, terminals=terminals, days=days, seed=seed, start=start)


@task(
    help={
        "data": DATA,
        "out": "Write the model to this file",
        "from": f"Train from this day on: {DAY}",
        "to": f"Train until the end of this day: {DAY}",
        "seed": "Use this seed; the same seed and data make the same model",
        "alerts_per_day": "Choose the threshold for this number of alerts a day (default: 100)",
        "precision": "Choose the threshold for this precision, such as 0.5, instead of a number of alerts",
    }
)
def train(
    _: Context,
    *,
    data: str,
    out: str,
    unit: str = "",
    label_delay: str = "7d",
    from_: str = "",
    to: str = "",
    seed: int = NonNegativeInt(0),
    alerts_per_day: str = "",
    precision: str = "",
    json: bool = False,
) -> None:
    """Train a model on past transactions.

    Transactions before --from are history. Features have the values that the pipeline would have computed at
    the time of each transaction.
    """
    from cli.models.training import train_model

    train_model(
        data,
        out,
        unit=unit,
        label_delay=label_delay,
        train_from=from_,
        train_to=to,
        seed=seed,
        alerts_per_day=alerts_per_day,
        precision=precision,
        as_json=json,
    )


@task(
    help={
        "data": DATA,
        "model": "Decide with the model in this file (default: by rules only)",
        "rules": "Decide by the rules in this file (default: the setting rulesFile of the environment local)",
        "test_from": f"Test from this day on: {DAY} (default: the whole dataset)",
        "test_to": f"Test until the end of this day: {DAY}",
        "label_delay": f"{SHARED_HELP['label_delay']} (default: the label delay of the model, or 7d)",
        "scores": "Write the score, decision and reasons of each transaction to this CSV file",
        "html": "Write a report with charts to this file",
    }
)
def backtest(
    _: Context,
    *,
    data: str,
    model: str = "",
    rules: str = "",
    unit: str = "",
    test_from: str = "",
    test_to: str = "",
    label_delay: str = "",
    scores: str = "",
    html: str = "",
    json: bool = False,
) -> None:
    """Replay past transactions and measure the alerts.

    Figures exclude transactions of accounts that were known to be compromised at the start of the day.
    """
    from cli.models.backtesting import run_backtest
    from orchestration.rules_file import find_rules_file

    run_backtest(
        data,
        find_rules_file(rules, "local"),
        model=model,
        unit=unit,
        test_from=test_from,
        test_to=test_to,
        label_delay=label_delay,
        scores=scores,
        html=html,
        as_json=json,
    )
