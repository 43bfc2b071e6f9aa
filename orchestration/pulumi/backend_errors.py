"""What the CLI says when it cannot get at an account's state, as the error of a task."""

import re

from orchestration.environments import Environment
from terminal.errors import UserError

_NO_BUCKET = re.compile(r"NoSuchBucket")
_NO_KEY = re.compile(
    r"secrets manager.* KMS: \w+, .*(NotFoundException|KMSInvalidStateException|DisabledException)"
)
_NO_CREDENTIALS = re.compile(
    r"failed to refresh cached credentials|InvalidAccessKeyId|ExpiredToken|UnrecognizedClientException"
    r"|InvalidClientTokenId|token has expired|SSO session"
)


def known(text: str, environment: Environment) -> UserError | None:
    """What a user can do about it; None if it is something else."""
    bootstrap = f"invoke bootstrap --env {environment.name}"
    line = " ".join(text.split())
    if _NO_BUCKET.search(line):
        return UserError(
            f"There is no bucket for the state of '{environment.name}'.", f"Make it: {bootstrap}"
        )
    if _NO_KEY.search(line):
        return UserError(
            f"The key of the secrets of '{environment.name}' is not there, or is disabled.",
            f"Put it right: {bootstrap}",
        )
    if _NO_CREDENTIALS.search(line):
        return UserError(
            f"There are no valid AWS credentials for '{environment.name}'.",
            "Set AWS_PROFILE, or log in with: aws sso login",
        )
    return None
