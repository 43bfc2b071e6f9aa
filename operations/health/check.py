"""The result of one health check."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError

State = Literal["ok", "wrong", "unknown"]
MISSING_CODES = frozenset(
    {"NotFoundException", "ResourceNotFoundException", "AWS.SimpleQueueService.NonExistentQueue"}
)


@dataclass(frozen=True, kw_only=True)
class Check:
    """The state of `subject`. A check that is wrong has a severity and, if there is one, a runbook."""

    subject: str
    state: State
    detail: str
    severity: str = ""
    runbook: str = ""


def ok_check(subject: str, detail: str) -> Check:
    return Check(subject=subject, state="ok", detail=detail)


def wrong_check(subject: str, detail: str, *, severity: str = "page", runbook: str = "") -> Check:
    return Check(subject=subject, state="wrong", detail=detail, severity=severity, runbook=runbook)


def run_check(subject: str, look: Callable[[], Check], *, runbook: str = "") -> Check:
    """Return the result of `look`: wrong for a missing resource, unknown after another AWS error."""
    return run_check_group(subject, lambda: [look()], runbook=runbook)[0]


def run_check_group(subject: str, look: Callable[[], Iterable[Check]], *, runbook: str = "") -> list[Check]:
    """Return the results of `look`, or one about `subject` after an AWS error, as `run_check` does."""
    try:
        return list(look())
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in MISSING_CODES:
            return [wrong_check(subject, "does not exist", runbook=runbook)]
        return [Check(subject=subject, state="unknown", detail=f"could not be checked: {code}")]
    except BotoCoreError as error:
        detail = f"could not be checked: {type(error).__name__}"
        return [Check(subject=subject, state="unknown", detail=detail)]


def select_unhealthy(checks: list[Check]) -> Iterator[Check]:
    """Yield the checks that are wrong or unknown."""
    return (check for check in checks if check.state != "ok")
