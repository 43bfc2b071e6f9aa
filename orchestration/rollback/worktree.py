"""Temporary work trees with the files of another commit, in `.cache/trees/` of the clone.

The process that uses a tree holds its lock. The next run removes the trees whose process was killed.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from orchestration.git import Git
from orchestration.planning.scheduler import handle_stop_signals
from terminal.errors import UserError

FOLDER = Path(".cache") / "trees"
TREE = "tree"
NO_HOOKS = ("-c", "core.hooksPath=/dev/null")


@contextmanager
def check_out(git: Git, commit: str) -> Iterator[Path]:
    """Yield a temporary folder with the files of the commit in `tree`, and remove it afterwards."""
    trees = git.root / FOLDER
    remove_abandoned_trees(git)
    trees.mkdir(parents=True, exist_ok=True)
    folder = trees / uuid4().hex[:8]
    lock = FileLock(f"{folder}.lock")
    lock.acquire(timeout=0)
    try:
        folder.mkdir()
        git.run(*NO_HOOKS, "worktree", "add", "--quiet", "--detach", str(folder / TREE), commit)
        yield folder
    finally:
        with _defer_interrupts():
            _remove(git, folder, lock)


def remove_abandoned_trees(git: Git) -> None:
    """Remove the trees that killed processes left."""
    for path in (git.root / FOLDER).glob("*.lock"):
        lock = FileLock(path)
        with suppress(Timeout):
            lock.acquire(timeout=0)
            _remove(git, path.with_suffix(""), lock)


def _remove(git: Git, folder: Path, lock: FileLock) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()
    with suppress(UserError):
        # --force twice removes a tree that an interrupted git has locked. git fails for an unknown tree.
        git.run("worktree", "remove", "--force", "--force", str(folder / TREE))


@contextmanager
def _defer_interrupts() -> Iterator[None]:
    """Raise KeyboardInterrupt only at the end, so that the removal is complete."""
    interrupts: list[bool] = []
    with handle_stop_signals(lambda: interrupts.append(True)):
        yield
    if interrupts:
        raise KeyboardInterrupt
