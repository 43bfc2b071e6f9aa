"""A clone of this tree in which a test may change anything, with the tasks run as a user runs them."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.environments import ROOT
from orchestration.git import Git
from tests import repository

INVOKE = (sys.executable, "-m", "invoke")
MADE = {".venv", ".local", ".cache", ".mypy_cache", ".ruff_cache", ".pytest_cache", "__pycache__"}


@dataclass(frozen=True)
class Scratch:
    """The clone at `root`; `variables` are what its tasks get besides the test's own."""

    root: Path
    git: Git
    variables: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, root: Path, variables: Mapping[str, str] | None = None) -> "Scratch":
        """Copy all that git knows or would take, and commit it."""
        for name in _files():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
        git = repository.make(root)
        repository.commit(git, "first")
        return cls(root, git, variables or {})

    def invoke(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a task to its end."""
        return self._run([*INVOKE, *words])

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        """Start a task in a process group of its own, and return at once."""
        return subprocess.Popen(
            [*INVOKE, *words],
            cwd=self.root,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def holds_resources(self, layer: str, least: int = 5) -> bool:
        """Whether the state of a local layer has at least so many resources."""
        path = self.root / f".local/pulumi/.pulumi/stacks/fraud-{layer}/local.json"
        try:
            latest = json.loads(path.read_text())["checkpoint"].get("latest") or {}
        except (OSError, ValueError, KeyError):
            return False
        return len(latest.get("resources") or []) >= least

    def plain_pulumi(self, *words: str, env: str = "local") -> str:
        """Run the CLI itself, in a shell that `invoke env` has set up; it must succeed.

        Returns what it prints.
        """
        # A language host of the user's own may look for it, because Pulumi.yaml names it.
        self._link_virtual_environment()
        script = f'eval "$({shlex.join(INVOKE)} env --env {env})"; exec pulumi --non-interactive "$@"'
        done = self._run(["sh", "-ec", script, "sh", *words])
        assert done.returncode == 0, (
            f"pulumi {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done.stdout

    def succeed(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a task that must exit 0."""
        done = self.invoke(*words)
        assert done.returncode == 0, (
            f"invoke {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done

    def refuse(self, *words: str, status: int = 1) -> str:
        """Run a task that must fail with one line; returns that line."""
        done = self.invoke(*words)
        assert done.returncode == status, f"invoke {' '.join(words)}: {done.returncode}\n{done.stdout}"
        assert "Traceback" not in done.stderr, done.stderr
        return " ".join(line for line in done.stderr.splitlines() if line.startswith("error: "))

    def replace(self, path: str, old: str, new: str) -> None:
        """Change a file."""
        text = (self.root / path).read_text()
        assert old in text, f"{path} has no {old}"
        (self.root / path).write_text(text.replace(old, new))

    def commit(self, subject: str) -> str:
        """Commit all changes; returns the id."""
        return repository.commit(self.git, subject)

    def _link_virtual_environment(self) -> None:
        link = self.root / ".venv"
        if not link.exists():
            link.symlink_to(sys.prefix)
            # .gitignore is about a folder.
            exclude = self.root / ".git" / "info" / "exclude"
            exclude.parent.mkdir(exist_ok=True)
            with exclude.open("a") as lines:
                lines.write("/.venv\n")

    def _environment(self) -> dict[str, str]:
        # Its own modules go before those of the tree that the environment belongs to.
        return {**os.environ, "FRAUD_LOCAL_PORT": "0", **self.variables, "PYTHONPATH": str(self.root)}

    def _run(self, command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command,
            cwd=self.root,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def _files() -> list[str]:
    """What git knows or would take; of a tree that is no repository, all but what tasks and tools make."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    if listed.returncode == 0:
        return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return [str(path) for path in found if not MADE & {*path.parts}]
