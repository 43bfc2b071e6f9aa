"""Where tasks write: results on standard output, everything about the way there on standard error.

Both have colours and live displays on a terminal only, and never break a line to fit a pipe.
"""

import json
import sys
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

PIPE_WIDTH = 500


def _console(stream: TextIO, *, stderr: bool) -> Console:
    # Rich takes 80 columns where there is no terminal, and would cut what a script reads.
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(stderr=stderr, highlight=False, soft_wrap=True, width=width)


console = _console(sys.stdout, stderr=False)
progress_console = _console(sys.stderr, stderr=True)


def console_for_question(*, as_json: bool) -> Console:
    """Where to show what a question is about: not among the JSON."""
    return progress_console if as_json else console


def say(message: str) -> None:
    """One line about what is happening, on standard error; the text is taken literally."""
    progress_console.print(Text(message))


def say_stopping() -> None:
    """What Ctrl-C does, when it is pressed."""
    say("Stopping: operations under way are finished first. Ctrl-C again ends them at once.")


def fail(message: str, hint: str = "") -> None:
    """One red line on standard error, with what to do next after it."""
    progress_console.print(
        Text.assemble(("error: ", "bold red"), message, " " if hint else "", (hint, "bold"))
    )


def print_json(value: Any) -> None:
    """`value` as indented JSON and nothing else on standard output, for scripts."""
    sys.stdout.write(json.dumps(value, indent=2) + "\n")
