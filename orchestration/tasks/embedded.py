"""The embedded AWS."""

# Imported in the tasks: half a second of libraries that `invoke --list` does not need.
# ruff: noqa: PLC0415

from invoke.context import Context

from orchestration.running import Whole, task
from orchestration.tasks.options import PORT


@task(help={"port": PORT})
def up(_: Context, port: int = Whole(0)) -> None:
    """Start the embedded AWS; deploy does so by itself."""
    from orchestration.commands import using

    using.local_up(port)


@task()
def down(_: Context) -> None:
    """Stop the embedded AWS and keep what it holds."""
    from orchestration.commands import using

    using.local_down()


@task()
def reset(_: Context) -> None:
    """Forget what it holds, and the stacks deployed to it."""
    from orchestration.commands import using

    using.local_reset()
