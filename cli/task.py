"""Every task's frame: a user's error is one line, Ctrl-C is status 130, and neither is a traceback."""

import functools
import math
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from invoke.exceptions import ParseError
from invoke.tasks import task as invoke_task

from local.errors import LocalError
from terminal.errors import UserError
from terminal.output import fail

FAILED = 1
INTERRUPTED = 130


class Whole(int):
    """A whole number, 0 or more, as an option's default: what is typed instead has to be one, too."""

    def __new__(cls, text: object) -> "Whole":
        try:
            number = super().__new__(cls, str(text))
        except ValueError:
            number = super().__new__(cls, -1)
        if number < 0:
            raise ParseError(f"error: '{text}' is no whole number of 0 or more.")
        return number


class Number(float):
    """A number greater than 0, as an option's default: what is typed instead has to be one, too."""

    def __new__(cls, text: object) -> "Number":
        try:
            number = super().__new__(cls, str(text))
        except ValueError:
            number = super().__new__(cls, "nan")
        if not 0 < number < math.inf:
            raise ParseError(f"error: '{text}' is no number greater than 0.")
        return number


def task(**options: Any) -> Callable[[Callable[..., int | None]], Any]:
    """Like invoke's `task`; the number that the body returns is the exit status."""

    def decorate(body: Callable[..., int | None]) -> Any:
        @functools.wraps(body)
        def framed(*arguments: Any, **named: Any) -> None:
            status = exit_status(lambda: body(*arguments, **named))
            if status:
                sys.exit(status)

        return invoke_task(auto_shortflags=False, **options)(framed)

    return decorate


def exit_status(act: Callable[[], int | None]) -> int:
    """Do it, say what a user has to know if it fails, and give the exit status."""
    # Whoever ends a task politely wants it to clean up, as with Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGHUP):
        # What runs under nohup is to outlive a hang-up.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    try:
        return act() or 0
    except UserError as error:
        fail(error.message, error.hint)
        return error.status
    except LocalError as error:
        fail(str(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # `invoke logs | head` is done, not wrong; Python would complain once more while it ends.
        sys.stdout = None
    return FAILED


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
