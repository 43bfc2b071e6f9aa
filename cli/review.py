"""Tasks of analysts: lists, snoozes, explanations of decisions, and the report on a candidate model."""

# ruff: noqa: PLC0415

from invoke.context import Context

from cli.options import SINCE
from cli.task import task

LIST = "Use this list: block (always flag) or allow (never flag)"
KIND = "Select what the id identifies: account or merchant"
ID = "Use the account or merchant with this id"
SNOOZE_KIND = "Select what the id identifies: account or rule"
UNTIL = "End after a duration (2h, 90d) or with a day (2026-12-31, UTC)"
REASON = "Record this reason in the audit log"
AUTHOR = "Record this author (default: the name of the AWS caller)"
ENDED = "Include entries that ended in the last 90 days"

# Arguments are checked before AWS is called.


@task(
    positional=["list_", "kind", "id_"],
    help={
        "list": LIST,
        "kind": KIND,
        "id": ID,
        "reason": REASON,
        "until": UNTIL,
        "author": AUTHOR,
    },
)
def add(
    _: Context,
    *,
    list_: str,
    kind: str,
    id_: str,
    reason: str = "",
    until: str = "",
    author: str = "",
    env: str = "local",
) -> None:
    """Add an account or merchant to a list, without deploying.

    For example: ./inv lists.add block merchant m-1 --until 90d --reason "three chargebacks"
    """
    from functools import partial

    from functions.common.runtime.clock import now_ms
    from operations.review import access, block_allow_lists
    from terminal.output import print_result

    open_ = partial(access.open_overrides, env)
    message = block_allow_lists.add_to_list(
        open_, list_, kind, id_, reason=reason, until=until, author=author, now_ms=now_ms()
    )
    print_result(message)


@task(
    positional=["list_", "kind", "id_"],
    help={"list": LIST, "kind": KIND, "id": ID, "reason": REASON, "author": AUTHOR},
)
def remove(
    _: Context,
    *,
    list_: str,
    kind: str,
    id_: str,
    reason: str = "",
    author: str = "",
    env: str = "local",
) -> None:
    """Remove an account or merchant from a list."""
    from functools import partial

    from operations.review import access, block_allow_lists
    from terminal.output import print_result

    open_ = partial(access.open_overrides, env)
    print_result(block_allow_lists.remove_from_list(open_, list_, kind, id_, reason=reason, author=author))


@task(
    help={
        "list": "Show only this list: block or allow",
        "all": ENDED,
        "audit": "Show every change of lists and snoozes instead, newest first",
    }
)
def show(
    _: Context,
    list_: str = "",
    all_: bool = False,
    audit: bool = False,
    env: str = "local",
    json: bool = False,
) -> None:
    """Show the lists: entries, reasons and ends."""
    from functions.common.runtime.clock import now_ms
    from operations.review import access, arguments, audit_trail, overrides_view
    from terminal.errors import UserError

    if list_:
        arguments.read_choice("list", list_, arguments.LISTS)
    if audit and (list_ or all_):
        raise UserError("--audit shows every change.", "Remove --list and --all from the command.")
    table = access.open_profiles_table(env)
    if audit:
        overrides_view.show_changes(list(audit_trail.read_changes(table)), as_json=json)
    else:
        listings = audit_trail.read_list_entries(table)
        overrides_view.show_lists(listings, now_ms(), only=list_, ended=all_, as_json=json)


@task(
    positional=["kind", "id_"],
    help={
        "kind": SNOOZE_KIND,
        "id": "Use the account or rule with this id",
        "until": UNTIL,
        "reason": REASON,
        "author": AUTHOR,
        "end": "End the snooze now",
    },
)
def snooze(
    _: Context,
    *,
    kind: str,
    id_: str,
    until: str = "",
    reason: str = "",
    author: str = "",
    end: bool = False,
    env: str = "local",
) -> None:
    """Suppress alerts for an account or a rule.

    Decisions are still recorded. For example: ./inv snooze account a-1 --until 2h --reason "holidays abroad"
    """
    from functools import partial

    from functions.common.runtime.clock import now_ms
    from operations.review import access, snoozes
    from terminal.errors import UserError
    from terminal.output import print_result

    if end and until:
        raise UserError("--end ends a snooze now.", "Remove --until from the command.")
    open_ = partial(access.open_overrides, env)
    if end:
        print_result(snoozes.end_snooze(open_, kind, id_, reason=reason, author=author))
        return
    message = snoozes.start_snooze(
        open_,
        kind,
        id_,
        reason=reason,
        until=until,
        author=author,
        rules=lambda: access.read_rule_ids(env),
        now_ms=now_ms(),
    )
    print_result(message)


@task(help={"all": ENDED})
def snoozes(_: Context, all_: bool = False, env: str = "local", json: bool = False) -> None:
    """List the snoozes."""
    from functions.common.runtime.clock import now_ms
    from operations.review import access, audit_trail, overrides_view

    entries = audit_trail.read_snoozes(access.open_profiles_table(env))
    overrides_view.show_snoozes(entries, now_ms(), ended=all_, as_json=json)


@task(
    positional=["transaction_id"],
    help={"transaction-id": "Explain the transaction with this id"},
)
def explain(_: Context, *, transaction_id: str, env: str = "local", json: bool = False) -> None:
    """Show the decision on a transaction and its reasons."""
    from operations.deployed import open_deployed
    from operations.review import access, arguments
    from operations.review.explain import show_explanation

    arguments.read_identifier("transaction", transaction_id)
    stored, location = access.find_and_locate_transaction(open_deployed(env), transaction_id)
    show_explanation(stored, location, as_json=json)


@task(help={"since": SINCE})
def report(_: Context, since: str = "7d", env: str = "local", json: bool = False) -> None:
    """Compare a candidate and shadow rules with production.

    Reads the whole table of transactions once.
    """
    from functions.common.runtime.clock import now_ms
    from operations.deployed import open_deployed
    from operations.review.candidate_report_view import show_report
    from terminal.durations import parse_duration_ms

    since_ms = now_ms() - parse_duration_ms("--since", since)
    deployed = open_deployed(env)
    show_report(
        deployed.dynamodb_client(),
        deployed.transactions_table_name,
        since_ms=since_ms,
        since=since,
        as_json=json,
    )
