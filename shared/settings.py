"""The settings that several layers have in common, and the base class of each layer's settings.

`stacks/<layer>/settings.py` defines the settings of a layer, with types, limits and safe defaults.
`Pulumi.<environment>.yaml` sets the values that differ. configuration.py reads and validates the settings.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from shared.projects import Project

Architecture = Annotated[
    Literal["arm64", "x86_64", "host"],
    Meta(description="arm64, x86_64, or, in the environment local only, host"),
]
# The default quota of an account and region is 1000, of which Lambda keeps 100 unreserved.
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
    """The memory, timeout, concurrency and log level of a function."""

    memory_mb: MemoryMb = 512
    timeout_seconds: TimeoutSeconds = 15
    reserved_concurrency: ReservedConcurrency = 100
    # Lines without a level, such as metrics, count as INFO. A level above INFO would drop them.
    log_level: Annotated[Literal["DEBUG", "INFO"], Meta(description="DEBUG or INFO")] = "INFO"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Base of the settings of a layer."""

    project: ClassVar[Project]

    name_suffix: NameSuffix = ""
