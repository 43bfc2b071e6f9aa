from pathlib import Path

import pytest

from orchestration.environments import Environment
from orchestration.layers import LAYERS
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.program_client import ProgramServer
from orchestration.rollback.revision import engine_at_commit
from orchestration.rollback.worktree import FOLDER
from terminal.errors import UserError
from tests import repository

DATA = LAYERS[1]


def fail_to_open(environment: Environment, server: ProgramServer) -> Engine:
    raise AssertionError("no engine may be opened")


@pytest.mark.parametrize(
    ("files", "missing"),
    [
        ({"README.md": "1"}, "stacks/data/__main__.py"),
        ({"stacks/data/__main__.py": "", "stacks/data/Pulumi.prod.yaml": ""}, "stacks/data/Pulumi.dev.yaml"),
    ],
)
def test_commit_without_the_layer_or_its_settings_is_refused(
    tmp_path: Path, files: dict[str, str], missing: str
) -> None:
    git = repository.create_repository(tmp_path / "clone")
    commit = repository.commit_files(git, "feat: first", files)
    with (
        pytest.raises(UserError) as refused,
        engine_at_commit(Environment("dev", git.root), DATA, commit, git, fail_to_open),
    ):
        pass
    assert commit[:7] in refused.value.message
    assert missing in refused.value.message
    assert list((git.root / FOLDER).iterdir()) == []


def test_commit_in_which_the_project_has_another_name_is_refused(tmp_path: Path) -> None:
    git = repository.create_repository(tmp_path / "clone")
    files = {"__main__.py": "", "Pulumi.dev.yaml": "", "Pulumi.yaml": "name: fraud-storage"}
    commit = repository.commit_files(
        git, "feat: first", {f"stacks/data/{name}": text for name, text in files.items()}
    )
    with (
        pytest.raises(UserError) as refused,
        engine_at_commit(Environment("dev", git.root), DATA, commit, git, fail_to_open),
    ):
        pass
    assert "fraud-storage" in refused.value.message
    assert list((git.root / FOLDER).iterdir()) == []
