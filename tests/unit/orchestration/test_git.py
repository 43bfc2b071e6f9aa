from pathlib import Path

import pytest

from orchestration.git import Git
from terminal.errors import UserError
from tests import repository
from tests.repository import commit_files


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """A repository with one commit, in a folder whose name has a space."""
    git = repository.create_repository(tmp_path / "a clone")
    commit_files(git, "feat: first", {"stacks/data/a.py": "1", ".gitignore": ".cache/\n"})
    return git


def test_new_file_makes_the_tree_dirty(git: Git) -> None:
    assert not git.is_dirty()
    (git.root / "new").touch()
    assert git.is_dirty()


def test_ignored_file_does_not_make_the_tree_dirty(git: Git) -> None:
    (git.root / ".cache").mkdir()
    (git.root / ".cache/file").touch()
    assert not git.is_dirty()


def test_commit_is_pushed_if_a_remote_branch_contains_it(git: Git, tmp_path: Path) -> None:
    assert git.is_unpushed()
    git.run("init", "--quiet", "--bare", str(tmp_path / "remote"))
    git.run("remote", "add", "origin", str(tmp_path / "remote"))
    git.run("push", "--quiet", "origin", "main")
    assert not git.is_unpushed()
    commit_files(git, "feat: second")
    assert git.is_unpushed()


def test_clone_has_only_its_own_commits(git: Git) -> None:
    assert git.has_commit(git.head())
    assert not git.has_commit("0" * 40)


def test_commits_are_filtered_by_path(git: Git) -> None:
    first = git.head()
    commit_files(git, "feat: data", {"stacks/data/a.py": "2"})
    commit_files(git, "docs: data", {"stacks/data/README.md": "2"})
    last = commit_files(git, "feat: edge", {"stacks/edge/a.py": "2"})
    commits = git.list_commits(first, last, ["stacks/data/**", "!stacks/data/README.md"])
    assert [item.subject for item in commits] == ["feat: data"]
    assert [item.subject for item in git.list_commits(first, last)] == [
        "feat: edge",
        "docs: data",
        "feat: data",
    ]
    assert git.list_commits(last, first) == []


def test_commit_has_a_subject_and_files(git: Git) -> None:
    assert git.subject(git.head()) == "feat: first"
    assert git.read_file(git.head(), "stacks/data/a.py") == b"1"
    assert git.read_file(git.head(), "stacks/data/none.py") is None


def test_changed_paths_are_not_escaped(git: Git) -> None:
    first = git.head()
    second = commit_files(git, "feat: second", {"stacks/data/überblick.py": "2"})
    assert git.changed_paths(first, second) == ["stacks/data/überblick.py"]
    (git.root / "stacks/data/a.py").write_text("3")
    assert git.changed_paths(second) == ["stacks/data/a.py"]


def test_user_name_is_read_from_the_configuration(git: Git) -> None:
    assert git.user_name() == repository.PERSON


def test_folder_without_a_repository_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=str(tmp_path)):
        Git(tmp_path).head()


def test_error_of_git_is_part_of_the_message(git: Git) -> None:
    with pytest.raises(UserError, match="git log failed: bad object 1111111"):
        git.subject("1" * 40)


def test_variables_of_a_hook_are_ignored(git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert git.subject(git.head()) == "feat: first"
