"""The run that shows, by mutation, that policies are minimal. Its code and its helpers are tests."""

import subprocess
import sys

from orchestration.environments import LOCAL, ROOT
from terminal.errors import INTERRUPTED, UserError

MODULE = "tests.least_privilege"


def prove_minimal(env: str, role: str, *, as_json: bool, record: bool) -> int:
    """Run on an embedded AWS of its own, and return the exit status. Raises UserError."""
    if env != LOCAL:
        raise UserError(
            f"--env: '{env}' is an AWS account, and this task takes permissions from roles.",
            "Use local: its policies are those of every environment.",
        )
    if not (ROOT / MODULE.replace(".", "/")).is_dir():
        raise UserError(
            f"{ROOT} has no folder tests.", "Run this task in a complete clone of the repository."
        )
    if record and role:
        raise UserError("--record stores the proofs of all roles.", "Remove --role from the command.")
    options = [
        *(["--role", role] if role else []),
        *(["--json"] if as_json else []),
        *(["--record"] if record else []),
    ]
    return run_and_wait([sys.executable, "-m", MODULE, *options])


def run_and_wait(command: list[str]) -> int:
    """Run a command to its end, also after Ctrl-C, and return its exit status."""
    # In a session of its own, Ctrl-C reaches the process once, from here, and it can restore the policies.
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    try:
        return process.wait()
    except KeyboardInterrupt:
        # The run ends for this signal as for Ctrl-C, which processes in the background can ignore.
        process.terminate()
        process.wait()
        return INTERRUPTED
