"""The encryption settings of a stack: the lines that the CLI adds to a settings file when it creates a stack.

The CLI also reformats the rest of the file, for example numbers as strings, which `restore_layout` reverts.
"""

from collections.abc import Mapping
from pathlib import Path

import yaml

ENCRYPTION_KEYS = ("secretsprovider", "encryptedkey", "encryptionsalt")
ENCRYPTION_COMMENT = "# How the stack's secrets are encrypted; every clone needs these lines."


def read_encryption(text: str) -> dict[str, str]:
    """Return the encryption settings in the text of a settings file; empty if it has none."""
    document = yaml.safe_load(text) or {}
    return {key: str(document[key]) for key in ENCRYPTION_KEYS if key in document}


def append_encryption(text: str, encryption: Mapping[str, str]) -> str:
    """Return `text`, which has no encryption settings, with `encryption` at its end."""
    lines = yaml.safe_dump(dict(encryption), sort_keys=False, width=10_000)
    return f"{text.rstrip()}\n{ENCRYPTION_COMMENT}\n{lines}"


def restore_layout(file: Path, before: str) -> None:
    """Replace the content that the CLI wrote by `before` and the encryption settings that the CLI added."""
    if not read_encryption(before):
        encryption = read_encryption(file.read_text(encoding="utf-8"))
        file.write_text(append_encryption(before, encryption), encoding="utf-8")
