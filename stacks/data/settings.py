"""The settings of the layer data."""

from typing import Annotated, ClassVar

from msgspec import Meta

from shared import projects
from shared.projects import Project
from shared.settings import Settings
from shared.topics import Email


class DataSettings(Settings, frozen=True, kw_only=True, rename="camel"):
    """Retention, alert addresses, protection and capacity.

    `audit_retention_days`: the retention of audit entries and of the records of erasures.
    `warm_transactions_per_second`: the rate that new tables accept without scaling up.
    """

    project: ClassVar[Project] = projects.DATA

    alert_emails: Annotated[
        tuple[Email, ...], Meta(min_length=1, max_length=50, description="a list of 1 to 50 mail addresses")
    ]
    retention_days: Annotated[int, Meta(ge=1, le=3650, description="an integer from 1 to 3650")] = 90
    audit_retention_days: Annotated[int, Meta(ge=1, le=3650, description="an integer from 1 to 3650")] = 1825
    deletion_protection: Annotated[bool, Meta(description="true or false")] = True
    warm_transactions_per_second: Annotated[
        int, Meta(ge=0, le=10_000, description="an integer from 0 to 10000")
    ] = 1000
    max_receives: Annotated[int, Meta(ge=1, le=1000, description="an integer from 1 to 1000")] = 5
