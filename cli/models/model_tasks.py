"""Tasks that need no deployment: simulate transactions, train a model and backtest it."""

# The tasks import numerical libraries, which take seconds to load.
# ruff: noqa: PLC0415

from invoke.context import Context

from cli.options import DAY, SHARED_HELP
from cli.task import NonNegativeInt, task

DEFAULT_RULES = "(default: the setting rulesFile of the environment local)"
DATA = "Read labelled transactions, in order of time, from this CSV or Parquet file"


@task(
    help={
        "out": "Write this file, .csv or .parquet",
        "world": "Simulate this world: payments or handbook",
        "customers": "Simulate this number of accounts (default: 1000; handbook: 5000)",
        "terminals": "Simulate this number of merchants (default: 800; handbook: 10000)",
        "days": "Simulate this number of days (default: 120; handbook: 183)",
        "seed": "Use this seed; the same seed makes the same file",
        "start": "Start on this day (default: 2026-01-05; handbook: 2018-04-01)",
    }
)
def simulate(
    _: Context,
    *,
    out: str,
    world: str = "payments",
    customers: str = "",
    terminals: str = "",
    days: str = "",
    seed: int = NonNegativeInt(1),
    start: str = "",
) -> None:
    """Simulate a file of transactions with fraud.

    The world payments has cards and transfers in several countries and currencies, devices, IP addresses and
    refunds. Its scenarios are card testing, account takeover, skimmed cards, bust-out, mule merchants and
    friendly fraud. The world handbook is the simulation of the Fraud Detection Handbook: customers buy at
    terminals near them, with large amounts, compromised terminals and stolen cards as scenarios.
    """
    from cli.models.simulation import write_simulation

    write_simulation(
        out, world=world, customers=customers, terminals=terminals, days=days, seed=seed, start=start
    )


@task(
    help={
        "data": f"{DATA}, or the decisions in this folder of invoke export",
        "out": "Write the model to this file",
        "rules": f"Learn with the rules in this file {DEFAULT_RULES}",
        "from": f"Train from this day on: {DAY} (default: after 30 days, or a quarter of the file)",
        "to": f"Train until the end of this day: {DAY}",
        "seed": "Use this seed; the same seed and data make the same model",
        "alerts_per_day": "Choose the threshold for this number of alerts a day (default: 100)",
        "precision": "Choose the threshold for this precision, such as 0.5, instead of a number of alerts",
        "trees": "Use the trees in this file, trained by XGBoost on other days, instead of training them",
    }
)
def train(
    _: Context,
    *,
    data: str,
    out: str,
    rules: str = "",
    unit: str = "",
    columns: str = "",
    timezone: str = "",
    rejects: str = "",
    label_delay: str = "7d",
    from_: str = "",
    to: str = "",
    seed: int = NonNegativeInt(0),
    alerts_per_day: str = "",
    precision: str = "",
    trees: str = "",
    json: bool = False,
) -> None:
    """Train a model on past transactions.

    Transactions before --from are history only. Features have the values that the pipeline would have
    computed at the time of each transaction.
    """
    from cli.models.training import train_model
    from orchestration.rules_file import find_rules_file

    train_model(
        data,
        out,
        find_rules_file(rules, "local"),
        unit=unit,
        columns=columns,
        timezone=timezone,
        rejects=rejects,
        label_delay=label_delay,
        train_from=from_,
        train_to=to,
        seed=seed,
        alerts_per_day=alerts_per_day,
        precision=precision,
        trees=trees,
        as_json=json,
    )


@task(
    help={
        "data": DATA,
        "model": "Decide with the model in this file (default: by rules only)",
        "rules": f"Decide by the rules in this file {DEFAULT_RULES}",
        "test_from": f"Test from this day on: {DAY} (default: after the training of the model)",
        "test_to": f"Test until the end of this day: {DAY}",
        "label_delay": f"{SHARED_HELP['label_delay']} (default: the label delay of the model, or 7d)",
        "without": "Leave out a part of the decision: rules or model",
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
    columns: str = "",
    timezone: str = "",
    rejects: str = "",
    test_from: str = "",
    test_to: str = "",
    label_delay: str = "",
    without: str = "",
    scores: str = "",
    html: str = "",
    json: bool = False,
) -> None:
    """Replay past transactions and measure the alerts.

    Without --test-from, a model is tested on the days after its training, and rules alone on all days.
    Figures exclude transactions of accounts that were known to be compromised at the start of the day.
    """
    from cli.models.backtesting import run_backtest
    from orchestration.rules_file import find_rules_file

    run_backtest(
        data,
        find_rules_file(rules, "local"),
        model=model,
        unit=unit,
        columns=columns,
        timezone=timezone,
        rejects=rejects,
        test_from=test_from,
        test_to=test_to,
        label_delay=label_delay,
        without=without,
        scores=scores,
        html=html,
        as_json=json,
    )
