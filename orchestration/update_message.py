"""The messages that the tasks leave in a stack's history: a subject, and trailers that tasks read again."""

import getpass
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from orchestration.git import Git

_TRAILER = re.compile(r"(?P<name>[A-Z][A-Za-z-]*): (?P<value>.+)")


@dataclass(frozen=True)
class Message:
    """What an update's message says; what it does not say is empty.

    `by` is who ran the task, `override` why a guard rail was passed, `rollback` the version gone back to.
    """

    subject: str
    by: str = ""
    override: str = ""
    rollback: str = ""


def compose(subject: str, *, by: str = "", override: str = "", rollback: str = "") -> str:
    """The message of an update: the subject, and a line for each trailer that is not empty."""
    trailers = {"By": by, "Override": override, "Rollback": rollback}
    # On one line each: a reason that somebody typed must not look like another trailer.
    lines = [f"{name}: {_one_line(value)}" for name, value in trailers.items() if _one_line(value)]
    return "\n".join([_one_line(subject), *(["", *lines] if lines else [])])


def parse(message: str) -> Message:
    """The parts of any update's message; of one that no task wrote, the first line is the subject."""
    subject, _, rest = message.strip().partition("\n")
    last_paragraph = rest.strip().rpartition("\n\n")[2].splitlines()
    matches = [_TRAILER.fullmatch(line.strip()) for line in last_paragraph]
    trailers = {match["name"]: match["value"] for match in matches if match}
    return Message(
        subject.strip(), trailers.get("By", ""), trailers.get("Override", ""), trailers.get("Rollback", "")
    )


def who(git: Git, variables: Mapping[str, str] = os.environ) -> str:
    """Who runs the task: in GitHub Actions the actor and the run, else the person as git knows them."""
    if actor := variables.get("GITHUB_ACTOR"):
        run = variables.get("GITHUB_RUN_ID")
        return f"{actor} (run {run})" if run else actor
    return git.user() or _login()


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container whose user has a number and no name.
        return "unknown"


def _one_line(text: str) -> str:
    return " ".join(text.split())
