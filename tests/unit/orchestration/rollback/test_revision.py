from pathlib import Path

import pytest

from orchestration.environments import Environment
from orchestration.layers import LAYERS
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.program_client import Host
from orchestration.rollback.revision import at_commit
from orchestration.rollback.worktree import FOLDER
from terminal.errors import UserError
from tests import repository

DATA = LAYERS[1]


def never(environment: Environment, host: Host) -> Engine:
    raise AssertionError("there is nothing to open")


@pytest.mark.parametrize(
    ("files", "missing"),
    [
        ({"README.md": "1"}, "stacks/data/__main__.py"),
        ({"stacks/data/__main__.py": "", "stacks/data/Pulumi.prod.yaml": ""}, "stacks/data/Pulumi.dev.yaml"),
    ],
)
def test_a_commit_without_the_layer_or_its_settings_is_refused(
    tmp_path: Path, files: dict[str, str], missing: str
) -> None:
    git = repository.make(tmp_path / "clone")
    commit = repository.commit(git, "feat: first", files)
    with (
        pytest.raises(UserError, match=f"Commit {commit[:7]} has no {missing}"),
        at_commit(Environment("dev", git.root), DATA, commit, git, never),
    ):
        pass
    assert list((git.root / FOLDER).iterdir()) == []


def test_a_commit_in_which_the_project_had_another_name_is_refused(tmp_path: Path) -> None:
    git = repository.make(tmp_path / "clone")
    files = {"__main__.py": "", "Pulumi.dev.yaml": "", "Pulumi.yaml": "name: fraud-storage"}
    commit = repository.commit(
        git, "feat: first", {f"stacks/data/{name}": text for name, text in files.items()}
    )
    with (
        pytest.raises(UserError, match="the project of data was fraud-storage, not fraud-data"),
        at_commit(Environment("dev", git.root), DATA, commit, git, never),
    ):
        pass
    assert list((git.root / FOLDER).iterdir()) == []
