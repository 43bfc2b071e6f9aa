"""What can be posted to the API: a path for each kind of body."""

from collections.abc import Mapping
from dataclasses import dataclass

from functions.api import gateway_schema as transactions
from functions.labels import gateway_schema as labels

METHOD = "POST"
# The requirement of the project, so not a setting.
TRANSACTIONS_PER_SECOND = 1000


@dataclass(frozen=True, kw_only=True)
class Route:
    """`POST /<path>` of a `body`, a word, that fits a JSON schema (draft 4).

    `method` and `integration` are logical names, and stay: under another, the engine would make the method
    anew while the old one is there, which API Gateway refuses.
    """

    path: str
    body: str
    schema: Mapping[str, object]
    method: str
    integration: str


TRANSACTIONS = Route(
    path="transactions",
    body="transaction",
    schema=transactions.envelope_schema(),
    method="post",
    integration="function",
)
LABELS = Route(
    path="labels",
    body="label",
    schema=labels.envelope_schema(),
    method="post-label",
    integration="labels-function",
)
ROUTES = (TRANSACTIONS, LABELS)
