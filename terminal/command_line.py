"""Commands as the user types them, for hints in messages."""

import os
import shlex
from collections.abc import Iterable, Mapping

# Set by the `inv` script to its own path, as the user typed it.
VARIABLE = "FRAUD_INV"


def command_line(
    task: str,
    *arguments: str,
    variables: Mapping[str, str] = os.environ,
    **options: str | int | bool | Iterable[str],
) -> str:
    """Return the command that runs `task`, such as `./inv deploy --env dev --layer data --layer edge`.

    An option that is a list is repeated, `True` is a flag, and an empty value is left out. Underscores in
    the names of options become hyphens.
    """
    words = [variables.get(VARIABLE) or "invoke", task, *arguments]
    for name, value in options.items():
        words += _format_option(f"--{name.rstrip('_').replace('_', '-')}", value)
    return " ".join(words)


def _format_option(option: str, value: str | int | bool | Iterable[str]) -> list[str]:
    if isinstance(value, bool):
        return [option] if value else []
    values = [str(value)] if isinstance(value, str | int) else value
    return [word for text in values if text for word in (option, shlex.quote(text))]
