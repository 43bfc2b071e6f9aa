"""Errors of detection. Tasks turn them into one line and an exit status."""

from functions.common.domain.card_numbers import mask_card_numbers


class DetectionError(Exception):
    """Training or a backtest cannot continue. `message` is one sentence, `hint` the next step.

    The message may quote a value of a file. A card number in it is masked.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = mask_card_numbers(message)
        super().__init__(self.message)
        self.hint = hint


class DatasetError(DetectionError):
    """A dataset is not usable. The message names the file and, if possible, the line."""


class EncodingError(DatasetError):
    """A text file in another encoding than the declared one, or than UTF-8."""


class EmptyDatasetError(DatasetError):
    """A file without transactions."""
