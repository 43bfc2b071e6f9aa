"""The settings of each layer: what `Pulumi.<environment>.yaml` may hold, with types, limits and defaults.

Reading and checking them is configuration.py's; nothing else reads Pulumi's configuration.
Defaults are the safe choice; an environment's file says where it differs.
"""

import ipaddress
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from shared import projects
from shared.projects import Project

Architecture = Annotated[
    Literal["arm64", "x86_64", "host"],
    Meta(description="arm64, x86_64, or, in the environment local only, host"),
]
Email = Annotated[str, Meta(pattern=r"\A[^@\s]+@[^@\s]+\.[^@\s]+\Z", max_length=254)]
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
MAX_API_TIMEOUT_SECONDS = 29


class FunctionSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """How large a function is, how long it may take, how many run at once, and how much it logs."""

    memory_mb: MemoryMb = 512
    timeout_seconds: TimeoutSeconds = 15
    reserved_concurrency: ReservedConcurrency = 100
    # No level above INFO: lines without a level, such as metrics, count as INFO and would be dropped.
    log_level: Annotated[Literal["DEBUG", "INFO"], Meta(description="DEBUG or INFO")] = "INFO"


class NotifySettings(FunctionSettings, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """As every function, but with time for a batch of alerts of which each may be tried again for a while.

    At most a sixth of the queue's visibility timeout of 360 s, so says Lambda.
    """

    timeout_seconds: Annotated[int, Meta(ge=15, le=60, description="an integer from 15 to 60")] = 60


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Base of the layers' settings."""

    project: ClassVar[Project]

    name_suffix: NameSuffix = ""


class FoundationSettings(Settings, frozen=True, kw_only=True, rename="camel"):
    """Network and keys. Without `availability_zones` the first two of the region are taken."""

    project: ClassVar[Project] = projects.FOUNDATION

    vpc_cidr: Annotated[str, Meta(description="a private IPv4 network of /16 to /24")] = "10.40.0.0/16"
    availability_zones: Annotated[
        tuple[Annotated[str, Meta(pattern=r"\A[a-z0-9-]+\Z")], ...],
        Meta(description="a list of two zones of the region, or none"),
    ] = ()
    key_deletion_days: Annotated[int, Meta(ge=7, le=30, description="an integer from 7 to 30")] = 30
    deletion_protection: Annotated[bool, Meta(description="true or false")] = True

    def __post_init__(self) -> None:
        if not _is_private_network(self.vpc_cidr):
            raise ValueError("vpcCidr")
        if len(set(self.availability_zones)) not in (0, 2) or len(self.availability_zones) > 2:  # noqa: PLR2004
            raise ValueError("availabilityZones")


def _is_private_network(text: str) -> bool:
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError:
        return False
    return network.is_private and 16 <= network.prefixlen <= 24  # noqa: PLR2004


class DataSettings(Settings, frozen=True, kw_only=True, rename="camel"):
    """How long a transaction is kept, who is told of suspicious ones, and what must not be deleted."""

    project: ClassVar[Project] = projects.DATA

    retention_days: Annotated[int, Meta(ge=1, le=3650, description="an integer from 1 to 3650")]
    alert_emails: Annotated[
        tuple[Email, ...], Meta(min_length=1, max_length=50, description="a list of 1 to 50 mail addresses")
    ]
    deletion_protection: Annotated[bool, Meta(description="true or false")] = True
    max_receives: Annotated[int, Meta(ge=1, le=1000, description="an integer from 1 to 1000")] = 5


class ProcessingSettings(Settings, frozen=True, kw_only=True, rename="camel"):
    """The functions behind the bus, and how often each hop is tried before its failure queue."""

    project: ClassVar[Project] = projects.PROCESSING

    architecture: Architecture = "arm64"
    fraud: FunctionSettings = FunctionSettings()
    notify: NotifySettings = NotifySettings()
    notify_concurrency: Annotated[int, Meta(ge=2, le=1000, description="an integer from 2 to 1000")] = 10
    pipe_retries: Annotated[int, Meta(ge=0, le=10_000, description="an integer from 0 to 10000")] = 20
    event_retries: Annotated[int, Meta(ge=0, le=185, description="an integer from 0 to 185")] = 185
    fraud_retries: Annotated[int, Meta(ge=0, le=2, description="an integer from 0 to 2")] = 2
    rules_file: Annotated[
        str, Meta(pattern=r"\A[A-Za-z0-9._-]+\.yaml\Z", description="a .yaml file in stacks/processing")
    ] = "rules.yaml"

    def __post_init__(self) -> None:
        if self.notify_concurrency > self.notify.reserved_concurrency:
            raise ValueError("notifyConcurrency: an integer not above notify.reservedConcurrency")


class EdgeSettings(Settings, frozen=True, kw_only=True, rename="camel"):
    """The function behind the API, and how many requests it takes in one burst.

    `account_logging`: whether this stack sets the role that API Gateway logs with in the account and region.
    """

    project: ClassVar[Project] = projects.EDGE

    architecture: Architecture = "arm64"
    api: FunctionSettings = FunctionSettings()
    throttle_burst: Annotated[int, Meta(ge=1, le=5000, description="an integer from 1 to 5000")] = 1000
    account_logging: Annotated[bool, Meta(description="true or false")] = True

    def __post_init__(self) -> None:
        # API Gateway gives up on an integration after 29 seconds.
        if self.api.timeout_seconds > MAX_API_TIMEOUT_SECONDS:
            raise ValueError(f"api.timeoutSeconds: an integer from 1 to {MAX_API_TIMEOUT_SECONDS}")


LAYER_SETTINGS: tuple[type[Settings], ...] = (
    FoundationSettings,
    DataSettings,
    ProcessingSettings,
    EdgeSettings,
)
