import shutil

import pytest

from orchestration.status import history
from tests.engine.orchestration.sample_stacks import FIRST, SampleStacks

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.usefixtures("collect_garbage"),
]
COPIES = 104


def test_long_history_is_complete(stacks: SampleStacks) -> None:
    stacks.engine().up(FIRST)
    folder = stacks.root / ".local/pulumi/.pulumi/history" / FIRST.project / "local"
    [newest] = folder.glob("*.history.json")
    for number in range(COPIES):
        shutil.copy(newest, folder / f"local-{number:019}.history.json")
    updates = history.list_updates(stacks.engine(), FIRST)
    assert [update.version for update in updates] == list(range(COPIES + 1, 0, -1))


def test_stack_that_does_not_exist_has_no_history(stacks: SampleStacks) -> None:
    assert history.list_updates(stacks.engine(), FIRST) == []
