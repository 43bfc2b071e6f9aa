"""The settings of the layer foundation."""

import ipaddress
from typing import Annotated, ClassVar

from msgspec import Meta

from shared import projects
from shared.projects import Project
from shared.settings import CodeSigning, Settings
from shared.topics import Email


class FoundationSettings(Settings, frozen=True, kw_only=True, rename="camel"):
    """Repository, contacts, budget, network, keys, signing. network.py chooses zones if none are set."""

    project: ClassVar[Project] = projects.FOUNDATION

    repository: Annotated[
        str,
        Meta(
            pattern=r"\A[A-Za-z0-9][A-Za-z0-9-]{0,38}(/[A-Za-z0-9._-]{1,100}|@\d+/[A-Za-z0-9._-]{1,100}@\d+)\Z",
            description="the GitHub repository whose workflows deploy, as owner/name or owner@id/name@id",
        ),
    ]
    operations_emails: Annotated[
        tuple[Email, ...], Meta(min_length=1, max_length=50, description="a list of 1 to 50 mail addresses")
    ]
    monthly_budget_usd: Annotated[
        int, Meta(ge=1, le=1_000_000, description="an integer from 1 to 1000000, in US dollars")
    ]
    vpc_cidr: Annotated[str, Meta(description="a private IPv4 network of /16 to /24")] = "10.40.0.0/16"
    availability_zone_ids: Annotated[
        tuple[Annotated[str, Meta(pattern=r"\A[a-z]+\d-az\d+\Z")], ...],
        Meta(
            description="a list of two zone IDs of the region such as use1-az1, or an empty list; zone names"
            " differ between accounts (aws ec2 describe-availability-zones lists both)"
        ),
    ] = ()
    key_deletion_days: Annotated[int, Meta(ge=7, le=30, description="an integer from 7 to 30")] = 30
    deletion_protection: Annotated[bool, Meta(description="true or false")] = True
    code_signing: CodeSigning = False

    def __post_init__(self) -> None:
        if not _is_private_network(self.vpc_cidr):
            raise ValueError("vpcCidr")
        if len(set(self.availability_zone_ids)) not in (0, 2) or len(self.availability_zone_ids) > 2:  # noqa: PLR2004
            raise ValueError("availabilityZoneIds")


def _is_private_network(text: str) -> bool:
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError:
        return False
    return network.is_private and 16 <= network.prefixlen <= 24  # noqa: PLR2004
