"""The tasks of rules: whether they can be used, what they are, and what they would have flagged."""

# Each loads what it needs, and the first two need little.
# ruff: noqa: PLC0415

from cli.rules.places import rules_file
from functions.common.runtime.clock import now_ms


def check(file: str, env: str, *, as_json: bool) -> int:
    """Print all that is wrong with a file of rules, or what it holds; the exit status."""
    from cli.rules import checking

    return checking.check(rules_file(file, env), as_json=as_json)


def show(file: str, env: str, *, as_json: bool) -> None:
    """Print the rules of a file."""
    from cli.models.told import told_to_users
    from cli.rules import listing
    from detection.rules.rule_file import rules_of

    with told_to_users():
        listing.show(rules_of(rules_file(file, env)), now_ms(), as_json=as_json)


def try_rules(
    data: str, *, file: str, env: str, label_delay: str, unit: str, out: str, as_json: bool
) -> None:
    """Print what each rule would have flagged of past transactions."""
    from cli.rules import trial

    trial.try_rules(trial.Asked(data, rules_file(file, env), label_delay, unit, out, as_json))
