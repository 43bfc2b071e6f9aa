"""What an update did or would do: how many resources, in the words of the tables."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from pulumi.automation import OpType


@dataclass(frozen=True)
class Changes:
    """Numbers of resources; a replaced one counts once."""

    create: int = 0
    update: int = 0
    replace: int = 0
    delete: int = 0
    same: int = 0

    @property
    def any(self) -> bool:
        """Whether anything differs from before."""
        return bool(self.create or self.update or self.replace or self.delete)

    def as_dict(self) -> dict[str, int]:
        """For JSON."""
        return asdict(self)

    @classmethod
    def of(cls, operations: Mapping[OpType, int] | None) -> "Changes":
        """From the engine's own counts, whose keys are operations such as `create-replacement`.

        A replacement comes with the two steps it is made of, which are left out.
        """
        counts = {str(getattr(key, "value", key)): count for key, count in (operations or {}).items()}
        return cls(
            **{name: counts.get(name, 0) for name in ("create", "update", "replace", "delete", "same")}
        )
