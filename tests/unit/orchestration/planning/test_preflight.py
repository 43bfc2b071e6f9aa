from dataclasses import dataclass

import pytest

from orchestration.environments import find
from orchestration.planning import preflight
from terminal.errors import UserError


@dataclass
class Tree:
    dirty: bool = False
    unpushed: bool = False
    known: bool = True
    contained: bool = True

    def is_dirty(self) -> bool:
        return self.dirty

    def is_unpushed(self) -> bool:
        return self.unpushed

    def has(self, commit: str) -> bool:
        return self.known

    def contains(self, commit: str) -> bool:
        return self.contained


def test_a_clean_and_pushed_tree_may_be_deployed() -> None:
    assert preflight.check_tree(find("prod"), Tree()) == ""


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        (Tree(dirty=True), "changes that are not committed: nobody"),
        (Tree(unpushed=True), "on no remote branch: nobody"),
        (Tree(dirty=True, unpushed=True), "not committed and is at a commit that is on no remote"),
    ],
)
@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_a_tree_that_others_cannot_see_is_refused(environment: str, tree: Tree, said: str) -> None:
    with pytest.raises(UserError, match=said):
        preflight.check_tree(find(environment), tree)


def test_an_override_is_for_the_record_and_needs_a_reason() -> None:
    assert preflight.check_tree(find("prod"), Tree(dirty=True), override="hot\nfix") == "dirty: hot fix"
    with pytest.raises(UserError, match="--override"):
        preflight.check_tree(find("prod"), Tree(dirty=True), override=" ")


def test_a_tree_that_lacks_what_is_deployed_is_refused() -> None:
    for tree in (Tree(contained=False), Tree(known=False)):
        with pytest.raises(
            UserError, match="edge was deployed from commit 1a2b3c4, which this tree does not"
        ):
            preflight.check_not_behind("edge", "1a2b3c4d5e", tree)
        preflight.check_not_behind("edge", "1a2b3c4d5e", tree, override="back to Monday")
    preflight.check_not_behind("edge", "1a2b3c4d5e", Tree())
    preflight.check_not_behind("edge", "", Tree(known=False))


def test_an_override_is_recorded_whatever_it_excuses() -> None:
    assert preflight.check_tree(find("prod"), Tree(), override="just in case") == "just in case"


def test_local_may_be_deployed_from_any_tree() -> None:
    assert preflight.check_tree(find("local"), Tree(dirty=True, unpushed=True)) == ""


def test_another_account_than_the_settings_name_is_refused() -> None:
    preflight.check_account(find("prod"), "111111111111", lambda: "111111111111")
    with pytest.raises(UserError, match=r"are for the AWS account 2{12}, and 'prod' is 1{12}"):
        preflight.check_account(find("prod"), "111111111111", lambda: "222222222222")
