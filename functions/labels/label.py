"""A label as clients post it: what became known of a transaction, and when."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from functions.common.domain.fields import fields_of
from functions.common.domain.transaction import Identifier, Text, Timestamp

Verdict = Annotated[Literal["fraud", "genuine"], Meta(description="one of fraud, genuine")]
ReportedAt = Annotated[
    int,
    Meta(
        ge=1,
        description="an integer, epoch milliseconds, not before the transaction"
        " and not more than 5 minutes ahead of now",
    ),
]


class Label(Struct, frozen=True, kw_only=True):
    """What a transaction turned out to be; `reported_at` is epoch milliseconds, now where it is left out."""

    transaction_id: Identifier
    timestamp: Timestamp
    label: Verdict
    source: Text | None = None
    reported_at: ReportedAt | None = None


FIELDS = fields_of(Label)
