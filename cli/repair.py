"""Tasks of on-call engineers: check the health, redrive failed messages, replay undecided transactions."""

# ruff: noqa: PLC0415

from invoke.context import Context

from cli.task import task

QUEUE = "Redrive only this queue: pipe-failures, events-failures, fraud-failures or suspicious-dlq"
SINCE = "Start at this age (2h, 7d) or time in UTC (2026-01-31T18:00) of receipt"
UNTIL = "End at this age or time of receipt (default: now)"
UNDECIDED = "Replay all transactions without a decision (the default)"
IDS = "Replay the transactions whose ids are in this file, one per line; - is standard input"
LIMIT = "Redrive at most this number of messages (default: all)"


@task()
def health(_: Context, *, env: str = "local", json: bool = False) -> int:
    """Check the pipeline, and name the runbook of each problem.

    Checks alarms, resources, queues, unconfirmed addresses and transactions without a decision.

    Exit status: 2 if there is a problem or a check failed.
    """
    from operations.deployed import open_deployed
    from operations.health.report import show_health

    return show_health(open_deployed(env), as_json=json)


@task(
    help={"queue": QUEUE, "limit": LIMIT},
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
    """Process the messages in failure queues again.

    Repair the cause first. For example: ./inv redrive --queue fraud-failures --limit 1
    """
    from operations.deployed import open_deployed
    from operations.repair.redrive_command import read_limit, run_redrive

    count = read_limit(limit)
    return run_redrive(open_deployed(env), queue=queue, limit=count, dry_run=dry_run, yes=yes, as_json=json)


@task(
    help={
        "since": SINCE,
        "until": UNTIL,
        "undecided": UNDECIDED,
        "ids": IDS,
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
    """Decide stored transactions that have no decision.

    Reads the whole table of transactions once, unless --ids is given. For example: ./inv replay --since 2h
    """
    from operations.deployed import open_deployed
    from operations.repair.replay_command import read_request, run_replay

    period, names = read_request(since, until, ids, undecided=undecided)
    return run_replay(open_deployed(env), period, names, dry_run=dry_run, yes=yes, as_json=json)
