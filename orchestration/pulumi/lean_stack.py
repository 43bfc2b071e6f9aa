"""The Automation API's `Stack` without the runs of the CLI that nothing here needs."""

from datetime import UTC, datetime

from pulumi.automation import LocalWorkspace, OutputMap, Stack, UpdateSummary
from pulumi.automation._stack import StackInitMode  # the SDK is pinned, and has no public name for it

__all__ = ["LeanStack", "StackInitMode"]


class LeanStack(Stack):
    """Leaves out what `Stack` asks the CLI after each update: the events told it, and it takes a second.

    One that is expected to be there is not selected first: every command names it, and says if it is not.
    """

    def __init__(self, name: str, workspace: LocalWorkspace, mode: StackInitMode) -> None:
        if mode is StackInitMode.SELECT:
            self.name, self.workspace, self._mode = name, workspace, mode
        else:
            super().__init__(name, workspace, mode)

    def outputs(self) -> OutputMap:
        return {}

    def info(self, show_secrets: bool = True) -> UpdateSummary:
        return UpdateSummary("update", datetime.now(UTC), "", {}, {}, "succeeded")
