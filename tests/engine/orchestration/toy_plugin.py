"""A provider of things that exist only in the engine's state: `toy:index:Thing`.

A thing whose `waits_for` names a file is created when that file is there; one with `fails` is not created.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from pulumi.provider.experimental import provider
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.server import main

VERSION = "1.0.0"
POLL_SECONDS = 0.02


class Toy(provider.Provider):
    """Does what a thing's own properties say."""

    async def check_config(self, request: provider.CheckRequest) -> provider.CheckResponse:
        return provider.CheckResponse(request.new_inputs)

    async def diff_config(self, _: provider.DiffRequest) -> provider.DiffResponse:
        return provider.DiffResponse()

    async def configure(self, _: provider.ConfigureRequest) -> provider.ConfigureResponse:
        return provider.ConfigureResponse(supports_preview=True)

    async def check(self, request: provider.CheckRequest) -> provider.CheckResponse:
        return provider.CheckResponse(request.new_inputs)

    async def diff(self, request: provider.DiffRequest) -> provider.DiffResponse:
        return provider.DiffResponse(changes=plain(request.old_state) != plain(request.new_inputs))

    async def create(self, request: provider.CreateRequest) -> provider.CreateResponse:
        properties = plain(request.properties)
        if not request.preview:
            while properties["waits_for"] and not Path(properties["waits_for"]).exists():
                await asyncio.sleep(POLL_SECONDS)
            if properties["fails"]:
                raise RuntimeError(properties["fails"])
        return provider.CreateResponse(resource_id=request.name, properties=request.properties)

    async def update(self, request: provider.UpdateRequest) -> provider.UpdateResponse:
        return provider.UpdateResponse(properties=request.news)

    async def delete(self, _: provider.DeleteRequest) -> None:
        return None


def plain(properties: dict[str, PropertyValue]) -> dict[str, Any]:
    """Without the wrapping."""
    return {name: value.value for name, value in properties.items()}


if __name__ == "__main__":
    main(sys.argv[1:], VERSION, Toy())
