"""A layer's `__main__.py` as an inline program of the Automation API."""

import runpy
import threading
import traceback
from pathlib import Path

from shared import contracts

# Programs only declare resources, which takes milliseconds; one at a time, because loading `pulumi_aws`'s
# modules on first use is not safe in several threads on Python 3.11. The engines still work side by side.
_one_at_a_time = threading.Lock()


class Program:
    """Runs a stack's `__main__.py`, and keeps what it failed with: the engine hands on text only.

    Modules that it imports are loaded once per process, so they must hold no state of a stack.
    `placeholders`: what has them in a preview, as in `shared.contracts.placeholders`.
    """

    def __init__(self, folder: Path, placeholders: frozenset[str] = frozenset()) -> None:
        self._path = folder / "__main__.py"
        self._placeholders = placeholders
        self.error: Exception | None = None

    def __call__(self) -> None:
        self.error = None
        token = contracts.placeholders.set(self._placeholders)
        try:
            with _one_at_a_time:
                # A name other than __main__ leaves the running task's own entry in sys.modules alone.
                runpy.run_path(str(self._path), run_name=f"{self._path.parent.name}.__main__")
        except Exception as error:
            self.error = error
            raise
        finally:
            contracts.placeholders.reset(token)

    def explanation(self) -> str:
        """What it failed with and in which line of the repository, on one line; empty if it did not."""
        if self.error is None:
            return ""
        root = self._path.parent.parent.parent
        frames = traceback.extract_tb(self.error.__traceback__)
        own = [frame for frame in frames if Path(frame.filename).is_relative_to(root / "stacks")]
        where = f"{Path(own[-1].filename).relative_to(root)}:{own[-1].lineno}" if own else str(self._path)
        reason = " ".join(str(self.error).split()) or "no message"
        return f"{where}: {type(self.error).__name__}: {reason}"
