"""Entries of a stack's history, in the type of the Automation API."""

from collections.abc import Mapping
from datetime import datetime

from pulumi.automation import OpType, UpdateSummary

STARTED = datetime(2026, 1, 2, 3, 4, 5)


def make_summary(
    commit: str = "1a2b3c4d",
    *,
    dirty: bool | None = False,
    result: str = "succeeded",
    kind: str = "update",
    message: str = "deploy data\n\nBy: Ann",
    version: int = 0,
    settings: Mapping[str, str] | None = None,
) -> UpdateSummary:
    """Return an update that created two resources. `dirty=None` means a tree without git."""
    tree = {} if dirty is None else {"git.head": commit, "git.dirty": str(dirty).lower()}
    config = {key: {"value": value, "secret": False} for key, value in (settings or {}).items()}
    changes = {OpType.CREATE: 2, OpType.SAME: 1}
    return UpdateSummary(kind, STARTED, message, tree, config, result, STARTED, version, None, changes)
