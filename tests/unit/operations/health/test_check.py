import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from operations.health.check import Check, ok_check, run_check, select_unhealthy, wrong_check


def failing(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "Describe")


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (failing("ResourceNotFoundException"), "wrong"),
        (failing("AccessDenied"), "unknown"),
        (EndpointConnectionError(endpoint_url="https://x"), "unknown"),
    ],
)
def test_aws_error_makes_a_check_wrong_or_unknown(error: Exception, state: str) -> None:
    def look() -> Check:
        raise error

    assert run_check("pipe", look).state == state


def test_other_exceptions_are_raised() -> None:
    def look() -> Check:
        raise KeyError

    with pytest.raises(KeyError):
        run_check("pipe", look)


def test_wrong_and_unknown_checks_are_unhealthy() -> None:
    unknown = Check(subject="c", state="unknown", detail="")
    assert list(select_unhealthy([ok_check("a", ""), wrong_check("b", ""), unknown])) == [
        wrong_check("b", ""),
        unknown,
    ]
