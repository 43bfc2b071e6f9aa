"""The frame of every task: option types, errors, signals and exit status."""

import errno
import functools
import inspect
import math
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from invoke.tasks import task as invoke_task

from cli.options import SHARED_HELP
from local.errors import LocalError
from terminal.errors import INTERRUPTED, UserError
from terminal.output import print_error, print_message

FAILED = 1
_FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class NonNegativeInt(int):
    """The default of an option that takes a whole number of 0 or more.

    invoke converts the value on the command line with the type of the default. A ValueError becomes an error
    with the name of the option and the `description` of the type.
    """

    description = "a whole number of 0 or more"

    def __new__(cls, text: object) -> "NonNegativeInt":
        number = super().__new__(cls, str(text))
        if number < 0:
            raise ValueError(text)
        return number


class PositiveFloat(float):
    """The default of an option that takes a number greater than 0."""

    description = "a number greater than 0"

    def __new__(cls, text: object) -> "PositiveFloat":
        number = super().__new__(cls, str(text))
        if not 0 < number < math.inf:
            raise ValueError(text)
        return number


def task(**options: Any) -> Callable[[Callable[..., int | None]], Any]:
    """Decorate a function as invoke's `task` does. Its return value is the exit status.

    `help` need not repeat the texts of SHARED_HELP. The option `verbose`, which the function need not use,
    shows the details of an error.
    """

    def decorate(body: Callable[..., int | None]) -> Any:
        @functools.wraps(body)
        def run_and_exit(*arguments: Any, **named: Any) -> None:
            verbose = named.get("verbose", False)
            status = run_to_exit_status(lambda: body(*arguments, **named), verbose=verbose)
            if status:
                sys.exit(status)

        names = inspect.signature(body).parameters.keys()
        shared = {name: SHARED_HELP[name] for name in names if name in SHARED_HELP}
        texts = {**shared, **options.get("help", {})}
        return invoke_task(**{**options, "help": texts, "auto_shortflags": False})(run_and_exit)

    return decorate


def run_to_exit_status(body: Callable[[], int | None], *, verbose: bool = False) -> int:
    """Run the body of a task, print an error that the user can act on, and return the exit status.

    `verbose` also prints the details of the error.
    """
    # SIGTERM and SIGHUP end a task like Ctrl-C, so that it cleans up.
    for number in (signal.SIGTERM, signal.SIGHUP):
        # nohup ignores SIGHUP, and the task continues.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _raise_interrupt)
    try:
        return body() or 0
    except UserError as error:
        if verbose and error.details:
            print_message(error.details.rstrip())
        print_error(error.message, error.hint)
        return error.status
    except LocalError as error:
        print_error(str(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of `invoke logs | head` has ended. Without this, Python prints an error at exit.
        sys.stdout = None
    except OSError as error:
        if error.errno not in _FULL_DISK:
            raise
        sys.stdout = None
        print_error(f"Cannot write: {error.strerror}.", "Free space on the disk, or write to another one.")
    return FAILED


def _raise_interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
