"""The embedded AWS."""

# Imported in the tasks: half a second of libraries that `invoke --list` does not need.
# ruff: noqa: PLC0415

from invoke.context import Context

from cli.options import PORT
from cli.task import Whole, task


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
