"""Whether Pulumi's local state and the emulator still describe the same deployment.

The emulator saves what it holds at a clean stop only, Pulumi at every step: after a `kill -9` the two
disagree. So both keep one token, in a file beside Pulumi's state and in a parameter in the emulator, renewed
*before* a change is made: whichever side loses the change then has the old token, or none. A kill with no
change since the last clean stop loses transactions but no resource, and the tokens still agree.

Pulumi's side names the port as well: addresses of queues and of the API hold it, so on another port what is
deployed does not work and the stacks' outputs point nowhere.
"""

import secrets
from pathlib import Path
from typing import Any

from local.aws_json import AwsError, AwsJson, Caller
from local.endpoint import Endpoint
from local.errors import LocalError
from local.layout import Layout
from shared.atomic_write import write_atomically

PARAMETER = "/fraud-pipeline/local/marker"


class Marker:
    """The two copies of one clone's token."""

    def __init__(self, root: Path, endpoint: Endpoint) -> None:
        self._file = Layout(root).marker
        self._aws = AwsJson(endpoint.url, endpoint.region)
        self._port = endpoint.port
        self._caller = Caller(endpoint.credentials.access_key_id, endpoint.credentials.secret_access_key)

    def agrees(self) -> bool:
        """True too if neither side has a token, since nothing was deployed then."""
        token = self._in_emulator()
        return self._in_pulumi() == (None if token is None else self._with_port(token))

    def renew(self) -> None:
        """Give both sides a new token; called before each deploy or destroy, never after."""
        token = secrets.token_hex(16)
        write_atomically(self._file, self._with_port(token))
        self._call("PutParameter", {"Name": PARAMETER, "Value": token, "Type": "String", "Overwrite": True})

    def _with_port(self, token: str) -> str:
        return f"{token} {self._port}"

    def _in_pulumi(self) -> str | None:
        try:
            return self._file.read_text()
        except FileNotFoundError:
            return None

    def _in_emulator(self) -> str | None:
        answer = self._call("GetParameter", {"Name": PARAMETER})
        return str(answer["Parameter"]["Value"]) if answer else None

    def _call(self, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        """The answer, empty if there is no such parameter."""
        try:
            return self._aws.call(self._caller, "ssm", operation, payload)
        except AwsError as error:
            if error.code == "ParameterNotFound":
                return {}
            raise LocalError(f"the local AWS does not answer ({error}); try: invoke local.down") from error
