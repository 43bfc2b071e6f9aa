"""The routes of the API: one path for each kind of body."""

from collections.abc import Mapping
from dataclasses import dataclass

from functions.common.domain.transaction import TRANSACTION_FIELDS
from functions.common.http.request_schema import build_request_schema
from functions.labels.label import LABEL_FIELDS

METHOD = "POST"
# A fixed requirement of the project, so it is not a setting.
TRANSACTIONS_PER_SECOND = 1000


@dataclass(frozen=True, kw_only=True)
class Route:
    """`POST /<path>`. `body`: the name of the body. `schema`: its JSON Schema (draft 4).

    `method` and `integration` are logical names and must not change: the engine would create the renamed
    method before it deletes the old one, which API Gateway rejects.
    """

    path: str
    body: str
    schema: Mapping[str, object]
    method: str
    integration: str


TRANSACTIONS = Route(
    path="transactions",
    body="transaction",
    schema=build_request_schema("Transaction", TRANSACTION_FIELDS),
    method="post",
    integration="function",
)
LABELS = Route(
    path="labels",
    body="label",
    schema=build_request_schema("Label", LABEL_FIELDS),
    method="post-label",
    integration="labels-function",
)
ROUTES = (TRANSACTIONS, LABELS)
