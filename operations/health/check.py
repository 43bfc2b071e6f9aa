"""One result of `invoke health`."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

State = Literal["ok", "wrong", "unknown"]
MISSING_CODES = frozenset(
    {"NotFoundException", "ResourceNotFoundException", "AWS.SimpleQueueService.NonExistentQueue"}
)


@dataclass(frozen=True, kw_only=True)
class Check:
    """`subject` is the thing that was looked at. A wrong one names its runbook, if there is one."""

    subject: str
    state: State
    detail: str
    severity: str = ""
    runbook: str = ""

    def as_object(self) -> dict[str, Any]:
        """For scripts."""
        return asdict(self)


def ok(subject: str, detail: str) -> Check:
    return Check(subject=subject, state="ok", detail=detail)


def wrong(subject: str, detail: str, *, severity: str = "page", runbook: str = "") -> Check:
    return Check(subject=subject, state="wrong", detail=detail, severity=severity, runbook=runbook)


def guard(subject: str, look: Callable[[], Check], *, runbook: str = "") -> Check:
    """What `look` finds. A missing resource is wrong; a call that fails otherwise makes it unknown."""
    try:
        return look()
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in MISSING_CODES:
            return wrong(subject, "does not exist", runbook=runbook)
        return Check(subject=subject, state="unknown", detail=f"could not be checked: {code}")
    except BotoCoreError as error:
        return Check(subject=subject, state="unknown", detail=f"could not be checked: {type(error).__name__}")


def unhealthy(checks: list[Check]) -> Iterator[Check]:
    """The checks that need somebody."""
    return (check for check in checks if check.state != "ok")
