"""Live displays of long operations, on a terminal only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.spinner import Spinner
from rich.text import Text

from terminal.output import progress_console


@contextmanager
def show_activity(text: str) -> Iterator[None]:
    """Show a line for as long as an operation without other output takes."""
    if not progress_console.is_terminal:
        yield
        return
    # Standard output is not redirected: it may be a pipe.
    spinner = Spinner("dots", Text(text, style="dim"))
    with Live(spinner, console=progress_console, transient=True, redirect_stdout=False):
        yield


class ProgressDisplay:
    """A progress bar whose position and text change."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def update(self, completed: float, description: str | None = None) -> None:
        """Move the bar to `completed`; None keeps the text."""
        self._progress.update(self._task, completed=completed, description=description)


@contextmanager
def open_progress(
    description: str, total: float | None, console: Console = progress_console
) -> Iterator[ProgressDisplay]:
    """Show a bar on `console` that is removed at the end. Without a total, the bar pulses."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    time = TimeElapsedColumn() if total is None else TimeRemainingColumn()
    with Progress(
        *columns, time, console=console, disable=not console.is_terminal, transient=True
    ) as progress:
        yield ProgressDisplay(progress, progress.add_task(description, total=total))


@contextmanager
def show_progress_bar(description: str, total: float) -> Iterator[Callable[[float], None]]:
    """Show a bar until the end of the block. Call the yielded function with the completed part of `total`."""
    with open_progress(description, total) as display:
        yield display.update


def overwrite_line(text: str) -> None:
    """Print a line that the next output overwrites, on a terminal only."""
    if progress_console.is_terminal:
        progress_console.print(Text(text), end="\r")
