from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pulumi.automation import UpdateSummary

from orchestration.environments import Environment
from orchestration.git import Git
from orchestration.layers import Layer
from orchestration.status import history
from orchestration.status.layer_status import Commits, Distance, Found, LayerStatus, of
from shared.contracts import RESERVED
from tests import repository
from tests.unit.orchestration.updates import summary

DATA = Layer("data", "fraud-data")
EDGE = Layer("edge", "fraud-edge", ("data",))
PROJECTS = {"fraud-data": "data", "fraud-edge": "edge"}
URN = "urn:pulumi:prod::fraud-edge::"


class NoCommits(Commits):
    """Nothing is known of any."""

    def __init__(self) -> None:
        pass

    def distance(self, _layer: Layer, _commit: str) -> Distance | None:
        return None


class Updates:
    """A stack with these, newest first."""

    def __init__(self, summaries: list[UpdateSummary]) -> None:
        self._summaries = summaries

    def history(self, _layer: Layer) -> list[UpdateSummary]:
        return self._summaries


def found(
    outputs: Mapping[str, Any],
    reads: Mapping[str, Any] | None = None,
    seen: Mapping[str, Any] | None = None,
    *,
    updates: Sequence[history.Update] = (),
    **more: Any,
) -> Found:
    """A stack of one queue that gives `outputs`, uses `reads` and saw `seen` of data."""
    gives = dict.fromkeys(outputs, "text")
    resources = [
        {
            "type": "pulumi:pulumi:Stack",
            "outputs": {**outputs, **({} if reads is None else {RESERVED: {"gives": gives, "reads": reads}})},
        },
        {"type": "pulumi:providers:aws", "custom": True},
        {"type": "fraud:shared:EncryptedQueue"},
        {"type": "aws:sqs/queue:Queue", "custom": True},
    ]
    if seen is not None:
        reference = {"name": "organization/fraud-data/prod", "outputs": seen}
        resources.append({"type": "pulumi:pulumi:StackReference", "custom": True, "outputs": reference})
    return Found({"resources": resources, **more}, updates)


def edge(data: Found, own: Found) -> LayerStatus:
    return of(EDGE, {"data": data, "edge": own}, PROJECTS, NoCommits())


def test_what_is_in_aws_is_counted() -> None:
    assert of(DATA, {"data": found({}, {})}, PROJECTS, NoCommits()).resources == 1


def test_a_stack_that_holds_nothing_is_not_deployed() -> None:
    status = of(
        DATA, {"data": Found({"resources": [{"type": "pulumi:pulumi:Stack"}]})}, PROJECTS, NoCommits()
    )
    assert not status.deployed
    assert status.as_dict()["contract_ok"] is None


def test_a_contract_holds_where_upstream_gives_what_is_read() -> None:
    reads = {"data": {"table": "text"}}
    status = edge(found({"table": "t"}, {}), found({}, reads, {"table": "t"}))
    assert status.contract_holds
    assert status.stale == []


def test_what_upstream_no_longer_gives_is_missing() -> None:
    status = edge(found({"other": "t"}, {}), found({}, {"data": {"table": "text"}}))
    assert [(one.producer, one.field) for one in status.missing] == [("data", "table")]
    assert status.contract_holds is False


def test_what_changed_upstream_since_makes_it_stale_if_it_is_used() -> None:
    data = found({"table": "new", "unused": "new"}, {})
    status = edge(data, found({}, {"data": {"table": "text"}}, {"table": "old", "unused": "old"}))
    assert [(one.producer, one.field) for one in status.stale] == [("data", "table")]
    assert status.contract_holds


def test_of_a_stack_older_than_contracts_it_is_not_known_whether_they_hold() -> None:
    assert edge(found({"table": "t"}, {}), found({"url": "u"})).contract_holds is None


def test_of_a_stack_whose_upstream_could_not_be_read_it_is_not_known_either() -> None:
    status = of(EDGE, {"edge": found({}, {"data": {"table": "text"}})}, PROJECTS, NoCommits())
    assert status.contract_holds is None
    assert status.missing == []


def test_the_last_update_and_the_last_that_succeeded_are_told() -> None:
    updates = history.updates(Updates([summary(result="failed"), summary(), summary()]), DATA)
    status = of(DATA, {"data": found({}, {}, updates=updates)}, PROJECTS, NoCommits())
    assert (status.update, status.last_good) == (updates[0], updates[1])


def test_a_refresh_or_a_failed_destroy_deploys_no_code() -> None:
    summaries = [summary("3c", kind="refresh"), summary("2b", kind="destroy", result="failed"), summary("1a")]
    updates = history.updates(Updates(summaries), DATA)
    status = of(DATA, {"data": found({}, {}, updates=updates)}, PROJECTS, NoCommits())
    assert (status.update, status.deployed_from) == (updates[0], updates[2])


def test_what_a_cut_off_update_had_begun_is_named() -> None:
    pending = [{"type": "creating", "resource": {"urn": URN + "aws:sns/topic:Topic::alerts"}}]
    own = found({}, {}, pending_operations=pending)
    assert own.pending == ("creating alerts (aws:sns/topic:Topic)",)


@pytest.fixture
def tree(tmp_path: Path) -> Environment:
    """A repository with one commit."""
    repository.commit(repository.make(tmp_path), "feat: first", {"stacks/data/a.py": "1"})
    return Environment("prod", tmp_path)


def test_commits_behind_are_counted_and_those_that_touch_the_layer(tree: Environment) -> None:
    git = Git(tree.root)
    first = git.head()
    repository.commit(git, "feat: data", {"stacks/data/a.py": "2"})
    repository.commit(git, "feat: edge", {"stacks/edge/a.py": "2"})
    assert Commits(tree).distance(DATA, first) == Distance(behind=2, touching=1, ahead=0)


def test_a_deployed_commit_that_is_not_checked_out_is_ahead(tree: Environment) -> None:
    git = Git(tree.root)
    later = repository.commit(git, "feat: data", {"stacks/data/a.py": "2"})
    git.run("reset", "--quiet", "--hard", "HEAD~1")
    assert Commits(tree).distance(DATA, later) == Distance(behind=0, touching=0, ahead=1)


def test_how_far_an_unknown_commit_is_nobody_knows(tree: Environment, tmp_path: Path) -> None:
    assert Commits(tree).distance(DATA, "0" * 40) is None
    assert Commits(tree).distance(DATA, "") is None
    assert Commits(Environment("prod", tmp_path / "none")).distance(DATA, "0" * 40) is None
