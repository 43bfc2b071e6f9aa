"""Tasks that need no deployment: making up a past, training on one, and testing on one."""

# Imported in the tasks: what they calculate with takes seconds to load.
# ruff: noqa: PLC0415

from invoke.context import Context

from cli.options import JSON
from cli.task import Whole, task

DATA = "labelled transactions in order of time, CSV or Parquet"
UNIT = "what the file counts its times in: s or ms (default: told by the first, and said)"
LABEL_DELAY = "how long after a transaction its fraud is reported, such as 7d"
DAY = "a date, a time (UTC), or a number: a day of the file, from 0"


@task(
    help={
        "out": "file to write, .csv or .parquet",
        "customers": "accounts",
        "terminals": "merchants",
        "days": "how many days of transactions",
        "seed": "the same seed makes the same file",
        "start": "the first day",
    }
)
def simulate(
    _: Context,
    *,
    out: str,
    customers: int = Whole(5_000),
    terminals: int = Whole(10_000),
    days: int = Whole(183),
    seed: int = Whole(1),
    start: str = "2018-04-01",
) -> None:
    """Make up a file of transactions with fraud.

    As in the Fraud Detection Handbook: customers buy at terminals near them, and fraud is of three scenarios:
    large amounts, terminals that are compromised for four weeks, cards whose details are stolen.
    """
    from cli.models import _commands

    _commands.simulate(
        _commands.Simulated(
            out=out, customers=customers, terminals=terminals, days=days, seed=seed, start=start
        )
    )


@task(
    help={
        "data": DATA,
        "out": "file to write the model to",
        "unit": UNIT,
        "label_delay": LABEL_DELAY,
        "from": f"first day to train on: {DAY}",
        "to": f"last day to train on: {DAY}",
        "seed": "the same seed and data make the same model",
        "alerts_per_day": "threshold: that many alerts a day (default: 100, unless --precision is given)",
        "precision": "threshold: this share of the alerts is fraud, such as 0.5",
        "json": JSON,
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
    seed: int = Whole(0),
    alerts_per_day: str = "",
    precision: str = "",
    json: bool = False,
) -> None:
    """Train a model on past transactions.

    The file before --from is history: features are what the pipeline would have known at each transaction.
    """
    from cli.models import _commands

    _commands.train(
        _commands.Trained(
            data=data,
            out=out,
            unit=unit,
            label_delay=label_delay,
            train_from=from_,
            train_to=to,
            seed=seed,
            alerts_per_day=alerts_per_day,
            precision=precision,
            as_json=json,
        )
    )


@task(
    help={
        "data": DATA,
        "model": "file of a trained model (default: rules alone)",
        "rules": "file of rules (default: those that are deployed, stacks/processing/rules.yaml)",
        "unit": UNIT,
        "test_from": f"first day to test: {DAY} (default: the whole file)",
        "test_to": f"last day to test: {DAY}",
        "label_delay": f"{LABEL_DELAY} (default: the model's, or 7d)",
        "scores": "CSV file to write: each transaction's score, decision and reasons",
        "html": "report to write, with charts",
        "json": JSON,
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
    """Replay past transactions: what would be flagged.

    Transactions of accounts that were known to be compromised when the day began count for no figure.
    """
    from cli.models import _commands

    _commands.backtest(
        _commands.Backtested(
            data=data,
            model=model,
            rules=rules,
            unit=unit,
            test_from=test_from,
            test_to=test_to,
            label_delay=label_delay,
            scores=scores,
            html=html,
            as_json=json,
        )
    )
