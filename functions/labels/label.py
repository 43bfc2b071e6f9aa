"""A label as clients post it: the confirmed result of a transaction."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from functions.common.domain.fields import describe_fields
from functions.common.domain.transaction import Identifier, Text, Timestamp

LabelValue = Annotated[Literal["fraud", "genuine"], Meta(description="one of fraud, genuine")]
ReportedAt = Annotated[
    int,
    Meta(
        ge=1,
        description="an integer, epoch milliseconds, not before the transaction"
        " and not more than 5 minutes ahead of now",
    ),
]


class Label(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The label of a transaction. Times are epoch milliseconds; `reported_at` defaults to the current time.

    The ID alone identifies the transaction. A `timestamp` must be that of the transaction.
    """

    transaction_id: Identifier
    timestamp: Timestamp | None = None
    label: LabelValue
    source: Text | None = None
    reported_at: ReportedAt | None = None


class LabelResponse(Struct, frozen=True, kw_only=True):
    """The response to a label that is stored."""

    transaction_id: Identifier
    timestamp: int
    label: LabelValue
    status: Literal["stored", "changed", "unchanged"]


LABEL_FIELDS = describe_fields(Label)
