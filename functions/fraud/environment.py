"""What the fraud function is told by the stack that deploys it; its rules are a file beside the code."""

from typing import Annotated

from msgspec import Meta

from functions.common.environment import Environment


class FraudEnvironment(Environment, frozen=True, kw_only=True):
    """`queue_url`: where suspicious transactions go."""

    queue_url: Annotated[str, Meta(min_length=1)]
