import pytest

from orchestration.environments import find
from orchestration.layers import LAYERS
from orchestration.rollback.targets import choose
from orchestration.status.history import Update, updates
from terminal.errors import UserError
from tests.unit.orchestration.stacks import Stacks
from tests.unit.orchestration.updates import summary

DATA = LAYERS[1]


def by_commit(one: Update, other: Update) -> bool:
    """As if every commit changed the layer."""
    return one.commit != other.commit or one.kind != other.kind


def target_of(*newest_first: object, to: int = 0) -> int:
    """The version gone back to."""
    found = updates(Stacks(history=list(newest_first)), DATA)  # type: ignore[arg-type]
    return choose(find("local"), DATA, found, to, by_commit).target.version


def test_the_default_is_the_last_successful_update_before_the_current_one() -> None:
    assert target_of(summary("c"), summary("b"), summary("a")) == 2


def test_updates_of_the_same_code_are_passed_over() -> None:
    assert target_of(summary("b"), summary("b"), summary("a")) == 1


def test_failed_updates_are_passed_over() -> None:
    assert target_of(summary("c"), summary("b", result="failed"), summary("a")) == 1


def test_after_a_failure_the_last_success_comes_back_even_if_it_is_of_the_same_code() -> None:
    assert target_of(summary("b", result="failed"), summary("b"), summary("a")) == 2


def test_a_refresh_is_no_version_to_go_back_to() -> None:
    assert (
        target_of(summary("b", kind="refresh"), summary("b"), summary("a", kind="refresh"), summary("a")) == 1
    )


def test_what_was_destroyed_comes_back() -> None:
    assert target_of(summary("a", kind="destroy"), summary("a")) == 1


def test_going_back_from_a_rollback_goes_forward() -> None:
    assert target_of(summary("a", message="rollback to 1 (a)"), summary("b"), summary("a")) == 2


def test_a_version_that_is_named_is_taken() -> None:
    assert target_of(summary("c"), summary("b"), summary("a"), to=1) == 1


def test_a_dirty_update_is_not_passed_over_but_refused() -> None:
    with pytest.raises(UserError, match="Version 1 of data was deployed from a dirty tree"):
        target_of(summary("b"), summary("a", dirty=True))


@pytest.mark.parametrize(
    ("update", "reason"),
    [
        (summary("a", dirty=True), "dirty tree: its code is not what commit a holds"),
        (summary("a", result="failed"), "is an update that failed"),
        (summary("a", kind="destroy"), "is a destroy, which has no code"),
        (summary(dirty=None), "a tree without git"),
    ],
)
def test_a_version_that_is_none_to_go_back_to_is_refused_with_its_reason(update: object, reason: str) -> None:
    with pytest.raises(UserError, match=f"Version 1 .*{reason}.*invoke history --env local --layer data"):
        target_of(summary("b"), update, to=1)


def test_a_version_that_is_not_there_is_refused() -> None:
    with pytest.raises(UserError, match=r"data has no version 9\. It has 1 to 2\."):
        target_of(summary("b"), summary("a"), to=9)


def test_a_first_version_has_nothing_before_it() -> None:
    with pytest.raises(UserError, match="no earlier successful update"):
        target_of(summary("a"))


def test_a_layer_that_was_never_deployed_cannot_go_back() -> None:
    with pytest.raises(UserError, match="data was never deployed in 'local'"):
        target_of()
