"""Messages of updates in a stack's history: a subject, and trailers that tasks read."""

import getpass
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from orchestration.git import Git

_TRAILER = re.compile(r"(?P<name>[A-Z][A-Za-z-]*): (?P<value>.+)")


@dataclass(frozen=True)
class UpdateMessage:
    """The parts of an update's message. Missing parts are empty.

    `by` is the user who ran the task, `override` the reason for which a preflight check was overridden, and
    `rollback` the version that was restored.
    """

    subject: str
    by: str = ""
    override: str = ""
    rollback: str = ""


def compose_message(subject: str, *, by: str = "", override: str = "", rollback: str = "") -> str:
    """Return the message with a line for each trailer that is not empty."""
    trailers = {"By": by, "Override": override, "Rollback": rollback}
    # A line break in a reason that a user typed could start another trailer.
    lines = [f"{name}: {_join_lines(value)}" for name, value in trailers.items() if _join_lines(value)]
    return "\n".join([_join_lines(subject), *(["", *lines] if lines else [])])


def parse_message(message: str) -> UpdateMessage:
    """Parse the message of an update. The first line is the subject, also if no task wrote the message."""
    subject, _, rest = message.strip().partition("\n")
    last_paragraph = rest.strip().rpartition("\n\n")[2].splitlines()
    matches = [_TRAILER.fullmatch(line.strip()) for line in last_paragraph]
    trailers = {match["name"]: match["value"] for match in matches if match}
    return UpdateMessage(
        subject.strip(), trailers.get("By", ""), trailers.get("Override", ""), trailers.get("Rollback", "")
    )


def identify_user(git: Git, variables: Mapping[str, str] = os.environ) -> str:
    """Return the user who runs the task: in GitHub Actions the actor and the run, else git's user name."""
    if actor := variables.get("GITHUB_ACTOR"):
        run = variables.get("GITHUB_RUN_ID")
        return f"{actor} (run {run})" if run else actor
    return git.user_name() or _login_name()


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # In a container, the user can have an ID without a name.
        return "unknown"


def _join_lines(text: str) -> str:
    return " ".join(text.split())
