import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    UnauthorizedSSOTokenError,
)

from terminal.aws_errors import translate_aws_errors
from terminal.errors import CredentialsError, UserError


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "two\n  lines."}}, "GetObject")


@pytest.mark.parametrize(
    "error",
    [
        NoCredentialsError(),
        UnauthorizedSSOTokenError(),
        client_error("ExpiredToken"),
        client_error("InvalidClientTokenId"),
    ],
)
def test_missing_invalid_and_expired_credentials_are_one_error(error: Exception) -> None:
    with pytest.raises(CredentialsError), translate_aws_errors():
        raise error


def test_rejected_request_names_the_operation_on_one_line() -> None:
    with pytest.raises(UserError) as caught, translate_aws_errors():
        raise client_error("AccessDenied")
    assert "GetObject" in caught.value.message
    assert "two lines" in caught.value.message


def test_missing_state_bucket_hints_at_the_task_that_creates_it() -> None:
    with pytest.raises(UserError) as caught, translate_aws_errors():
        raise client_error("NoSuchBucket")
    assert "bootstrap" in caught.value.hint


def test_unreachable_endpoint_is_not_a_credentials_error() -> None:
    with pytest.raises(UserError) as caught, translate_aws_errors():
        raise EndpointConnectionError(endpoint_url="http://localhost:1")
    assert not isinstance(caught.value, CredentialsError)
