"""A token that shows whether Pulumi's local state and the emulator's state describe the same deployment.

The emulator saves its state only at a clean stop, but Pulumi saves its state at every step, so they differ
after a `kill -9`. Both therefore store one token: Pulumi in a file next to its state, the emulator in an SSM
parameter. The token is renewed *before* a change, so the side that loses the change has the old token or
none. A kill without a change since the last clean stop loses transactions but no resources, and the tokens
remain equal.

Pulumi's copy includes the port: URLs of queues and of the API contain it, so the deployment does not work on
another port.
"""

import secrets
from pathlib import Path
from typing import Any

from local.aws_json import AwsError, AwsJson, Caller
from local.endpoint import EmulatorEndpoint
from local.errors import LocalError
from local.layout import EmulatorLayout
from shared.atomic_write import write_atomically
from terminal.command_line import command_line

PARAMETER = "/fraud-pipeline/local/marker"


class StateMarker:
    """The two copies of the token."""

    def __init__(self, root: Path, endpoint: EmulatorEndpoint) -> None:
        self._file = EmulatorLayout(root).marker
        self._aws = AwsJson(endpoint.url, endpoint.region)
        self._port = endpoint.port
        self._caller = Caller(endpoint.credentials.access_key_id, endpoint.credentials.secret_access_key)

    def matches(self) -> bool:
        """Whether both states describe the same deployment; also True if nothing was deployed."""
        response = self._call("GetParameter", {"Name": PARAMETER})
        expected = self._with_port(response["Parameter"]["Value"]) if response else None
        return expected == (self._file.read_text() if self._file.exists() else None)

    def renew(self) -> None:
        """Write a new token to both sides. Call it before a deployment or a destroy, never after."""
        token = secrets.token_hex(16)
        write_atomically(self._file, self._with_port(token))
        self._call("PutParameter", {"Name": PARAMETER, "Value": token, "Type": "String", "Overwrite": True})

    def _with_port(self, token: str) -> str:
        return f"{token} {self._port}"

    def _call(self, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        """The response; empty if the parameter does not exist."""
        try:
            return self._aws.call(self._caller, "ssm", operation, payload)
        except AwsError as error:
            if error.code == "ParameterNotFound":
                return {}
            raise LocalError(
                f"The embedded AWS does not respond ({error})."
                f" Restart it: {command_line('local.down')} && {command_line('local.up')}"
            ) from error
