"""Tasks of on-call engineers: see what is wrong, send failed messages back, decide lost transactions."""

# Imported in the tasks: half a second of libraries that `invoke --list` does not need.
# ruff: noqa: PLC0415

from invoke.context import Context

from cli.options import DRY_RUN, ENV, JSON, YES
from cli.task import task

QUEUE = "only this one: pipe-failures, events-failures, fraud-failures or suspicious-dlq"
SINCE = "received since then: 2h, 7d, or a time in UTC such as 2026-01-31T18:00"
UNTIL = "received until then (default: now)"
UNDECIDED = "all without a decision (the default)"
IDS = "file with transaction ids, one a line; - is standard input"
LIMIT = "messages to send at most (default: all)"


@task(help={"env": ENV, "json": JSON})
def health(_: Context, *, env: str = "local", json: bool = False) -> int:
    """Show whether anything is wrong, and the runbook for it.

    Alarms, parts, queues, addresses that are not confirmed, and transactions without a decision.

    Exit status 2 says that something is wrong, or could not be checked.
    """
    from operations.deployed import open_deployed
    from operations.health import report

    return report.health(open_deployed(env), as_json=json)


@task(
    help={"env": ENV, "queue": QUEUE, "limit": LIMIT, "dry-run": DRY_RUN, "yes": YES, "json": JSON},
)
def redrive(
    _: Context,
    *,
    env: str = "local",
    queue: str = "",
    limit: str = "",
    dry_run: bool = False,
    yes: bool = False,
    json: bool = False,
) -> int:
    """Send what waits in failure queues back.

    Repair the cause first. Such as: invoke redrive --queue fraud-failures --limit 1
    """
    from operations.deployed import open_deployed
    from operations.repair import redrive_command

    count = redrive_command.read_limit(limit)
    return redrive_command.redrive(
        open_deployed(env), queue=queue, limit=count, dry_run=dry_run, yes=yes, as_json=json
    )


@task(
    help={
        "env": ENV,
        "since": SINCE,
        "until": UNTIL,
        "undecided": UNDECIDED,
        "ids": IDS,
        "dry-run": DRY_RUN,
        "yes": YES,
        "json": JSON,
    },
)
def replay(
    _: Context,
    *,
    since: str = "",
    until: str = "",
    undecided: bool = False,
    ids: str = "",
    env: str = "local",
    dry_run: bool = False,
    yes: bool = False,
    json: bool = False,
) -> int:
    """Decide transactions that are stored without a decision.

    Reads the whole table of transactions once, unless --ids names them. Such as: invoke replay --since 2h
    """
    from operations.deployed import open_deployed
    from operations.repair import replay_command

    period, names = replay_command.read_request(since, until, ids, undecided=undecided)
    return replay_command.replay(open_deployed(env), period, names, dry_run=dry_run, yes=yes, as_json=json)
