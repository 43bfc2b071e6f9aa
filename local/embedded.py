"""An embedded AWS for the length of a block, as tests and benchmarks want it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.emulator import Emulator
from local.endpoint import Endpoint

# A minute of AWS's becomes a tenth of a second.
TEST_DELAY_SCALE = 1 / 600


@dataclass(frozen=True)
class EmbeddedAws:
    """A running emulator of one's own."""

    emulator: Emulator
    endpoint: Endpoint

    @property
    def url(self) -> str:
        return self.endpoint.url

    @property
    def port(self) -> int:
        return self.endpoint.port

    @property
    def root(self) -> Path:
        """Its folder, which plays the part of a clone's `.local`."""
        return self.emulator.layout.root

    def environment(self) -> dict[str, str]:
        """The variables that point an AWS SDK at it."""
        return self.endpoint.environment()

    def client(self, service: str) -> Any:
        """A client of its root user."""
        return self.endpoint.client(service)


@contextmanager
def embedded_aws(root: Path) -> Iterator[EmbeddedAws]:
    """Start an emulator under `root` on a free port; it ends with the block, also if we are killed."""
    emulator = Emulator(root, delay_scale=TEST_DELAY_SCALE, dies_with_us=True)
    try:
        yield EmbeddedAws(emulator, emulator.start(0))
    finally:
        emulator.stop()
