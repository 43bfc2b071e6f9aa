"""What the settings of layers share. Each layer's own are in `stacks/<layer>/settings.py`: what its
`Pulumi.<environment>.yaml` may hold, with types, limits and defaults.

Reading and checking them is configuration.py's; nothing else reads Pulumi's configuration.
Defaults are the safe choice; an environment's file says where it differs.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from shared.projects import Project

Architecture = Annotated[
    Literal["arm64", "x86_64", "host"],
    Meta(description="arm64, x86_64, or, in the environment local only, host"),
]
# Lambda has room for 1000 by default in an account and region, and keeps 100 of them unreserved.
ReservedConcurrency = Annotated[int, Meta(ge=100, le=10_000, description="an integer from 100 to 10000")]
MemoryMb = Annotated[int, Meta(ge=128, le=10_240, description="an integer from 128 to 10240")]
TimeoutSeconds = Annotated[int, Meta(ge=1, le=900, description="an integer from 1 to 900")]
NameSuffix = Annotated[
    str,
    Meta(
        pattern=r"\A([a-z0-9][a-z0-9-]{0,10}[a-z0-9])?\Z", description="2 to 12 of a-z, 0-9 and '-', or empty"
    ),
]


class FunctionSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """How large a function is, how long it may take, how many run at once, and how much it logs."""

    memory_mb: MemoryMb = 512
    timeout_seconds: TimeoutSeconds = 15
    reserved_concurrency: ReservedConcurrency = 100
    # No level above INFO: lines without a level, such as metrics, count as INFO and would be dropped.
    log_level: Annotated[Literal["DEBUG", "INFO"], Meta(description="DEBUG or INFO")] = "INFO"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Base of the layers' settings."""

    project: ClassVar[Project]

    name_suffix: NameSuffix = ""
