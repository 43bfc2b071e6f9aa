"""Errors that a user can act on. `cli.task` prints them and turns them into exit statuses."""

# The exit status of a task that Ctrl-C stopped.
INTERRUPTED = 130


class UserError(Exception):
    """A failed task, with a message that states the problem and a hint that states what to do.

    `details`, such as a traceback, are shown with `--verbose`. `status` is the exit status of the task.
    """

    status = 1

    def __init__(self, message: str, hint: str = "", details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class PartialFailureError(UserError):
    """A failed task that may have changed something before it failed."""

    status = 3


class EmptyFileError(UserError):
    """An input file without rows. A script must not take it for a success or for a bad row."""

    status = 2


class CredentialsError(UserError):
    """The AWS credentials are missing, invalid or expired."""

    def __init__(self) -> None:
        super().__init__(
            "The AWS credentials are missing, invalid or expired.",
            "Set AWS_PROFILE, or sign in: aws sso login",
        )
