"""A clone of this repository that a test can change, with the tasks run as a user runs them."""

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
GENERATED_FOLDERS = {
    ".venv",
    ".local",
    ".cache",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    "__pycache__",
}


@dataclass(frozen=True)
class ScratchClone:
    """The clone in `root`; `variables` are additional environment variables of its tasks."""

    root: Path
    git: Git
    variables: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def create(cls, root: Path, variables: Mapping[str, str] | None = None) -> "ScratchClone":
        """Copy all files that are tracked or not ignored, and commit them."""
        for name in _list_files():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
        git = repository.create_repository(root)
        repository.commit_files(git, "first")
        return cls(root, git, variables or {})

    def invoke(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a task and wait for its end."""
        return self._run([*INVOKE, *words])

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        """Start a task in a new process group, without waiting for its end."""
        return subprocess.Popen(
            [*INVOKE, *words],
            cwd=self.root,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def has_resources(self, layer: str, minimum: int = 5) -> bool:
        """Whether the state of a local layer has at least `minimum` resources."""
        path = self.root / f".local/pulumi/.pulumi/stacks/fraud-{layer}/local.json"
        try:
            latest = json.loads(path.read_text())["checkpoint"].get("latest") or {}
        except (OSError, ValueError, KeyError):
            return False
        return len(latest.get("resources") or []) >= minimum

    def plain_pulumi(self, *words: str, env: str = "local") -> str:
        """Run the Pulumi CLI in a shell prepared by `invoke env`; returns its output. It must exit 0."""
        # Pulumi.yaml names the virtual environment, and the user's language host may look for it.
        self._link_virtual_environment()
        script = f'eval "$({shlex.join(INVOKE)} env --env {env})"; exec pulumi --non-interactive "$@"'
        result = self._run(["sh", "-ec", script, "sh", *words])
        assert result.returncode == 0, (
            f"pulumi {' '.join(words)}: {result.returncode}\n{result.stdout}{result.stderr}"
        )
        return result.stdout

    def run_task(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a task that must exit 0."""
        result = self.invoke(*words)
        assert result.returncode == 0, (
            f"invoke {' '.join(words)}: {result.returncode}\n{result.stdout}{result.stderr}"
        )
        return result

    def run_failing_task(self, *words: str, status: int = 1) -> str:
        """Run a task that must exit with `status` and without a traceback; returns its error line."""
        result = self.invoke(*words)
        assert result.returncode == status, f"invoke {' '.join(words)}: {result.returncode}\n{result.stdout}"
        assert "Traceback" not in result.stderr, result.stderr
        return " ".join(line for line in result.stderr.splitlines() if line.startswith("error: "))

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace a text in a file."""
        text = (self.root / path).read_text()
        assert old in text, f"{path} has no {old}"
        (self.root / path).write_text(text.replace(old, new))

    def commit(self, subject: str) -> str:
        """Commit all changes; returns the commit id."""
        return repository.commit_files(self.git, subject)

    def _link_virtual_environment(self) -> None:
        link = self.root / ".venv"
        if not link.exists():
            link.symlink_to(sys.prefix)
            # .gitignore ignores the folder, but not a link.
            exclude = self.root / ".git" / "info" / "exclude"
            exclude.parent.mkdir(exist_ok=True)
            with exclude.open("a") as lines:
                lines.write("/.venv\n")

    def _environment(self) -> dict[str, str]:
        # The modules of the clone precede those of the repository that the virtual environment belongs to.
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


def _list_files() -> list[str]:
    """Files that are tracked or not ignored; outside of a git repository, all files except generated ones."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    if listed.returncode == 0:
        return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    files = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return [str(path) for path in files if not GENERATED_FOLDERS & {*path.parts}]
