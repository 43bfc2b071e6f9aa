"""A layer's `__main__.py` as an inline program of the Automation API."""

import re
import runpy
import threading
import traceback
from pathlib import Path

from shared import contracts

# `pulumi_aws` loads its modules on first use, which is not thread-safe on Python 3.11. A program only
# declares resources, which takes milliseconds; the engines of several layers still run in parallel.
_program_lock = threading.Lock()

_TRACEBACK = "Traceback (most recent call last):\n"
_FRAME = re.compile(r'^\s*File "(?:.*/)?(?P<file>stacks/[^"]+)", line (?P<line>\d+)', re.MULTILINE)
# The end of a traceback: the exception's type, with its module, and its message.
_EXCEPTION = re.compile(r"^(?:\w+\.)*(?P<type>\w+)(?:: (?P<message>.*))?\Z", re.MULTILINE | re.DOTALL)


class Program:
    """Runs a stack's `__main__.py` and records its exception, because the engine reports only text.

    Imported modules are loaded once per process, so they must not hold state of a stack.
    `placeholders` are the values of `shared.contracts.placeholders` in a preview.
    """

    def __init__(self, folder: Path, placeholders: frozenset[str] = frozenset()) -> None:
        self._path = folder / "__main__.py"
        self._placeholders = placeholders
        self.error: Exception | None = None

    def __call__(self) -> None:
        self.error = None
        token = contracts.placeholders.set(self._placeholders)
        try:
            with _program_lock:
                # `__main__` would replace the entry of the running task in sys.modules.
                runpy.run_path(str(self._path), run_name=f"{self._path.parent.name}.__main__")
        except Exception as error:
            self.error = error
            raise
        finally:
            contracts.placeholders.reset(token)

    def describe_error(self) -> str:
        """Return `file:line: type: message` of the exception, on one line; empty if there is none."""
        if self.error is None:
            return ""
        root = self._path.parent.parent.parent
        file, line = self._path, 0
        if isinstance(self.error, SyntaxError) and self.error.filename:
            file, line = Path(self.error.filename), self.error.lineno or 0
        for frame in traceback.extract_tb(self.error.__traceback__):
            if Path(frame.filename).is_relative_to(root / "stacks"):
                file, line = Path(frame.filename), frame.lineno or 0
        path = file.relative_to(root) if file.is_relative_to(root) else file
        location = f"{path}:{line}" if line else str(path)
        return _format_error(location, type(self.error).__name__, str(self.error))

    def format_traceback(self) -> str:
        """Return the traceback of the exception; empty if there is none."""
        return "".join(traceback.format_exception(self.error)) if self.error else ""


def summarize_traceback(text: str, layer: str) -> str:
    """Return `file:line: type: message` of the last traceback in `text`; empty if it has none.

    The SDK can omit the frames of an exception in an `apply`. The result then has the path of the program.
    """
    _, separator, last = text.rpartition(_TRACEBACK)
    exception = _EXCEPTION.search(last.rstrip()) if separator else None
    if exception is None:
        return ""
    frames = list(_FRAME.finditer(last))
    location = f"{frames[-1]['file']}:{frames[-1]['line']}" if frames else f"stacks/{layer}/__main__.py"
    return _format_error(location, exception["type"], exception["message"] or "")


def _format_error(location: str, error_type: str, message: str) -> str:
    return f"{location}: {error_type}: {' '.join(message.split()) or 'no message'}"
