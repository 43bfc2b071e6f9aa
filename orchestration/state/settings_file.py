"""The lines of a settings file that say how a stack's secrets are encrypted. The CLI writes them, once.

It writes the rest of the file anew with them, numbers as texts among it; here only those lines are added.
"""

from collections.abc import Mapping
from pathlib import Path

import yaml

KEYS = ("secretsprovider", "encryptedkey", "encryptionsalt")
NOTE = "# How the stack's secrets are encrypted; every clone needs these lines."


def encryption(text: str) -> dict[str, str]:
    """Those lines of a settings file, by key; nothing if it has none."""
    document = yaml.safe_load(text) or {}
    return {key: str(document[key]) for key in KEYS if key in document}


def with_encryption(text: str, lines: Mapping[str, str]) -> str:
    """The text with those lines added at its end; it has none yet."""
    added = yaml.safe_dump(dict(lines), sort_keys=False, width=10_000)
    return f"{text.rstrip()}\n{NOTE}\n{added}"


def keep_layout(file: Path, before: str) -> None:
    """Put back what the CLI wrote anew in a file that was `before`, but for the lines that it added."""
    if not encryption(before):
        written = encryption(file.read_text(encoding="utf-8"))
        file.write_text(with_encryption(before, written), encoding="utf-8")
