import pytest
from pulumi.automation import UpdateSummary

from orchestration.environments import find_environment
from orchestration.layers import LAYERS
from orchestration.rollback.targets import choose_target
from orchestration.status.history import Update, list_updates
from terminal.errors import UserError
from tests.unit.orchestration.stacks import FakeStacks
from tests.unit.orchestration.updates import make_summary

DATA = LAYERS[1]


def differ(update: Update, other: Update) -> bool:
    """Every commit changes the layer."""
    return update.commit != other.commit or update.kind != other.kind


def find_target(*newest_first: UpdateSummary, to: int = 0) -> int:
    """Return the version that a rollback restores."""
    updates = list_updates(FakeStacks(newest_first), DATA)
    return choose_target(find_environment("local"), DATA, updates, to, differ).target.version


def test_default_is_the_last_successful_update_before_the_current_one() -> None:
    assert find_target(make_summary("c"), make_summary("b"), make_summary("a")) == 2


def test_updates_with_the_same_code_are_skipped() -> None:
    assert find_target(make_summary("b"), make_summary("b"), make_summary("a")) == 1


def test_failed_updates_are_skipped() -> None:
    assert find_target(make_summary("c"), make_summary("b", result="failed"), make_summary("a")) == 1


def test_after_a_failure_the_last_success_is_restored_even_with_the_same_code() -> None:
    assert find_target(make_summary("b", result="failed"), make_summary("b"), make_summary("a")) == 2


def test_refresh_is_not_a_version_to_restore() -> None:
    history = [
        make_summary("b", kind="refresh"),
        make_summary("b"),
        make_summary("a", kind="refresh"),
        make_summary("a"),
    ]
    assert find_target(*history) == 1


def test_destroyed_layer_is_restored() -> None:
    assert find_target(make_summary("a", kind="destroy"), make_summary("a")) == 1


def test_rollback_of_a_rollback_restores_the_newer_version() -> None:
    history = [make_summary("a", message="rollback to 1 (a)"), make_summary("b"), make_summary("a")]
    assert find_target(*history) == 2


def test_chosen_version_is_restored() -> None:
    assert find_target(make_summary("c"), make_summary("b"), make_summary("a"), to=1) == 1


def test_dirty_update_is_refused_and_not_skipped() -> None:
    with pytest.raises(UserError) as refused:
        find_target(make_summary("b"), make_summary("a", dirty=True))
    assert "Version 1" in refused.value.message


@pytest.mark.parametrize(
    ("update", "reason"),
    [
        (make_summary("a", dirty=True), "commit a lacks"),
        (make_summary("a", result="failed"), "failed"),
        (make_summary("a", kind="destroy"), "destroy"),
        (make_summary(dirty=None), "without git"),
    ],
)
def test_version_that_cannot_be_restored_is_refused_with_its_reason(
    update: UpdateSummary, reason: str
) -> None:
    with pytest.raises(UserError) as refused:
        find_target(make_summary("b"), update, to=1)
    assert reason in refused.value.message
    assert "history --env local --layer data" in refused.value.hint


def test_unknown_version_is_refused_with_the_existing_ones() -> None:
    with pytest.raises(UserError) as refused:
        find_target(make_summary("b"), make_summary("a"), to=9)
    assert "9" in refused.value.message
    assert "1 to 2" in refused.value.hint


def test_first_version_has_no_earlier_one() -> None:
    with pytest.raises(UserError):
        find_target(make_summary("a"))


def test_layer_that_was_never_deployed_is_refused() -> None:
    with pytest.raises(UserError) as refused:
        find_target()
    assert "deploy --env local --layer data" in refused.value.hint
