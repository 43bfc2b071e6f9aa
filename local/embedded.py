"""An embedded AWS for the length of a block, as tests and benchmarks want it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import botocore.session

from local.emulator import Emulator
from local.endpoint import Endpoint

# A minute of AWS's becomes a tenth of a second.
TEST_DELAY_SCALE = 1 / 600
# botocore's name -> where it would be configured, the variable, the default, how it is converted.
NOTHING_OF_THE_USERS: Any = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


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
        """A boto3 client of its root user; the user's own profile and configuration play no part."""
        keys = self.endpoint.credentials
        session = boto3.Session(
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            region_name=self.endpoint.region,
            botocore_session=botocore.session.Session(session_vars=NOTHING_OF_THE_USERS),
        )
        return session.client(service, endpoint_url=self.url)  # type: ignore[call-overload]


@contextmanager
def embedded_aws(root: Path) -> Iterator[EmbeddedAws]:
    """Start an emulator under `root` on a free port; it ends with the block, also if we are killed."""
    emulator = Emulator(root, delay_scale=TEST_DELAY_SCALE, dies_with_us=True)
    try:
        yield EmbeddedAws(emulator, emulator.start(0))
    finally:
        emulator.stop()
