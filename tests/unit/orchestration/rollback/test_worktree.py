import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.environments import ROOT
from orchestration.git import Git
from orchestration.rollback.worktree import FOLDER, check_out, remove_abandoned_trees
from terminal.errors import UserError
from tests import repository
from tests.repository import commit_files


@pytest.fixture
def git(tmp_path: Path) -> Git:
    git = repository.create_repository(tmp_path / "a clone")
    commit_files(git, "feat: first", {"file": "old", ".gitignore": ".cache/\n"})
    return git


def remaining_files(git: Git) -> list[str]:
    """Return the temporary files, and the work trees that git has registered besides the clone."""
    registered = git.root / ".git/worktrees"
    return [str(path) for folder in (git.root / FOLDER, registered) for path in folder.glob("*")]


def test_files_of_another_commit_exist_within_the_context_only(git: Git) -> None:
    first = git.head()
    commit_files(git, "feat: second", {"file": "new"})
    with check_out(git, first) as folder:
        assert (folder / "tree/file").read_text() == "old"
        assert (git.root / "file").read_text() == "new"
        assert not git.is_dirty()
    assert remaining_files(git) == []


def test_two_trees_are_independent(git: Git) -> None:
    with check_out(git, git.head()) as first, check_out(git, git.head()) as second:
        assert (first / "tree/file").exists()
        assert (second / "tree/file").exists()
    assert remaining_files(git) == []


def fail_within(git: Git, error: type[BaseException]) -> None:
    with check_out(git, git.head()) as folder:
        (folder / "more").mkdir()
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
def test_failed_run_leaves_nothing(git: Git, error: type[BaseException]) -> None:
    with pytest.raises(error):
        fail_within(git, error)
    assert remaining_files(git) == []


def test_unknown_commit_leaves_nothing(git: Git) -> None:
    with pytest.raises(UserError), check_out(git, "0" * 40):
        pass
    assert remaining_files(git) == []


def test_next_run_removes_the_tree_of_a_killed_one(git: Git) -> None:
    code = (
        "import os, sys; from pathlib import Path; from orchestration.git import Git;"
        "from orchestration.rollback.worktree import check_out; git = Git(Path(sys.argv[1]));"
        "tree = check_out(git, git.head()); tree.__enter__(); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(git.root)], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert remaining_files(git)
    remove_abandoned_trees(git)
    assert remaining_files(git) == []


def test_tree_in_use_is_not_removed(git: Git) -> None:
    with check_out(git, git.head()) as folder:
        remove_abandoned_trees(git)
        assert (folder / "tree/file").exists()


def test_interrupt_during_the_removal_waits_for_its_end(git: Git) -> None:
    class InterruptedGit(Git):
        """The user presses Ctrl-C while the tree is removed."""

        def run(self, *arguments: str) -> None:
            if "remove" in arguments:
                os.kill(os.getpid(), signal.SIGINT)
            super().run(*arguments)

    def use() -> None:
        with check_out(InterruptedGit(git.root), git.head()):
            pass

    with pytest.raises(KeyboardInterrupt):
        use()
    assert remaining_files(git) == []
