"""Questions that a task asks before it changes something."""

import sys

from rich.text import Text

from terminal.errors import UserError
from terminal.output import progress_console


def confirm(question: str, word: str = "", *, yes: bool, typed: str = "") -> None:
    """Ask a yes-or-no question. Raises UserError if the user declines, or without a terminal.

    `yes` answers the question in advance. A `word` confirms a loss of data: the user has to type the word, or
    pass it in advance as `typed`, and `yes` is not enough.
    """
    if word:
        _confirm_loss(question, word, yes=yes, typed=typed)
        return
    if yes:
        return
    if not sys.stdin.isatty():
        raise UserError(f"{question} Confirmation needs a terminal.", "Pass --yes to skip it.")
    if _read_answer(f"{question} [y/N] ").lower() not in ("y", "yes"):
        raise UserError("Nothing was changed.")


def confirm_by_typing(question: str, word: str, *, yes: bool) -> None:
    """Ask the user to type a word, such as the name of what is erased.

    `yes` answers the question in advance. Raises UserError for another word, or without a terminal.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UserError(f"{question} Confirmation needs a terminal.", "Pass --yes to skip it.")
    if _read_answer(f"{question} Type '{word}' to continue: ") != word:
        raise UserError("Nothing was changed.")


def _confirm_loss(question: str, word: str, *, yes: bool, typed: str) -> None:
    loss = "A resource that holds data would be replaced or deleted."
    if typed == word:
        return
    if typed or yes or not sys.stdin.isatty():
        raise UserError(f"{loss} --yes does not confirm that.", f"To confirm: --confirm {word}")
    if _read_answer(f"{loss} {question} Type '{word}' to continue: ") != word:
        raise UserError("Nothing was changed.")


def _read_answer(prompt: str) -> str:
    try:
        return progress_console.input(Text(prompt, style="bold")).strip()
    except EOFError:
        return ""
