"""The settings of the layer edge."""

from typing import Annotated, ClassVar

from msgspec import Meta

from shared import projects
from shared.projects import Project
from shared.settings import Architecture, FunctionSettings, Settings

MAX_API_TIMEOUT_SECONDS = 29


class EdgeSettings(Settings, frozen=True, kw_only=True, rename="camel"):
    """The functions behind the API, and how many requests it takes in one burst.

    `account_logging`: whether this stack sets the role that API Gateway logs with in the account and region.
    """

    project: ClassVar[Project] = projects.EDGE

    architecture: Architecture = "arm64"
    api: FunctionSettings = FunctionSettings()
    labels: FunctionSettings = FunctionSettings()
    throttle_burst: Annotated[int, Meta(ge=1, le=5000, description="an integer from 1 to 5000")] = 1000
    account_logging: Annotated[bool, Meta(description="true or false")] = True

    def __post_init__(self) -> None:
        # API Gateway gives up on an integration after 29 seconds.
        for name, function in (("api", self.api), ("labels", self.labels)):
            if function.timeout_seconds > MAX_API_TIMEOUT_SECONDS:
                raise ValueError(f"{name}.timeoutSeconds: an integer from 1 to {MAX_API_TIMEOUT_SECONDS}")
