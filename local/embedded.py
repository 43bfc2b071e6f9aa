"""An embedded AWS that runs for the duration of a `with` block, for tests and benchmarks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.emulator import Emulator
from local.endpoint import EmulatorEndpoint

# A minute becomes a tenth of a second.
TEST_DELAY_SCALE = 1 / 600


@dataclass(frozen=True)
class EmbeddedAws:
    """A running emulator."""

    emulator: Emulator
    endpoint: EmulatorEndpoint

    @property
    def url(self) -> str:
        return self.endpoint.url

    @property
    def port(self) -> int:
        return self.endpoint.port

    @property
    def root(self) -> Path:
        """The folder of the emulator, as `.local` in a clone."""
        return self.emulator.layout.root

    def environment(self) -> dict[str, str]:
        """Environment variables that direct an AWS SDK to the emulator."""
        return self.endpoint.environment()

    def client(self, service: str) -> Any:
        """A boto client with the credentials of the root user."""
        return self.endpoint.client(service)


@contextmanager
def embedded_aws(root: Path) -> Iterator[EmbeddedAws]:
    """Start an emulator under `root` on a free port.

    It stops at the end of the block, and also if this process is killed.
    """
    emulator = Emulator(root, delay_scale=TEST_DELAY_SCALE, stops_with_process=True)
    try:
        yield EmbeddedAws(emulator, emulator.start(0))
    finally:
        emulator.stop()
