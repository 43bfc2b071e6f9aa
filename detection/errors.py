"""Errors of detection. Tasks turn them into one line and an exit status."""


class DetectionError(Exception):
    """Training or a backtest cannot continue. `message` is one sentence, `hint` the next step."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class DatasetError(DetectionError):
    """A dataset is not usable. The message names the file and, if possible, the line."""


class EncodingError(DatasetError):
    """A text file in another encoding than the declared one, or than UTF-8."""


class EmptyDatasetError(DatasetError):
    """A file without transactions."""
