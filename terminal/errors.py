"""The one error that a user is meant to read. It owns no handling: tasks.py turns it into an exit status."""


class UserError(Exception):
    """Something the user can act on: one line that says what is wrong, and one that says what to do.

    A task that ends with it exits with its `status` and shows no traceback.
    """

    status = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class PartlyDoneError(UserError):
    """Something failed after something else may have changed: not the same as nothing done."""

    status = 3
