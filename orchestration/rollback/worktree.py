"""Another commit's tree, checked out beside this one for as long as it is needed.

Trees are in `.cache/trees/` of the clone. Each has a lock that its process holds, by which the next run tells
the tree of a run that was killed, which it takes away, from one that is in use.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from orchestration.git import Git
from orchestration.planning.scheduler import told_to_stop
from terminal.errors import UserError

FOLDER = Path(".cache") / "trees"
TREE = "tree"
NO_HOOKS = ("-c", "core.hooksPath=/dev/null")


@contextmanager
def checked_out(git: Git, commit: str) -> Iterator[Path]:
    """A scratch folder whose `tree` is the commit's; all of it is gone afterwards, come what may."""
    trees = git.root / FOLDER
    sweep(git)
    trees.mkdir(parents=True, exist_ok=True)
    folder = trees / uuid4().hex[:8]
    lock = FileLock(f"{folder}.lock")
    lock.acquire(timeout=0)
    try:
        folder.mkdir()
        git.run(*NO_HOOKS, "worktree", "add", "--quiet", "--detach", str(folder / TREE), commit)
        yield folder
    finally:
        with _undisturbed():
            _remove(git, folder, lock)


def sweep(git: Git) -> None:
    """Take away what runs that were killed left behind."""
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
        # Twice, because one whose making was cut off is locked; it fails if git knows of no such tree.
        git.run("worktree", "remove", "--force", "--force", str(folder / TREE))


@contextmanager
def _undisturbed() -> Iterator[None]:
    """While Ctrl-C waits: nobody would clean up what a cleaning-up leaves."""
    told: list[bool] = []
    with told_to_stop(lambda: told.append(True)):
        yield
    if told:
        raise KeyboardInterrupt
