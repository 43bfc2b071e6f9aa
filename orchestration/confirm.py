"""The question before something changes."""

import sys

from rich.text import Text

from orchestration.console import progress_console
from orchestration.errors import UserError


def confirm(question: str, *, yes: bool) -> None:
    """Return if the user agrees, on the terminal or beforehand with `--yes`; else raise `UserError`."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UserError(
            f"{question} There is no terminal to ask on.", "Say --yes to go on without a question."
        )
    try:
        answer = progress_console.input(Text(f"{question} [y/N] ", style="bold"))
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        raise UserError("Nothing was changed.")
