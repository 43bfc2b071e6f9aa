import shutil

import pytest

from orchestration.status import history
from tests.engine.orchestration.toy_stacks import FIRST, ToyStacks

pytestmark = [pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.usefixtures("swept")]
MORE = 104


def test_a_long_history_is_whole(stacks: ToyStacks) -> None:
    stacks.engine().up(FIRST)
    folder = stacks.root / ".local/pulumi/.pulumi/history" / FIRST.project / "local"
    [newest] = folder.glob("*.history.json")
    for number in range(MORE):
        shutil.copy(newest, folder / f"local-{number:019}.history.json")
    found = history.updates(stacks.engine(), FIRST)
    assert [update.version for update in found] == list(range(MORE + 1, 0, -1))


def test_a_stack_that_was_never_made_has_no_history(stacks: ToyStacks) -> None:
    assert history.updates(stacks.engine(), FIRST) == []
