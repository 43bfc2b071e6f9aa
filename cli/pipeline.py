"""Tasks that use a deployed pipeline."""


# Imported in the tasks: half a second of libraries that `invoke --list` does not need.
# ruff: noqa: PLC0415

from invoke.context import Context

from cli.options import ENV, FOLLOW, JSON, LOCAL_ENV, PORT
from cli.task import Number, Whole, task

# Imported in the tasks: half a second of libraries that `invoke --list` does not need.
# ruff: noqa: PLC0415


@task(help={"port": PORT})
def up(_: Context, port: int = Whole(0)) -> None:
    """Start the embedded AWS; deploy does so by itself."""
    from cli import _using

    _using.local_up(port)


@task()
def down(_: Context) -> None:
    """Stop the embedded AWS and keep what it holds."""
    from cli import _using

    _using.local_down()


@task()
def reset(_: Context) -> None:
    """Forget what it holds, and the stacks deployed to it."""
    from cli import _using

    _using.local_reset()


FORMAT = "jsonl or csv (default: by the file's name or content)"
CONCURRENCY = "requests at the same time, up to 256"
REJECTS = "file that keeps what was refused, to be corrected and sent again"


@task(
    help={
        "env": LOCAL_ENV,
        "count": "transactions to post",
        "rate": "transactions a second",
        "seed": "the same seed makes the same transactions",
        "port": PORT,
    }
)
def demo(
    _: Context,
    env: str = "local",
    count: int = Whole(60),
    rate: float = Number(10),
    seed: int = Whole(1),
    port: int = Whole(0),
) -> int:
    """Deploy to the embedded AWS and show it working."""
    from cli import _using

    return _using.demo(env, count=count, rate=rate, seed=seed, port=port)


@task(
    positional=["file"],
    help={
        "file": "JSON lines or CSV; - is standard input",
        "env": ENV,
        "format": FORMAT,
        "concurrency": CONCURRENCY,
        "rejects": REJECTS,
        "json": JSON,
    },
)
def send(
    _: Context,
    *,
    file: str,
    env: str = "local",
    format_: str = "",
    concurrency: int = Whole(8),
    rejects: str = "",
    json: bool = False,
) -> int:
    """Post the transactions of a file."""
    from cli import _using

    return _using.send(env, file, file_format=format_, concurrency=concurrency, rejects=rejects, as_json=json)


@task(
    positional=["file"],
    help={
        "file": "JSON lines or CSV of transaction_id, timestamp, label (fraud or genuine) and, if known,"
        " source and reported_at; - is standard input",
        "env": ENV,
        "format": FORMAT,
        "concurrency": CONCURRENCY,
        "rejects": REJECTS,
        "json": JSON,
    },
)
def label(
    _: Context,
    *,
    file: str,
    env: str = "local",
    format_: str = "",
    concurrency: int = Whole(8),
    rejects: str = "",
    json: bool = False,
) -> int:
    """Post what transactions turned out to be, from a file."""
    from cli import _using

    return _using.label(
        env, file, file_format=format_, concurrency=concurrency, rejects=rejects, as_json=json
    )


@task(help={"env": LOCAL_ENV, "follow": FOLLOW, "full": "with the text of each mail", "json": JSON})
def alerts(
    _: Context, env: str = "local", follow: bool = False, full: bool = False, json: bool = False
) -> int:
    """Show the mail that subscribers received."""
    from cli import _using

    return _using.alerts(env, follow=follow, full=full, as_json=json)


@task(
    help={
        "env": ENV,
        "function": "only this one: api, fraud or notify",
        "since": "how far back: a number and s, m, h, d or w",
        "follow": FOLLOW,
        "json": JSON,
    }
)
def logs(
    _: Context,
    env: str = "local",
    function: str = "",
    since: str = "10m",
    follow: bool = False,
    json: bool = False,
) -> int:
    """Show what the functions log."""
    from cli import _using

    return _using.logs(env, function=function, since=since, follow=follow, as_json=json)
