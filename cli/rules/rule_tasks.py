"""Tasks of those who write rules; none needs a deployment."""

# Imported in the tasks: what they calculate with takes a while to load.
# ruff: noqa: PLC0415

from invoke.context import Context

from cli.models.model_tasks import LABEL_DELAY, UNIT
from cli.options import JSON
from cli.task import task

ENV = "environment whose rules are meant: local, dev, staging or prod"
FILE = "file of rules (default: the one that the environment's settings name)"


@task(help={"file": FILE, "env": ENV, "json": JSON})
def check(_: Context, file: str = "", env: str = "local", json: bool = False) -> int:
    """Say what is wrong with the rules, and where.

    Each fault has its line and column. Deployments check the same.
    """
    from cli.rules import _commands

    return _commands.check(file, env, as_json=json)


@task(name="list", help={"file": FILE, "env": ENV, "json": JSON})
def list_(_: Context, file: str = "", env: str = "local", json: bool = False) -> None:
    """Show the rules: mode, weight, validity, sentence."""
    from cli.rules import _commands

    _commands.show(file, env, as_json=json)


@task(
    name="try",
    positional=["data"],
    help={
        "data": "transactions in order of time, labelled or not, CSV or Parquet",
        "rules": FILE,
        "env": ENV,
        "label_delay": LABEL_DELAY,
        "unit": UNIT,
        "out": "CSV file to write: each rule with each transaction that it holds for",
        "json": JSON,
    },
)
def try_(
    _: Context,
    *,
    data: str,
    rules: str = "",
    env: str = "local",
    label_delay: str = "7d",
    unit: str = "",
    out: str = "",
    json: bool = False,
) -> None:
    """Show what each rule would have flagged in the past.

    The file is replayed in order of time: features are what the pipeline would have known at that time.
    Rules that are in shadow or off are tried as if they were on.
    """
    from cli.rules import _commands as commands

    commands.try_rules(data, file=rules, env=env, label_delay=label_delay, unit=unit, out=out, as_json=json)
