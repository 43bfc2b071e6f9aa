from pathlib import Path

import pytest

from orchestration.git import Git
from terminal.errors import UserError
from tests import repository
from tests.repository import commit


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """A repository with one commit, in a folder as people have them."""
    git = repository.make(tmp_path / "a clone")
    commit(git, "feat: first", {"stacks/data/a.py": "1", ".gitignore": ".cache/\n"})
    return git


def test_a_tree_is_dirty_by_what_is_changed_or_new(git: Git) -> None:
    assert not git.is_dirty()
    (git.root / "new").touch()
    assert git.is_dirty()


def test_what_git_ignores_makes_no_tree_dirty(git: Git) -> None:
    (git.root / ".cache").mkdir()
    (git.root / ".cache/file").touch()
    assert not git.is_dirty()


def test_a_commit_is_pushed_once_a_remote_branch_has_it(git: Git, tmp_path: Path) -> None:
    assert git.is_unpushed()
    git.run("init", "--quiet", "--bare", str(tmp_path / "remote"))
    git.run("remote", "add", "origin", str(tmp_path / "remote"))
    git.run("push", "--quiet", "origin", "main")
    assert not git.is_unpushed()
    commit(git, "feat: second")
    assert git.is_unpushed()


def test_only_commits_of_this_clone_are_had(git: Git) -> None:
    assert git.has(git.head())
    assert not git.has("0" * 40)


def test_the_commits_between_two_are_those_that_touch_the_paths(git: Git) -> None:
    first = git.head()
    commit(git, "feat: data", {"stacks/data/a.py": "2"})
    commit(git, "docs: data", {"stacks/data/README.md": "2"})
    last = commit(git, "feat: edge", {"stacks/edge/a.py": "2"})
    found = git.commits(first, last, ["stacks/data/**", "!stacks/data/README.md"])
    assert [one.subject for one in found] == ["feat: data"]
    assert [one.subject for one in git.commits(first, last)] == ["feat: edge", "docs: data", "feat: data"]
    assert git.commits(last, first) == []


def test_a_commit_has_a_subject_and_contents(git: Git) -> None:
    assert git.subject(git.head()) == "feat: first"
    assert git.content(git.head(), "stacks/data/a.py") == b"1"
    assert git.content(git.head(), "stacks/data/none.py") is None


def test_changed_paths_are_named_as_they_are(git: Git) -> None:
    first = git.head()
    second = commit(git, "feat: second", {"stacks/data/überblick.py": "2"})
    assert git.changed(first, second) == ["stacks/data/überblick.py"]
    (git.root / "stacks/data/a.py").write_text("3")
    assert git.changed(second) == ["stacks/data/a.py"]


def test_the_person_is_whom_git_was_told(git: Git) -> None:
    assert git.user() == repository.PERSON


def test_a_folder_without_a_repository_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no git repository"):
        Git(tmp_path).head()


def test_what_git_says_is_passed_on(git: Git) -> None:
    with pytest.raises(UserError, match="git log failed: bad object 1111111"):
        git.subject("1" * 40)


def test_a_hooks_variables_do_not_lead_elsewhere(
    git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert git.subject(git.head()) == "feat: first"
