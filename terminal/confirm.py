"""The question before something changes."""

import sys

from rich.text import Text

from terminal.errors import UserError
from terminal.output import progress_console


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
