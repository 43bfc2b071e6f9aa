"""Where tasks write: results on standard output, everything about the way there on standard error.

Both have colours and live displays on a terminal only, and never break a line to fit a pipe.
"""

import json
import sys
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

from terminal.errors import UserError


def confirm(question: str, word: str = "", *, yes: bool, typed: str = "") -> None:
    """Return if the user agrees, on the terminal or beforehand with `--yes`; else raise `UserError`.

    With `word`, agreeing takes more than a `y`: typing that word, or `--confirm WORD`, which is `typed`.
    """
    if word:
        _confirm_word(question, word, yes=yes, typed=typed)
        return
    if yes:
        return
    if not sys.stdin.isatty():
        raise UserError(
            f"{question} There is no terminal to ask on.", "Say --yes to go on without a question."
        )
    if _asked(f"{question} [y/N] ").lower() not in ("y", "yes"):
        raise UserError("Nothing was changed.")


def _confirm_word(question: str, word: str, *, yes: bool, typed: str) -> None:
    what = "Something that holds data would be replaced or deleted."
    if typed == word:
        return
    if typed or yes or not sys.stdin.isatty():
        raise UserError(f"{what} --yes is not enough for that.", f"If it is meant: --confirm {word}")
    if _asked(f"{what} {question} Type '{word}' to go on: ") != word:
        raise UserError("Nothing was changed.")


def _asked(prompt: str) -> str:
    try:
        return progress_console.input(Text(prompt, style="bold")).strip()
    except EOFError:
        return ""


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
