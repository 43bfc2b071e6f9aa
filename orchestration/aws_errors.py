"""What AWS, or the way to it, raises, as the error that a user reads."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from orchestration.errors import UserError


@contextmanager
def told_to_users() -> Iterator[None]:
    """Turns botocore's errors into a `UserError` of one line."""
    try:
        yield
    except ClientError as error:
        problem = error.response.get("Error", {})
        said = " ".join(str(problem.get("Message") or problem.get("Code")).split())
        raise UserError(
            f"AWS refuses {error.operation_name}: {said}",
            "Check which credentials are in use: aws sts get-caller-identity",
        ) from error
    except BotoCoreError as error:
        raise UserError(" ".join(str(error).split()), "Check the credentials and the network.") from error
