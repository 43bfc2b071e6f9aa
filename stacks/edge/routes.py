"""The routes of the API: one path for each kind of body."""

from collections.abc import Mapping
from dataclasses import dataclass

from functions.common.domain.transaction import TRANSACTION_FIELDS
from functions.common.http.batch_schema import MAX_BATCH_ENTRIES, build_batch_schema
from functions.common.http.request_schema import build_request_schema
from functions.labels.label import LABEL_FIELDS

METHOD = "POST"
# A fixed requirement of the project, so it is not a setting. The routes for transactions share it.
TRANSACTIONS_PER_SECOND = 1000


@dataclass(frozen=True, kw_only=True)
class Route:
    """`POST /<path>`. `body`: the name of the body. `schema`: its JSON Schema (draft 4).

    `parent`: the path of the route above it, for a path of two parts. `method` and `integration` are logical
    names and must not change: the engine would create the renamed method before it deletes the old one, which
    API Gateway rejects.
    """

    path: str
    body: str
    schema: Mapping[str, object]
    method: str
    integration: str
    parent: str | None = None

    @property
    def name(self) -> str:
        """The logical name of the route's resources."""
        return self.path.replace("/", "-")

    @property
    def path_part(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def method_path(self) -> str:
        """The key of the method in a stage's settings. API Gateway encodes the slashes of a longer path."""
        path = self.path if self.parent is None else "/" + self.path
        return f"{path.replace('/', '~1')}/{METHOD}"


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
TRANSACTIONS_BATCH = Route(
    path="transactions/batch",
    body="transactions",
    schema=build_batch_schema("Transactions"),
    method="post-batch",
    integration="batch-function",
    parent=TRANSACTIONS.path,
)
HISTORIC = Route(
    path="transactions/historic",
    body="historic",
    schema=build_batch_schema("Historic"),
    method="post-historic",
    integration="historic-function",
    parent=TRANSACTIONS.path,
)
API_PATHS = (TRANSACTIONS.path, TRANSACTIONS_BATCH.path, HISTORIC.path)
"""The paths of the function `api`."""

TRANSACTIONS_PER_BATCH = MAX_BATCH_ENTRIES
# Each parent before its children.
ROUTES = (TRANSACTIONS, LABELS, TRANSACTIONS_BATCH, HISTORIC)
