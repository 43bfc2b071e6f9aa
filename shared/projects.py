"""The Pulumi projects, one per layer, and the teams that own them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Project:
    """The project in `stacks/<layer>`; `owner` is the team that CODEOWNERS names for that folder."""

    layer: str
    owner: str

    @property
    def name(self) -> str:
        return f"fraud-{self.layer}"


FOUNDATION = Project("foundation", owner="platform")
DATA = Project("data", owner="data-platform")
PROCESSING = Project("processing", owner="fraud-engineering")
EDGE = Project("edge", owner="edge")

PROJECTS = (FOUNDATION, DATA, PROCESSING, EDGE)
