"""What is wrong with data or options, for people to read; the tasks make a line and a status of it."""


class DetectionError(Exception):
    """Training or a backtest cannot go on; the message is one sentence, `hint` says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class DatasetError(DetectionError):
    """A file of transactions cannot be used; the message names the file and, where there is one, the line."""
