"""Tasks that check, list and try rules. They need no deployment."""

# The tasks import numerical libraries, which take seconds to load.
# ruff: noqa: PLC0415

from invoke.context import Context

from cli.task import task

ENV = "Use the rules of this environment: local, dev, staging or prod"
FILE = "Use this rules file (default: the setting rulesFile of the environment)"


SAME = "The same as --rules"


@task(help={"rules": FILE, "file": SAME, "env": ENV})
def check(_: Context, rules: str = "", file: str = "", env: str = "local", json: bool = False) -> int:
    """Check the rules and show each fault with its position.

    A position is a line and a column. Deployments make the same check. A note names the rules that the model
    of the environment was not trained with.
    """
    from cli.rules.rules_file_view import check_rules
    from orchestration.rules_file import find_model_file, find_rules_file

    return check_rules(find_rules_file(rules or file, env), find_model_file(env), as_json=json)


@task(name="list", help={"rules": FILE, "file": SAME, "env": ENV})
def list_(_: Context, rules: str = "", file: str = "", env: str = "local", json: bool = False) -> None:
    """List the rules: mode, weight, validity and sentence."""
    from cli.rules.rules_file_view import show_rules
    from functions.common.runtime.clock import now_ms
    from orchestration.rules_file import find_rules_file

    show_rules(find_rules_file(rules or file, env), now_ms(), as_json=json)


@task(
    name="try",
    positional=["data"],
    help={
        "data": "Read transactions, in order of time, from this CSV or Parquet file; labels are optional",
        "rules": FILE,
        "env": ENV,
        "out": "Write each match of a rule and a transaction to this CSV file",
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
    columns: str = "",
    timezone: str = "",
    rejects: str = "",
    out: str = "",
    json: bool = False,
) -> None:
    """Show which past transactions each rule flags.

    Features have the values that the pipeline would have computed at the time of each transaction. Each rule
    counts by itself and in any mode. The last row is for all rules in the mode on.
    """
    from cli.rules.trial import try_rules
    from orchestration.rules_file import find_rules_file

    rules_file = find_rules_file(rules, env)
    try_rules(
        data,
        rules_file,
        label_delay=label_delay,
        unit=unit,
        columns=columns,
        timezone=timezone,
        rejects=rejects,
        out=out,
        as_json=json,
    )
