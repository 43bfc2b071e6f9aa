"""Errors of AWS clients as `UserError`."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)

from terminal.command_line import command_line
from terminal.errors import CredentialsError, UserError

_CREDENTIAL_ERRORS = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
_CREDENTIAL_CODES = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
    }
)


@contextmanager
def translate_aws_errors() -> Iterator[None]:
    """Raise errors of botocore as `UserError`, and those about credentials as `CredentialsError`."""
    try:
        yield
    except _CREDENTIAL_ERRORS as error:
        raise CredentialsError from error
    except ClientError as error:
        raise _from_client_error(error) from error
    except BotoCoreError as error:
        raise UserError(_as_sentence(str(error)), "Check the network connection and the region.") from error


def _from_client_error(error: ClientError) -> UserError:
    details = error.response.get("Error", {})
    code = details.get("Code")
    if code in _CREDENTIAL_CODES:
        return CredentialsError()
    message = f"AWS rejects {error.operation_name}: {_as_sentence(str(details.get('Message') or code))}"
    # The only bucket that tasks use is the bucket of the state.
    if code == "NoSuchBucket":
        return UserError(message, f"Create the bucket of the state: {command_line('bootstrap', env='ENV')}")
    return UserError(message, "Check the credentials in use: aws sts get-caller-identity")


def _as_sentence(text: str) -> str:
    return " ".join(text.split()).rstrip(".") + "."
