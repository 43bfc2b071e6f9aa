"""A state that was lost or spoilt is put back, and then there is nothing to deploy."""

import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from orchestration.environments import Environment
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.results import Changes
from orchestration.state import state_backups, state_document
from orchestration.state.backup_store import KEPT, BucketPlace, FolderPlace, Kept, place_of
from orchestration.state.state_backups import Backups
from terminal.errors import UserError
from tests.engine.orchestration.toy_account import ToyAccount
from tests.engine.orchestration.toy_stacks import FIRST, SECOND, ToyStacks

pytestmark = [pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.usefixtures("swept")]


def agree(_: str) -> None:
    """To whatever is asked."""


def backups_of(environment: Environment, engine: Engine) -> Backups:
    """With a clock of its own, which shows another time whenever it is looked at."""
    ticks = count()
    return Backups(
        environment, engine, now=lambda: datetime(2026, 1, 2, tzinfo=UTC) + timedelta(seconds=next(ticks))
    )


@pytest.fixture
def backups(stacks: ToyStacks) -> Backups:
    """Of two projects of which the first is deployed."""
    stacks.engine().up(FIRST)
    return backups_of(stacks.environment, stacks.engine())


def checkpoint(stacks: ToyStacks) -> Path:
    return stacks.environment.state_folder / "pulumi/.pulumi/stacks/toy-first/local.json"


def lose(stacks: ToyStacks) -> None:
    checkpoint(stacks).unlink()


def forget_a_resource(stacks: ToyStacks) -> None:
    content = json.loads(checkpoint(stacks).read_text())
    content["checkpoint"]["latest"]["resources"].pop()
    checkpoint(stacks).write_text(json.dumps(content))


@pytest.mark.parametrize("spoil", [lose, forget_a_resource])
def test_a_restored_state_knows_what_is_deployed(
    stacks: ToyStacks,
    backups: Backups,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[ToyStacks], None],
) -> None:
    kept = backups.save(FIRST)
    assert kept
    spoil(stacks)
    backups.restore(FIRST, kept.id, agree)
    assert "1 known again: thing (toy:index:Thing)" in capsys.readouterr().out
    assert stacks.engine().up(FIRST).changes == Changes(same=2)


def test_a_state_is_kept_once_as_long_as_it_stays_the_same(stacks: ToyStacks, backups: Backups) -> None:
    first = backups.save(FIRST)
    stacks.engine().up(FIRST)
    assert backups.save(FIRST) is None
    stacks.configure(FIRST, {"protect": True})
    stacks.engine().up(FIRST)
    second = backups.save(FIRST)
    assert backups.kept(FIRST) == [first, second]


def test_there_is_nothing_to_keep_of_what_is_not_deployed(stacks: ToyStacks, backups: Backups) -> None:
    assert backups.save(SECOND) is None
    stacks.engine().make(SECOND)
    assert backups.save(SECOND) is None


def test_the_state_before_a_restore_is_kept_too(stacks: ToyStacks, backups: Backups) -> None:
    first = backups.save(FIRST)
    assert first
    forget_a_resource(stacks)
    backups.restore(FIRST, first.id, agree)
    before = backups.kept(FIRST)[-1]
    assert (before.resources, first.resources) == (0, 1)
    backups.restore(FIRST, before.id, agree)
    assert not state_document.resources(stacks.engine().document(FIRST))


def test_nothing_is_restored_without_consent(stacks: ToyStacks, backups: Backups) -> None:
    kept = backups.save(FIRST)
    assert kept
    forget_a_resource(stacks)
    before = checkpoint(stacks).read_bytes()

    def refuse(question: str) -> None:
        raise UserError(question)

    with pytest.raises(
        UserError, match="Put the state of first in 'local' back to that of 2026-01-02 00:00:00"
    ):
        backups.restore(FIRST, kept.id, refuse)
    assert checkpoint(stacks).read_bytes() == before


def test_a_backup_that_does_not_exist_says_how_to_find_one(backups: Backups) -> None:
    with pytest.raises(UserError, match=r"no backup 'x' of first.* state\.backups --env local --layer first"):
        backups.restore(FIRST, "x", agree)


def test_a_state_that_is_as_it_was_is_not_restored(backups: Backups) -> None:
    kept = backups.save(FIRST)
    assert kept
    backups.restore(FIRST, kept.id, pytest.fail)


def test_a_folder_keeps_the_newest_and_shows_them_to_nobody_else(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path)
    names = [f"p/s/{number:03d}.1.json" for number in range(KEPT + 2)]
    for name in names:
        place.write(name, b"")
    place.forget_old("p/s")
    assert place.names("p/s") == names[2:]
    assert stat.S_IMODE((tmp_path / names[-1]).stat().st_mode) == 0o600


def test_backups_are_listed_the_newest_first(backups: Backups, capsys: pytest.CaptureFixture[str]) -> None:
    backups.save(FIRST)
    state_backups.show(backups, [FIRST, SECOND], as_json=True)
    [kept] = backups.kept(FIRST)
    shown = {"id": kept.id, "when": "2026-01-02 00:00:00Z", "resources": 1}
    assert json.loads(capsys.readouterr().out) == {"first": [shown], "second": []}


@pytest.fixture
def account(ready: ToyAccount) -> ToyAccount:
    ready.engine().up(FIRST)
    return ready


def test_in_an_account_copies_are_beside_the_state(account: ToyAccount) -> None:
    backups = backups_of(account.environment, account.engine())
    kept = backups.save(FIRST)
    assert isinstance(kept, Kept)
    s3, key = account.client("s3"), f"backups/toy-first/dev/{kept.file}"
    found = s3.head_object(Bucket=account.bucket, Key=key)
    assert found["ServerSideEncryption"] == "aws:kms"
    s3.delete_object(Bucket=account.bucket, Key=".pulumi/stacks/toy-first/dev.json")
    backups.restore(FIRST, kept.id, agree)
    assert account.engine().up(FIRST).changes == Changes(same=2)


def test_copies_of_a_state_elsewhere_are_in_a_folder_of_the_users(
    toy: ToyAccount, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert isinstance(place_of(toy.environment), BucketPlace)
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://ours")
    place = place_of(toy.environment)
    assert isinstance(place, FolderPlace)
    assert place.root == tmp_path / "fraud-pipeline/backups" / toy.account
