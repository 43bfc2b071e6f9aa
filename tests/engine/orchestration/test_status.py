"""Where two toy layers stand, of which `second` reads what `first` gives, in a repository of their own."""

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
from tests.engine.orchestration.toy_stacks import FIRST, SECOND, ToyStacks

FIRST_EXPORTS = """
pulumi.export("size", config.get("size"))
pulumi.export("contracts", {"gives": {"thing": "text", "size": "text"}, "reads": {}})
"""
SECOND_EXPORTS = """
pulumi.export("contracts", {"gives": {"read": "text"}, "reads": {"first": {"size": "text"}}})
"""

pytestmark = [pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.usefixtures("swept")]

Look = Callable[[Layer], dict[str, Any]]


@pytest.fixture
def git(stacks: ToyStacks) -> Git:
    """The repository, with one commit."""
    for layer, exports in ((FIRST, FIRST_EXPORTS), (SECOND, SECOND_EXPORTS)):
        program = stacks.environment.stack_folder(layer.name) / "__main__.py"
        program.write_text(program.read_text() + exports)
    stacks.configure(FIRST, {"size": "small"})
    git = repository.make(stacks.root)
    repository.commit(git, "feat: two layers", {".gitignore": ".local/\n"})
    return git


@pytest.fixture
def look(stacks: ToyStacks, git: Git, capsys: pytest.CaptureFixture[str]) -> Look:
    """What the task says of a layer, once both are deployed."""
    for layer in (FIRST, SECOND):
        stacks.engine().up(layer, message=update_message.compose(f"deploy {layer.name}", by="Ann"))

    def look(layer: Layer) -> dict[str, Any]:
        capsys.readouterr()
        engine, toys = stacks.engine(), (FIRST, SECOND)
        held = locks.of(stacks.environment, engine, toys)
        status.status(stacks.environment, engine, held, as_json=True, all_layers=toys)
        found = json.loads(capsys.readouterr().out)["layers"]
        return {one["layer"]: one for one in found}[layer.name]

    return look


def test_a_fresh_deployment_is_told_with_commit_and_person_and_lacks_nothing(look: Look, git: Git) -> None:
    found = look(SECOND)
    update = found["update"]
    assert (update["version"], update["result"], update["by"]) == (1, "succeeded", "Ann")
    assert (update["commit"], update["dirty"]) == (git.head(), False)
    assert (found["commits_behind"], found["commits_ahead"]) == (0, 0)
    assert (found["contract_ok"], found["stale"], found["missing"]) == (True, [], [])
    assert (found["locked_by"], found["pending_operations"]) == (None, [])
    assert look(FIRST)["resources"] == 1


def test_a_layer_whose_upstream_changed_what_it_reads_is_stale_until_it_is_deployed(
    look: Look, stacks: ToyStacks
) -> None:
    stacks.configure(FIRST, {"size": "large"})
    stacks.engine().up(FIRST)
    assert look(FIRST)["update"]["version"] == 2
    assert look(SECOND)["stale"] == [{"layer": "first", "field": "size"}]
    stacks.engine().up(SECOND)
    assert look(SECOND)["stale"] == []


def test_after_a_refresh_nobody_knows_what_the_update_saw(look: Look, stacks: ToyStacks) -> None:
    stacks.configure(FIRST, {"size": "large"})
    stacks.engine().up(FIRST)
    assert look(SECOND)["stale_known"]
    refresh = ["refresh", "--yes", "--skip-preview", "--run-program=false"]
    stacks.engine().ask(SECOND, *refresh, "--stack", stacks.environment.name)
    assert not look(SECOND)["stale_known"]


def test_what_a_layer_reads_and_upstream_no_longer_gives_is_missing(look: Look, stacks: ToyStacks) -> None:
    program = stacks.environment.stack_folder(FIRST.name) / "__main__.py"
    program.write_text(program.read_text().replace('"size": "text"', '"width": "text"'))
    stacks.engine().up(FIRST)
    found = look(SECOND)
    assert found["contract_ok"] is False
    assert found["missing"] == [{"layer": "first", "field": "size", "wanted": "text", "found": None}]


def test_commits_since_are_counted_and_a_failed_update_told(look: Look, stacks: ToyStacks, git: Git) -> None:
    stacks.configure(FIRST, {"broken": True})
    broken = repository.commit(git, "feat: break first")
    with pytest.raises(LayerError):
        stacks.engine().up(FIRST)
    first, second = look(FIRST), look(SECOND)
    assert (first["update"]["result"], first["update"]["commit"]) == ("failed", broken)
    assert first["last_successful_version"] == 1
    assert (second["commits_behind"], second["commits_behind_touching_it"]) == (1, 0)


def test_the_holder_of_a_lock_is_told(look: Look, stacks: ToyStacks) -> None:
    stacks.lock(SECOND)
    assert look(SECOND)["locked_by"]["user"] == "ann"
    assert look(FIRST)["locked_by"] is None


def test_where_nothing_is_deployed_it_says_so(stacks: ToyStacks, capsys: pytest.CaptureFixture[str]) -> None:
    engine, toys = stacks.engine(), (FIRST, SECOND)
    held = locks.of(stacks.environment, engine, toys)
    status.status(stacks.environment, engine, held, all_layers=toys)
    assert "first: not deployed. invoke deploy --env local --layer first" in capsys.readouterr().out
