import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.environments import ROOT
from orchestration.git import Git
from orchestration.rollback.worktree import FOLDER, checked_out, sweep
from terminal.errors import UserError
from tests import repository
from tests.repository import commit


@pytest.fixture
def git(tmp_path: Path) -> Git:
    git = repository.make(tmp_path / "a clone")
    commit(git, "feat: first", {"file": "old", ".gitignore": ".cache/\n"})
    return git


def left_behind(git: Git) -> list[str]:
    """The scratch files, and the work trees that git knows of besides the clone itself."""
    registered = git.root / ".git/worktrees"
    return [str(path) for folder in (git.root / FOLDER, registered) for path in folder.glob("*")]


def test_another_commits_files_are_there_and_gone_afterwards(git: Git) -> None:
    first = git.head()
    commit(git, "feat: second", {"file": "new"})
    with checked_out(git, first) as folder:
        assert (folder / "tree/file").read_text() == "old"
        assert (git.root / "file").read_text() == "new"
        assert not git.is_dirty()
    assert left_behind(git) == []


def test_two_trees_do_not_disturb_each_other(git: Git) -> None:
    with checked_out(git, git.head()) as one, checked_out(git, git.head()) as other:
        assert (one / "tree/file").exists()
        assert (other / "tree/file").exists()
    assert left_behind(git) == []


def fail_within(git: Git, error: type[BaseException]) -> None:
    with checked_out(git, git.head()) as folder:
        (folder / "more").mkdir()
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
def test_nothing_is_left_of_a_run_that_fails(git: Git, error: type[BaseException]) -> None:
    with pytest.raises(error):
        fail_within(git, error)
    assert left_behind(git) == []


def test_nothing_is_left_of_a_commit_that_is_not_there(git: Git) -> None:
    with pytest.raises(UserError), checked_out(git, "0" * 40):
        pass
    assert left_behind(git) == []


def test_the_next_run_takes_away_what_a_killed_one_left(git: Git) -> None:
    code = (
        "import os, sys; from pathlib import Path; from orchestration.git import Git;"
        "from orchestration.rollback.worktree import checked_out; git = Git(Path(sys.argv[1]));"
        "tree = checked_out(git, git.head()); tree.__enter__(); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(git.root)], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert left_behind(git)
    sweep(git)
    assert left_behind(git) == []


def test_a_tree_in_use_is_not_swept_away(git: Git) -> None:
    with checked_out(git, git.head()) as folder:
        sweep(git)
        assert (folder / "tree/file").exists()


def test_an_interrupt_during_the_cleaning_up_waits_for_its_end(git: Git) -> None:
    class Impatient(Git):
        """Somebody presses Ctrl-C the moment that the tree is taken away."""

        def run(self, *arguments: str) -> None:
            if "remove" in arguments:
                os.kill(os.getpid(), signal.SIGINT)
            super().run(*arguments)

    def use() -> None:
        with checked_out(Impatient(git.root), git.head()):
            pass

    with pytest.raises(KeyboardInterrupt):
        use()
    assert left_behind(git) == []
