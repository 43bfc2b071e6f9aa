"""The settings of the layer edge."""

from typing import Annotated, ClassVar

from msgspec import Meta, field

from functions.api.transaction_parser import ExtraDecimals
from shared import projects
from shared.projects import Project
from shared.settings import Architecture, CodeSigning, FunctionSettings, Settings
from stacks.edge.access_settings import (
    CallerSettings,
    ConsumerExternalIds,
    ConsumerPrincipals,
    Consumers,
    check_callers,
    check_consumers,
)
from stacks.edge.routes import (
    HISTORIC,
    ROUTES,
    TRANSACTIONS_BATCH,
    TRANSACTIONS_PER_BATCH,
    TRANSACTIONS_PER_SECOND,
    Route,
)

MAX_API_TIMEOUT_SECONDS = 29
# At least one transaction a second remains for the single route.
MAX_BATCH_REQUESTS = (TRANSACTIONS_PER_SECOND - 1) // TRANSACTIONS_PER_BATCH
BatchRequests = Annotated[
    int, Meta(ge=0, le=MAX_BATCH_REQUESTS, description=f"an integer from 0 to {MAX_BATCH_REQUESTS}")
]
AgeDays = Annotated[int, Meta(ge=1, le=36_500, description="an integer from 1 to 36500")]
Burst = Annotated[int, Meta(ge=1, le=5000, description="an integer from 1 to 5000")]
# AWS WAF accepts no lower rate.
LOWEST_FIREWALL_RATE = 10


class EdgeSettings(Settings, frozen=True, kw_only=True, rename="camel"):
    """The functions of the API, and the limits of its methods.

    `throttle_burst` and `labels_throttle_burst`: concurrent requests to `/transactions` and `/labels`. The
    default is the reserved concurrency of the function; Lambda would throttle more requests.
    `batch_requests_per_second` and `historic_requests_per_second`: the steady rate and the concurrent
    requests of `/transactions/batch` and `/transactions/historic`, which are taken from those of
    `/transactions`: all three routes accept 1000 transactions a second together, and a batch has up to 25.
    With 0, the default, the API has no such route.
    `max_transaction_age_days`: the greatest age of a timestamp on the other routes than the historic one.
    `extra_decimals`: whether an amount may have more decimals than its currency.
    `trace_reservoir` and `trace_rate`: the requests that are traced in each second, and the share of others.
    `trace_sampling`: False for an AWS without X-Ray, which is the embedded one.
    `account_logging`: whether this stack sets the logging role of API Gateway in the account and region.
    `callers`: the accounts, VPC endpoints and addresses that may call the API.
    `firewall_requests_per_minute`: the most requests of one address in a minute. Above 0, AWS WAF inspects
    every request.
    `consumers`: the routes of each consumer. Each has a role, which `consumer_principals` may assume with the
    `consumer_external_ids`; by default, identities of the own account that may assume it.
    """

    project: ClassVar[Project] = projects.EDGE

    architecture: Architecture = "arm64"
    code_signing: CodeSigning = False
    # A POST makes two writes, which take up to 18 s while DynamoDB is slow (functions/api/post_batch.py).
    api: FunctionSettings = FunctionSettings(timeout_seconds=25)
    labels: FunctionSettings = FunctionSettings()
    throttle_burst: Burst | None = None
    batch_requests_per_second: BatchRequests = 0
    historic_requests_per_second: BatchRequests = 0
    max_transaction_age_days: AgeDays = 30
    extra_decimals: Annotated[ExtraDecimals, Meta(description="refuse or accept")] = "refuse"
    labels_requests_per_second: Annotated[
        int, Meta(ge=1, le=1000, description="an integer from 1 to 1000")
    ] = 50
    labels_throttle_burst: Burst | None = None
    trace_rate: Annotated[float, Meta(ge=0, le=1, description="a number from 0 to 1")] = 0.01
    trace_reservoir: Annotated[int, Meta(ge=0, le=1000, description="an integer from 0 to 1000")] = 1
    trace_sampling: Annotated[bool, Meta(description="true or false")] = True
    account_logging: Annotated[bool, Meta(description="true or false")] = True
    callers: CallerSettings = CallerSettings()
    firewall_requests_per_minute: Annotated[
        int, Meta(ge=0, le=2_000_000_000, description="0 or an integer from 10 to 2000000000")
    ] = 0
    consumers: Consumers = field(default_factory=dict)
    consumer_principals: ConsumerPrincipals = field(default_factory=dict)
    consumer_external_ids: ConsumerExternalIds = field(default_factory=dict)

    def __post_init__(self) -> None:
        # API Gateway ends an integration after 29 seconds.
        for name, function in (("api", self.api), ("labels", self.labels)):
            if function.timeout_seconds > MAX_API_TIMEOUT_SECONDS:
                raise ValueError(f"{name}.timeoutSeconds: an integer from 1 to {MAX_API_TIMEOUT_SECONDS}")
        if self.all_batch_requests > MAX_BATCH_REQUESTS:
            limit = MAX_BATCH_REQUESTS - self.batch_requests_per_second
            raise ValueError(
                f"historicRequestsPerSecond: an integer from 0 to {limit},"
                f" which is {MAX_BATCH_REQUESTS} less batchRequestsPerSecond"
            )
        _check_burst("throttleBurst", self.throttle_burst, "api", self.api, self.all_batch_requests)
        _check_burst("labelsThrottleBurst", self.labels_throttle_burst, "labels", self.labels)
        if 0 < self.firewall_requests_per_minute < LOWEST_FIREWALL_RATE:
            raise ValueError("firewallRequestsPerMinute")
        check_callers(self.callers)
        check_consumers(
            self.consumers,
            self.consumer_principals,
            self.consumer_external_ids,
            [route.path for route in self.routes],
        )

    @property
    def all_batch_requests(self) -> int:
        """The requests a second of both routes for batches."""
        return self.batch_requests_per_second + self.historic_requests_per_second

    @property
    def routes(self) -> tuple[Route, ...]:
        """The routes of the API."""
        optional = {
            TRANSACTIONS_BATCH.path: self.batch_requests_per_second,
            HISTORIC.path: self.historic_requests_per_second,
        }
        return tuple(route for route in ROUTES if optional.get(route.path) != 0)

    @property
    def transactions_per_second(self) -> int:
        """The steady rate of the single route."""
        return TRANSACTIONS_PER_SECOND - TRANSACTIONS_PER_BATCH * self.all_batch_requests

    @property
    def transactions_burst(self) -> int:
        if self.throttle_burst is not None:
            return self.throttle_burst
        return self.api.reserved_concurrency - self.all_batch_requests

    @property
    def labels_burst(self) -> int:
        if self.labels_throttle_burst is not None:
            return self.labels_throttle_burst
        return self.labels.reserved_concurrency


def _check_burst(
    setting: str, burst: int | None, name: str, function: FunctionSettings, batch_requests: int = 0
) -> None:
    """Refuse a burst above the reserved concurrency that batches leave to the route."""
    limit = function.reserved_concurrency - batch_requests
    if burst is not None and burst > limit:
        less = " less batchRequestsPerSecond and historicRequestsPerSecond" if batch_requests else ""
        raise ValueError(
            f"{setting}: an integer from 1 to {limit}, which is {name}.reservedConcurrency{less}"
        )
