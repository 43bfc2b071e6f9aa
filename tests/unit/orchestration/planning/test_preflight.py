from datetime import date, timedelta
from pathlib import Path

import pytest

from functions.common.domain.exchange_rates import RATES_DATE
from orchestration.environments import find_environment
from orchestration.git import Git
from orchestration.planning import preflight
from terminal.errors import UserError

PROD = find_environment("prod")


class FakeGit(Git):
    """A git tree with the given properties."""

    def __init__(
        self, *, dirty: bool = False, unpushed: bool = False, known: bool = True, merged: bool = True
    ) -> None:
        super().__init__(Path("/nowhere"))
        self.__dict__.update(dirty=dirty, unpushed=unpushed, known=known, merged=merged)

    def is_dirty(self) -> bool:
        return bool(self.__dict__["dirty"])

    def is_unpushed(self) -> bool:
        return bool(self.__dict__["unpushed"])

    def has_commit(self, commit: str) -> bool:
        return bool(self.__dict__["known"])

    def is_in_history(self, commit: str) -> bool:
        return bool(self.__dict__["merged"])


def test_clean_and_pushed_tree_may_be_deployed() -> None:
    assert preflight.check_tree(PROD, FakeGit()) == ""


@pytest.mark.parametrize(
    "git", [FakeGit(dirty=True), FakeGit(unpushed=True), FakeGit(dirty=True, unpushed=True)]
)
@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_tree_that_others_cannot_deploy_is_refused(environment: str, git: Git) -> None:
    with pytest.raises(UserError) as refused:
        preflight.check_tree(find_environment(environment), git)
    assert f"'{environment}'" in refused.value.message
    assert "--override" in refused.value.hint


def test_override_needs_a_reason() -> None:
    with pytest.raises(UserError):
        preflight.check_tree(PROD, FakeGit(dirty=True), override=" ")


@pytest.mark.parametrize(
    ("git", "recorded"),
    [
        (FakeGit(dirty=True), "dirty: hot fix"),
        (FakeGit(dirty=True, unpushed=True), "dirty and unpushed: hot fix"),
        (FakeGit(), "hot fix"),
    ],
)
def test_override_is_recorded_with_what_it_excuses(git: Git, recorded: str) -> None:
    assert preflight.check_tree(PROD, git, override="hot\nfix") == recorded


@pytest.mark.parametrize("git", [FakeGit(merged=False), FakeGit(known=False)])
def test_tree_without_the_deployed_commit_is_refused(git: Git) -> None:
    with pytest.raises(UserError) as refused:
        preflight.check_not_behind("edge", "1a2b3c4d5e", git)
    assert "edge" in refused.value.message
    assert "1a2b3c4" in refused.value.message


def test_tree_without_the_deployed_commit_may_be_deployed_with_an_override() -> None:
    preflight.check_not_behind("edge", "1a2b3c4d5e", FakeGit(merged=False), override="back to Monday")


def test_tree_with_the_deployed_commit_may_be_deployed() -> None:
    preflight.check_not_behind("edge", "1a2b3c4d5e", FakeGit())


def test_unknown_deployed_commit_is_not_compared() -> None:
    preflight.check_not_behind("edge", "", FakeGit(known=False))


def test_local_may_be_deployed_from_any_tree() -> None:
    assert preflight.check_tree(find_environment("local"), FakeGit(dirty=True, unpushed=True)) == ""


def test_credentials_of_another_account_are_refused() -> None:
    preflight.check_account(PROD, "111111111111", lambda: "111111111111")
    with pytest.raises(UserError) as refused:
        preflight.check_account(PROD, "111111111111", lambda: "222222222222")
    assert "222222222222" in refused.value.message
    assert "111111111111" in refused.value.message


def test_exchange_rates_older_than_a_year_are_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    written = date.fromisoformat(RATES_DATE)
    preflight.warn_of_old_rates(written + timedelta(days=365))
    assert capsys.readouterr() == ("", "")
    preflight.warn_of_old_rates(written + timedelta(days=366))
    assert RATES_DATE in capsys.readouterr().err
