"""The tasks of analysts: lists, snoozes, why something was decided, and how a candidate does."""

from rich.text import Text

from detection.rules.rule_file import rules_of
from functions.common.runtime.clock import now_ms
from functions.fraud.scoring.rules import RulesError
from operations.deployed import Deployed
from operations.monitoring.locate import Locator
from operations.review import arguments, audit_trail, entries_view, lists, snoozes, transaction_record
from operations.review import candidate_report_view as shadow
from operations.review import explain as explaining
from operations.review.entries import Sayings
from operations.review.profiles_table import ProfilesTable
from orchestration import engines, environments
from shared.configuration import validate_file
from stacks.processing.settings import ProcessingSettings
from terminal import durations
from terminal.errors import UserError
from terminal.output import console

# What was typed is checked first, before anything is asked of AWS.


def add_to_list(env: str, list_: str, kind: str, id_: str, *, reason: str, until: str, author: str) -> None:
    """Put an account or merchant on a list."""
    entry = lists.entry(list_, kind, id_, reason=reason, until=until, author=author, now_ms=now_ms())
    _say(lists.add(_sayings(env), entry))


def remove_from_list(env: str, list_: str, kind: str, id_: str, *, reason: str, author: str) -> None:
    """Take an account or merchant off its list."""
    removal = lists.removal(list_, kind, id_, reason=reason, author=author)
    _say(lists.remove(_sayings(env), removal))


def show_lists(env: str, *, only: str, ended: bool, audit: bool, as_json: bool) -> None:
    """Print who is on the lists, or every change of lists and snoozes."""
    if only:
        arguments.one_of("list", only, arguments.LISTS)
    if audit and (only or ended):
        raise UserError("--audit shows every change: it takes no --list and no --all.")
    table = _profiles(_deployed(env))
    if audit:
        entries_view.show_changes(list(audit_trail.changes(table)), as_json=as_json)
    else:
        entries_view.show_lists(
            audit_trail.listings(table), now_ms(), only=only, ended=ended, as_json=as_json
        )


def snooze(env: str, kind: str, id_: str, *, until: str, reason: str, author: str, ending: bool) -> None:
    """Have nobody told of an account or because of a rule for a while, or end that."""
    if ending and until:
        raise UserError("--end ends a snooze now: it takes no --until.")
    if ending:
        _say(snoozes.end(_sayings(env), snoozes.ending(kind, id_, reason=reason, author=author)))
        return
    entry = snoozes.entry(
        kind, id_, reason=reason, until=until, author=author, rules=lambda: _rules(env), now_ms=now_ms()
    )
    _say(snoozes.start(_sayings(env), entry))


def show_snoozes(env: str, *, ended: bool, as_json: bool) -> None:
    """Print what is snoozed."""
    table = _profiles(_deployed(env))
    entries_view.show_snoozes(audit_trail.snoozes(table), now_ms(), ended=ended, as_json=as_json)


def explain(env: str, transaction_id: str, *, as_json: bool) -> None:
    """Print why a transaction was decided as it was."""
    arguments.identifier("transaction", transaction_id)
    deployed = _deployed(env)
    stored = transaction_record.find(deployed.dynamodb_client(), deployed.transactions_table, transaction_id)
    location = None
    if stored.decision is None:
        location = Locator.of(deployed).locate(transaction_id, stored.received_at, now_ms())
    explaining.show(stored, location, as_json=as_json)


def shadow_report(env: str, *, since: str, as_json: bool) -> None:
    """Print how a candidate and rules in shadow did."""
    since_ms = now_ms() - durations.milliseconds("--since", since)
    deployed = _deployed(env)
    shadow.report(
        deployed.dynamodb_client(),
        deployed.transactions_table,
        since_ms=since_ms,
        since=since,
        as_json=as_json,
    )


def _rules(env: str) -> list[str]:
    """The ids of the rules in this tree, which are those that are deployed from it."""
    environment = environments.find(env)
    settings = validate_file(ProcessingSettings, environment.name, environment.root)
    try:
        ruleset = rules_of(environment.stack_folder("processing") / settings.rules_file)
    except RulesError as error:
        raise UserError(f"{str(error).splitlines()[0]}.", "See: invoke rules.check") from error
    return [rule.id for rule in ruleset.rules]


def _deployed(env: str) -> Deployed:
    environment = environments.find(env)
    # The same names are in every account.
    engines.check_guards(environment)
    return Deployed.in_environment(environment)


def _profiles(deployed: Deployed) -> ProfilesTable:
    return ProfilesTable(deployed.dynamodb_client(), deployed.profiles_table)


def _sayings(env: str) -> Sayings:
    deployed = _deployed(env)
    return Sayings(_profiles(deployed), deployed.caller())


def _say(message: str) -> None:
    console.print(Text(message))
