"""Output of tasks: results on standard output; messages, questions and progress on standard error.

Colors and live displays appear on a terminal only. Lines are never wrapped for a pipe.
"""

import atexit
import json
import sys
from types import TracebackType
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

PIPE_WIDTH = 500


def accept_closed_pipe() -> None:
    """Print no traceback if the reader of standard output has ended, as in `invoke --help train | head`.

    invoke prints help and lists outside the tasks. The rest of the output is lost, as the reader wants.
    """
    sys.excepthook = _show_exception
    atexit.register(_flush_output)


def _show_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, BrokenPipeError):
        sys.stdout = None
        return
    sys.__excepthook__(kind, error, trace)


def _flush_output() -> None:
    try:
        # Python would print an error if it failed to flush at exit.
        if sys.stdout:
            sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = None


def _make_console(stream: TextIO | None, *, stderr: bool) -> Console:
    # Without a terminal, Rich assumes 80 columns and truncates tables that a script reads. A closed stream is
    # None.
    width = None if stream and stream.isatty() else PIPE_WIDTH
    return Console(stderr=stderr, highlight=False, soft_wrap=True, width=width)


console = _make_console(sys.stdout, stderr=False)
progress_console = _make_console(sys.stderr, stderr=True)


def console_for_question(*, as_json: bool) -> Console:
    """Return the console for the details of a question: standard error if standard output holds JSON."""
    return progress_console if as_json else console


def print_message(message: str) -> None:
    """Print a line on standard error, without interpreting markup."""
    progress_console.print(Text(message))


def print_result(message: str) -> None:
    """Print a line on standard output, without interpreting markup."""
    console.print(Text(message))


def print_stopping() -> None:
    """Print the effect of the first Ctrl-C."""
    print_message("Stopping after the operations in progress. Press Ctrl-C again to stop immediately.")


def print_error(message: str, hint: str = "") -> None:
    """Print an error on standard error: the hint follows a message of one line, or is the last line."""
    separator = ("\n" if "\n" in message else " ") if hint else ""
    progress_console.print(Text.assemble(("error: ", "bold red"), message, separator, (hint, "bold")))


def print_json(value: Any) -> None:
    """Print `value` as indented JSON on standard output."""
    if sys.stdout:
        sys.stdout.write(json.dumps(value, indent=2) + "\n")
