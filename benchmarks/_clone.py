"""A copy of the working tree with its own embedded AWS, so that benchmarks do not change the local state."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.emulator import Emulator

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Clone:
    """The copy in `folder`."""

    folder: Path

    @property
    def emulator(self) -> Emulator:
        """The embedded AWS of the copy."""
        return Emulator(self.folder / ".local")

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables of processes in the copy."""
        # The modules of the copy precede those of the repository that the virtual environment belongs to.
        return {
            **os.environ,
            "PYTHONPATH": str(self.folder),
            "FRAUD_LOCAL_PORT": "0",
            "PYTHONUNBUFFERED": "1",
        }

    def invoke(self, *words: str) -> subprocess.Popen[str]:
        """Start `invoke` in the copy with a pipe for its standard output."""
        return subprocess.Popen(
            [sys.executable, "-m", "invoke", *words],
            cwd=self.folder, env=self.variables, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip

    def run(self, *words: str) -> str:
        """Run `invoke` and return its standard output. Raises RuntimeError if it fails."""
        process = self.invoke(*words)
        output, _ = process.communicate()
        if process.returncode:
            raise RuntimeError(f"invoke {' '.join(words)} ended with status {process.returncode}:\n{output}")
        return output

    def outputs(self) -> dict[str, dict[str, Any]]:
        """The outputs of the deployed layers, by layer name."""
        return dict(json.loads(self.run("outputs", "--json")))


@contextmanager
def open_clone() -> Iterator[Clone]:
    """Copy all files that are tracked or not ignored. The copy is removed at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="fraud-bench-") as folder:
        copy = Clone(Path(folder).resolve())
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        )  # fmt: skip
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (copy.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, copy.folder / name)
        try:
            yield copy
        finally:
            copy.emulator.stop()
