"""The plugin's errors: one line each, for a user to read in the engine's diagnostics."""

import re
from typing import Any

_GONE = re.compile(r"NotFound|NonExistent|NoSuchEntity|DoesNotExist|InvalidAssociationID")


class PluginError(Exception):
    """Something the user can act on; the message is the whole report."""


class InitializationError(PluginError):
    """A resource exists, but its settings could not all be applied.

    `resource_id` and `properties` (outputs, plain values) are what the engine keeps, so that it is neither
    orphaned nor created twice: the next update applies every setting again.
    """

    def __init__(self, message: str, resource_id: str, properties: dict[str, Any]) -> None:
        super().__init__(message)
        self.resource_id = resource_id
        self.properties = properties


def error_code(error: Exception) -> str:
    """The AWS error code of a botocore ClientError; empty for any other exception."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def is_gone(error: Exception) -> bool:
    """Whether AWS says that the thing asked for does not exist."""
    return bool(_GONE.search(error_code(error)))


def one_line(subject: str, error: Exception) -> str:
    """`<subject>: <operation>: <AWS code>: <message>` on a single line."""
    code, operation = error_code(error), getattr(error, "operation_name", "")
    message = error.response["Error"].get("Message", "") if hasattr(error, "response") else str(error)
    parts = [subject, operation, code, " ".join(message.split()) or type(error).__name__]
    return ": ".join(part for part in parts if part)
