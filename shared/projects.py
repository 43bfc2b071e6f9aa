"""The list of layers, each with its own Pulumi project, in the order of deployment.

Tasks and CI workflows derive their list of layers from `PROJECTS`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Project:
    """The project in `stacks/<layer>`. `owner`: the team that deploys it and reviews its code.

    `depends_on`: the layers whose outputs it reads. `functions`: the folders in functions/ that it packages.
    """

    layer: str
    owner: str
    depends_on: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"fraud-{self.layer}"


FOUNDATION = Project("foundation", owner="platform")
DATA = Project("data", owner="data-platform", depends_on=("foundation",))
PROCESSING = Project(
    "processing",
    owner="fraud-engineering",
    depends_on=("foundation", "data"),
    functions=("fraud", "merchants", "notify"),
)
EDGE = Project("edge", owner="edge", depends_on=("foundation", "data"), functions=("api", "labels"))

PROJECTS = (FOUNDATION, DATA, PROCESSING, EDGE)
