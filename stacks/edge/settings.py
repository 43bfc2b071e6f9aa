"""The settings of the layer edge."""

from typing import Annotated, ClassVar

from msgspec import Meta

from shared import projects
from shared.projects import Project
from shared.settings import Architecture, FunctionSettings, Settings

MAX_API_TIMEOUT_SECONDS = 29
Burst = Annotated[int, Meta(ge=1, le=5000, description="an integer from 1 to 5000")]


class EdgeSettings(Settings, frozen=True, kw_only=True, rename="camel"):
    """The functions of the API, and the limits of its methods.

    `throttle_burst` and `labels_throttle_burst`: concurrent requests to `/transactions` and `/labels`. The
    default is the reserved concurrency of the function; Lambda would throttle more requests.
    `account_logging`: whether this stack sets the logging role of API Gateway in the account and region.
    """

    project: ClassVar[Project] = projects.EDGE

    architecture: Architecture = "arm64"
    api: FunctionSettings = FunctionSettings()
    labels: FunctionSettings = FunctionSettings()
    throttle_burst: Burst | None = None
    labels_requests_per_second: Annotated[
        int, Meta(ge=1, le=1000, description="an integer from 1 to 1000")
    ] = 50
    labels_throttle_burst: Burst | None = None
    account_logging: Annotated[bool, Meta(description="true or false")] = True

    def __post_init__(self) -> None:
        # API Gateway ends an integration after 29 seconds.
        for name, function in (("api", self.api), ("labels", self.labels)):
            if function.timeout_seconds > MAX_API_TIMEOUT_SECONDS:
                raise ValueError(f"{name}.timeoutSeconds: an integer from 1 to {MAX_API_TIMEOUT_SECONDS}")
        _check_burst("throttleBurst", self.throttle_burst, "api", self.api)
        _check_burst("labelsThrottleBurst", self.labels_throttle_burst, "labels", self.labels)

    @property
    def transactions_burst(self) -> int:
        return self.throttle_burst or self.api.reserved_concurrency

    @property
    def labels_burst(self) -> int:
        return self.labels_throttle_burst or self.labels.reserved_concurrency


def _check_burst(setting: str, burst: int | None, name: str, function: FunctionSettings) -> None:
    if burst is not None and burst > function.reserved_concurrency:
        limit = function.reserved_concurrency
        raise ValueError(f"{setting}: an integer from 1 to {limit}, which is {name}.reservedConcurrency")
