from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from orchestration.environments import Environment
from orchestration.git import Git
from orchestration.layers import Layer
from orchestration.status.history import Update, list_updates
from orchestration.status.layer_status import CommitDistances, Distance, LayerStatus, StackSnapshot
from shared.contracts import RESERVED
from tests import repository
from tests.unit.orchestration.stacks import FakeStacks
from tests.unit.orchestration.updates import make_summary

DATA = Layer("data", "fraud-data")
EDGE = Layer("edge", "fraud-edge", ("data",))
PROJECTS = {"fraud-data": "data", "fraud-edge": "edge"}
URN = "urn:pulumi:prod::fraud-edge::"


class UnknownDistances(CommitDistances):
    """The clone lacks every commit."""

    def __init__(self) -> None:
        pass

    def distance(self, _layer: Layer, _commit: str) -> Distance | None:
        return None


def create_snapshot(
    outputs: Mapping[str, Any],
    inputs: Mapping[str, Any] | None = None,
    previous: Mapping[str, Any] | None = None,
    *,
    updates: Sequence[Update] = (),
    **state: Any,
) -> StackSnapshot:
    """Create a stack with one queue. `previous` are the outputs of `data` at its last update."""
    declared = {} if inputs is None else {"outputs": dict.fromkeys(outputs, "string"), "inputs": inputs}
    resources = [
        {
            "type": "pulumi:pulumi:Stack",
            "outputs": {**outputs, **({RESERVED: declared} if declared else {})},
        },
        {"type": "pulumi:providers:aws", "custom": True},
        {"type": "fraud:shared:EncryptedQueue"},
        {"type": "aws:sqs/queue:Queue", "custom": True},
    ]
    if previous is not None:
        reference = {"name": "organization/fraud-data/prod", "outputs": previous}
        resources.append({"type": "pulumi:pulumi:StackReference", "custom": True, "outputs": reference})
    return StackSnapshot({"resources": resources, **state}, updates)


def read_status(layer: Layer, **snapshots: StackSnapshot) -> LayerStatus:
    return LayerStatus.from_snapshots(layer, snapshots, PROJECTS, UnknownDistances())


def test_resources_in_aws_are_counted() -> None:
    assert read_status(DATA, data=create_snapshot({}, {})).resources == 1


def test_empty_stack_is_not_deployed() -> None:
    status = read_status(DATA, data=StackSnapshot({"resources": [{"type": "pulumi:pulumi:Stack"}]}))
    assert not status.deployed
    assert status.as_dict()["contract_ok"] is None


def test_contract_holds_if_upstream_has_all_inputs() -> None:
    own = create_snapshot({}, {"data": {"table": "string"}}, {"table": "t"})
    status = read_status(EDGE, data=create_snapshot({"table": "t"}, {}), edge=own)
    assert status.contract_holds
    assert status.stale == []


def test_input_that_upstream_no_longer_exports_is_missing() -> None:
    own = create_snapshot({}, {"data": {"table": "string"}})
    status = read_status(EDGE, data=create_snapshot({"other": "t"}, {}), edge=own)
    assert [(violation.producer, violation.field) for violation in status.missing] == [("data", "table")]
    assert status.contract_holds is False


def test_only_changed_inputs_make_a_layer_stale() -> None:
    data = create_snapshot({"table": "new", "unused": "new"}, {})
    own = create_snapshot({}, {"data": {"table": "string"}}, {"table": "old", "unused": "old"})
    status = read_status(EDGE, data=data, edge=own)
    assert [(changed.producer, changed.field) for changed in status.stale] == [("data", "table")]
    assert status.contract_holds


def test_contract_of_a_stack_without_a_declaration_is_unknown() -> None:
    data, own = create_snapshot({"table": "t"}), create_snapshot({"url": "u"})
    assert read_status(EDGE, data=data, edge=own).contract_holds is None


def test_contract_is_unknown_if_upstream_could_not_be_read() -> None:
    status = read_status(EDGE, edge=create_snapshot({}, {"data": {"table": "string"}}))
    assert status.contract_holds is None
    assert status.missing == []


def test_last_update_and_last_successful_one_are_known() -> None:
    updates = list_updates(FakeStacks([make_summary(result="failed"), make_summary(), make_summary()]), DATA)
    status = read_status(DATA, data=create_snapshot({}, {}, updates=updates))
    assert (status.update, status.last_good) == (updates[0], updates[1])


def test_refresh_and_failed_destroy_deploy_no_code() -> None:
    history = [
        make_summary("3c", kind="refresh"),
        make_summary("2b", kind="destroy", result="failed"),
        make_summary("1a"),
    ]
    updates = list_updates(FakeStacks(history), DATA)
    status = read_status(DATA, data=create_snapshot({}, {}, updates=updates))
    assert (status.update, status.deployed_from) == (updates[0], updates[2])


def test_interrupted_operation_is_named() -> None:
    pending = [{"type": "creating", "resource": {"urn": URN + "aws:sns/topic:Topic::alerts"}}]
    snapshot = create_snapshot({}, {}, pending_operations=pending)
    assert snapshot.pending == ("creating alerts (aws:sns/topic:Topic)",)


@pytest.fixture
def tree(tmp_path: Path) -> Environment:
    """A repository with one commit."""
    git = repository.create_repository(tmp_path)
    repository.commit_files(git, "feat: first", {"stacks/data/a.py": "1"})
    return Environment("prod", tmp_path)


def test_commits_behind_are_counted_with_those_that_change_the_layer(tree: Environment) -> None:
    git = Git(tree.root)
    first = git.head()
    repository.commit_files(git, "feat: data", {"stacks/data/a.py": "2"})
    repository.commit_files(git, "feat: edge", {"stacks/edge/a.py": "2"})
    assert CommitDistances(tree).distance(DATA, first) == Distance(behind=2, touching=1, ahead=0)


def test_deployed_commit_that_is_not_checked_out_is_ahead(tree: Environment) -> None:
    git = Git(tree.root)
    later = repository.commit_files(git, "feat: data", {"stacks/data/a.py": "2"})
    git.run("reset", "--quiet", "--hard", "HEAD~1")
    assert CommitDistances(tree).distance(DATA, later) == Distance(behind=0, touching=0, ahead=1)


def test_distance_of_an_unknown_commit_is_unknown(tree: Environment, tmp_path: Path) -> None:
    assert CommitDistances(tree).distance(DATA, "0" * 40) is None
    assert CommitDistances(tree).distance(DATA, "") is None
    assert CommitDistances(Environment("prod", tmp_path / "none")).distance(DATA, "0" * 40) is None
