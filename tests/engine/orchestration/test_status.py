"""The status of two sample layers in a repository. `second` reads an output of `first`."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from orchestration import update_message
from orchestration.git import Git
from orchestration.layers import Layer
from orchestration.pulumi.errors import LayerError
from orchestration.state import locks
from orchestration.status import status
from tests import repository
from tests.engine.orchestration.sample_stacks import FIRST, SECOND, SampleStacks

FIRST_EXPORTS = """
pulumi.export("size", config.get("size"))
pulumi.export("contracts", {"gives": {"thing": "text", "size": "text"}, "reads": {}})
"""
SECOND_EXPORTS = """
pulumi.export("contracts", {"gives": {"read": "text"}, "reads": {"first": {"size": "text"}}})
"""

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.usefixtures("collect_garbage"),
]

ReadStatus = Callable[[Layer], dict[str, Any]]


@pytest.fixture
def git(stacks: SampleStacks) -> Git:
    """The repository, with one commit."""
    for layer, exports in ((FIRST, FIRST_EXPORTS), (SECOND, SECOND_EXPORTS)):
        program = stacks.environment.stack_folder(layer.name) / "__main__.py"
        program.write_text(program.read_text() + exports)
    stacks.configure(FIRST, {"size": "small"})
    git = repository.create_repository(stacks.root)
    repository.commit_files(git, "feat: two layers", {".gitignore": ".local/\n"})
    return git


@pytest.fixture
def read_status(stacks: SampleStacks, git: Git, capsys: pytest.CaptureFixture[str]) -> ReadStatus:
    """Deploy both layers, and return a function that reads the status of a layer."""
    for layer in (FIRST, SECOND):
        stacks.engine().up(layer, message=update_message.compose_message(f"deploy {layer.name}", by="Ann"))

    def read_status(layer: Layer) -> dict[str, Any]:
        capsys.readouterr()
        engine, samples = stacks.engine(), (FIRST, SECOND)
        stack_locks = locks.open_locks(stacks.environment, engine, samples)
        status.show_status(stacks.environment, engine, stack_locks, as_json=True, all_layers=samples)
        statuses = json.loads(capsys.readouterr().out)["layers"]
        return {entry["layer"]: entry for entry in statuses}[layer.name]

    return read_status


def test_new_deployment_has_commit_and_user_and_is_current(read_status: ReadStatus, git: Git) -> None:
    second = read_status(SECOND)
    update = second["update"]
    assert (update["version"], update["result"], update["by"]) == (1, "succeeded", "Ann")
    assert (update["commit"], update["dirty"]) == (git.head(), False)
    assert (second["commits_behind"], second["commits_ahead"]) == (0, 0)
    assert (second["contract_ok"], second["stale"], second["missing"]) == (True, [], [])
    assert (second["locked_by"], second["pending_operations"]) == (None, [])
    assert read_status(FIRST)["resources"] == 1


def test_layer_is_stale_after_a_change_of_an_upstream_output_until_it_is_deployed(
    read_status: ReadStatus, stacks: SampleStacks
) -> None:
    stacks.configure(FIRST, {"size": "large"})
    stacks.engine().up(FIRST)
    assert read_status(FIRST)["update"]["version"] == 2
    assert read_status(SECOND)["stale"] == [{"layer": "first", "field": "size"}]
    stacks.engine().up(SECOND)
    assert read_status(SECOND)["stale"] == []


def test_staleness_is_unknown_after_a_refresh(read_status: ReadStatus, stacks: SampleStacks) -> None:
    stacks.configure(FIRST, {"size": "large"})
    stacks.engine().up(FIRST)
    assert read_status(SECOND)["stale_known"]
    refresh = ["refresh", "--yes", "--skip-preview", "--run-program=false"]
    stacks.engine().run_cli(SECOND, *refresh, "--stack", stacks.environment.name)
    assert not read_status(SECOND)["stale_known"]


def test_removed_upstream_output_is_missing(read_status: ReadStatus, stacks: SampleStacks) -> None:
    program = stacks.environment.stack_folder(FIRST.name) / "__main__.py"
    program.write_text(program.read_text().replace('"size": "text"', '"width": "text"'))
    stacks.engine().up(FIRST)
    second = read_status(SECOND)
    assert second["contract_ok"] is False
    assert second["missing"] == [{"layer": "first", "field": "size", "wanted": "string", "found": None}]


def test_newer_commits_are_counted_and_a_failed_update_is_reported(
    read_status: ReadStatus, stacks: SampleStacks, git: Git
) -> None:
    stacks.configure(FIRST, {"broken": True})
    broken = repository.commit_files(git, "feat: break first")
    with pytest.raises(LayerError):
        stacks.engine().up(FIRST)
    first, second = read_status(FIRST), read_status(SECOND)
    assert (first["update"]["result"], first["update"]["commit"]) == ("failed", broken)
    assert first["last_successful_version"] == 1
    assert (second["commits_behind"], second["commits_behind_touching_it"]) == (1, 0)


def test_holder_of_a_lock_is_reported(read_status: ReadStatus, stacks: SampleStacks) -> None:
    stacks.lock(SECOND)
    assert read_status(SECOND)["locked_by"]["user"] == "ann"
    assert read_status(FIRST)["locked_by"] is None


def test_layer_that_is_not_deployed_has_the_command_that_deploys_it(
    stacks: SampleStacks, capsys: pytest.CaptureFixture[str]
) -> None:
    engine, samples = stacks.engine(), (FIRST, SECOND)
    stack_locks = locks.open_locks(stacks.environment, engine, samples)
    status.show_status(stacks.environment, engine, stack_locks, all_layers=samples)
    assert "invoke deploy --env local --layer first" in capsys.readouterr().out
