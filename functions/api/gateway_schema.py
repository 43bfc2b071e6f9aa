"""What API Gateway lets through to the api function."""

from functions.common.domain.transaction import FIELDS
from functions.common.http.envelope import envelope


def envelope_schema() -> dict[str, object]:
    """A JSON schema (draft 4) of the request's body, made from the model."""
    return envelope("Transaction", FIELDS)
