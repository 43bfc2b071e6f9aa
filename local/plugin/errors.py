"""Errors of the plugin, which the engine shows in its diagnostics, and AWS's errors as one line."""

import re
from typing import Any

_NOT_FOUND = re.compile(r"NotFound|NonExistent|NoSuchEntity|DoesNotExist|InvalidAssociationID")


class PluginError(Exception):
    """An error for the user; the engine shows the message only."""


class InitializationError(PluginError):
    """A resource was created, but not all of its settings could be applied.

    The engine stores `resource_id` and `properties` (outputs as plain values), so that the resource is
    neither orphaned nor created twice. The next update applies every setting again.
    """

    def __init__(self, message: str, resource_id: str, properties: dict[str, Any]) -> None:
        super().__init__(message)
        self.resource_id = resource_id
        self.properties = properties


def error_code(error: Exception) -> str:
    """The AWS error code of a botocore ClientError; empty for any other exception."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def is_not_found(error: Exception) -> bool:
    """Whether AWS reports that the resource does not exist."""
    return bool(_NOT_FOUND.search(error_code(error)))


def format_error(subject: str, error: Exception) -> str:
    """`<subject>: <operation>: <AWS code>: <message>` on a single line."""
    code, operation = error_code(error), getattr(error, "operation_name", "")
    message = error.response["Error"].get("Message", "") if hasattr(error, "response") else str(error)
    parts = [subject, operation, code, " ".join(message.split()) or type(error).__name__]
    return ": ".join(part for part in parts if part)
