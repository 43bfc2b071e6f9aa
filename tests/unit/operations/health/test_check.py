import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from operations.health.check import Check, guard, ok, unhealthy, wrong


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
def test_what_cannot_be_described_is_not_ok(error: Exception, state: str) -> None:
    def look() -> Check:
        raise error

    assert guard("pipe", look).state == state


def test_other_errors_are_raised() -> None:
    def look() -> Check:
        raise KeyError

    with pytest.raises(KeyError):
        guard("pipe", look)


def test_unknown_checks_need_somebody_too() -> None:
    unknown = Check(subject="c", state="unknown", detail="")
    assert list(unhealthy([ok("a", ""), wrong("b", ""), unknown])) == [wrong("b", ""), unknown]
