"""Tasks of analysts: what is flagged and who is told of it, without a deployment."""

# Imported in the tasks: half a second of libraries that `invoke --list` does not need.
# ruff: noqa: PLC0415

from invoke.context import Context

from cli.options import ENV, JSON
from cli.task import task

LIST = "block (always flagged) or allow (never flagged)"
KIND = "account or merchant"
ID = "its id, as it was posted"
SNOOZED = "account or rule"
UNTIL = "how long (2h, 90d), or the last day (2026-12-31, UTC)"
REASON = "why: kept in the audit trail"
AUTHOR = "who says so (default: whoever calls, as AWS knows them)"
ENDED = "also what has ended in the last 90 days"


@task(
    positional=["list_", "kind", "id_"],
    help={
        "list": LIST,
        "kind": KIND,
        "id": ID,
        "reason": REASON,
        "until": UNTIL,
        "author": AUTHOR,
        "env": ENV,
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
    """Put an account or merchant on a list, at once.

    Such as: invoke lists.add block merchant m-1 --until 90d --reason "three chargebacks"
    """
    from cli import _analysts

    _analysts.add_to_list(env, list_, kind, id_, reason=reason, until=until, author=author)


@task(
    positional=["list_", "kind", "id_"],
    help={"list": LIST, "kind": KIND, "id": ID, "reason": REASON, "author": AUTHOR, "env": ENV},
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
    """Take an account or merchant off a list, at once."""
    from cli import _analysts

    _analysts.remove_from_list(env, list_, kind, id_, reason=reason, author=author)


@task(
    help={
        "list": "only this one: block or allow",
        "all": ENDED,
        "audit": "every change of lists and snoozes instead, newest first",
        "env": ENV,
        "json": JSON,
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
    """Show who is on the lists, why and until when."""
    from cli import _analysts

    _analysts.show_lists(env, only=list_, ended=all_, audit=audit, as_json=json)


@task(
    positional=["kind", "id_"],
    help={
        "kind": SNOOZED,
        "id": "its id",
        "until": UNTIL,
        "reason": REASON,
        "author": AUTHOR,
        "end": "end it now",
        "env": ENV,
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
    """Tell nobody of an account, or of a rule, for a while.

    Decisions are recorded as ever. Such as: invoke snooze account a-1 --until 2h --reason "holidays abroad"
    """
    from cli import _analysts

    _analysts.snooze(env, kind, id_, until=until, reason=reason, author=author, ending=end)


@task(help={"all": ENDED, "env": ENV, "json": JSON})
def snoozes(_: Context, all_: bool = False, env: str = "local", json: bool = False) -> None:
    """Show what is snoozed."""
    from cli import _analysts

    _analysts.show_snoozes(env, ended=all_, as_json=json)


@task(
    positional=["transaction_id"],
    help={"transaction-id": "the id it was posted with", "env": ENV, "json": JSON},
)
def explain(_: Context, *, transaction_id: str, env: str = "local", json: bool = False) -> None:
    """Show why a transaction was decided as it was."""
    from cli import _analysts

    _analysts.explain(env, transaction_id, as_json=json)


@task(help={"since": "how far back: a number and s, m, h, d or w", "env": ENV, "json": JSON})
def report(_: Context, since: str = "7d", env: str = "local", json: bool = False) -> None:
    """Compare a candidate and shadow rules with what is live.

    Reads the whole table of transactions once.
    """
    from cli import _analysts

    _analysts.shadow_report(env, since=since, as_json=json)
