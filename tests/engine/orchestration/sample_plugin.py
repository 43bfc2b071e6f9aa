"""A provider of `sample:index:Thing`, a resource that exists only in the engine's state.

With `waits_for`, the creation waits until that file exists. With `fails`, it fails with that message.
The file `outside` contains the properties that were changed outside Pulumi, or null for a deletion.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from pulumi.provider.experimental import provider
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.server import main

from local.plugin.values import to_property_map

VERSION = "1.0.0"
POLL_SECONDS = 0.02


class SampleProvider(provider.Provider):
    """Behaves as the properties of the resource specify."""

    async def check_config(self, request: provider.CheckRequest) -> provider.CheckResponse:
        return provider.CheckResponse(request.new_inputs)

    async def diff_config(self, _: provider.DiffRequest) -> provider.DiffResponse:
        return provider.DiffResponse()

    async def configure(self, _: provider.ConfigureRequest) -> provider.ConfigureResponse:
        return provider.ConfigureResponse(supports_preview=True)

    async def check(self, request: provider.CheckRequest) -> provider.CheckResponse:
        return provider.CheckResponse(request.new_inputs)

    async def diff(self, request: provider.DiffRequest) -> provider.DiffResponse:
        old, new = unwrap(request.old_state), unwrap(request.new_inputs)
        differing = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
        return provider.DiffResponse(changes=bool(differing), diffs=differing)

    async def create(self, request: provider.CreateRequest) -> provider.CreateResponse:
        properties = unwrap(request.properties)
        if not request.preview:
            while properties["waits_for"] and not Path(properties["waits_for"]).exists():
                await asyncio.sleep(POLL_SECONDS)
            if properties["fails"]:
                raise RuntimeError(properties["fails"])
        return provider.CreateResponse(resource_id=request.name, properties=request.properties)

    async def read(self, request: provider.ReadRequest) -> provider.ReadResponse:
        outside = Path(unwrap(request.properties).get("outside") or "none")
        changes = json.loads(outside.read_text()) if outside.is_file() else {}
        if changes is None:
            return provider.ReadResponse()
        changed = to_property_map(changes)
        return provider.ReadResponse(
            request.resource_id, {**request.properties, **changed}, {**request.inputs, **changed}
        )

    async def update(self, request: provider.UpdateRequest) -> provider.UpdateResponse:
        return provider.UpdateResponse(properties=request.news)

    async def delete(self, _: provider.DeleteRequest) -> None:
        return None


def unwrap(properties: dict[str, PropertyValue]) -> dict[str, Any]:
    return {name: value.value for name, value in properties.items()}


if __name__ == "__main__":
    main(sys.argv[1:], VERSION, SampleProvider())
