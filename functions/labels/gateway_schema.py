"""What API Gateway lets through to the labels function."""

from functions.common.http.envelope import envelope
from functions.labels.label import FIELDS


def envelope_schema() -> dict[str, object]:
    """A JSON schema (draft 4) of the request's body, made from the model."""
    return envelope("Label", FIELDS)
