"""Every task's frame: a user's error is one line, Ctrl-C is status 130, and neither is a traceback."""

import functools
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from invoke.tasks import task as invoke_task

from local.errors import LocalError
from orchestration.console import fail
from orchestration.errors import UserError

FAILED = 1
INTERRUPTED = 130


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
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _stop)
    try:
        return act() or 0
    except UserError as error:
        fail(error.message, error.hint)
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
