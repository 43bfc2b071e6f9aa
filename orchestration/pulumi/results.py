"""What came of one operation on one stack."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from orchestration.pulumi.changes import Changes
from orchestration.pulumi.steps import Step
from shared.contracts import visible


@dataclass(frozen=True)
class Outcome:
    """With the stack's outputs before and after, secrets hidden.

    `placeholders` are the layers for whose outputs made-up ones stood in, which only a preview allows.
    """

    changes: Changes
    outputs: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    placeholders: frozenset[str] = frozenset()

    def after(self, earlier: "Outcome") -> "Outcome":
        """This deletion together with an earlier one of the same stack."""
        deleted = self.changes.delete + earlier.changes.delete
        return replace(
            self,
            changes=replace(self.changes, delete=deleted),
            steps=(*earlier.steps, *self.steps),
        )

    @property
    def changes_outputs(self) -> bool:
        """Whether a stack that had outputs has others now."""
        return bool(self.before) and visible(self.outputs) != visible(self.before)
