"""What an answer of the API means for the transaction or label that was posted, in a sender's words."""

import http.client
import json
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from operations.ingest.api_client import Answer
from terminal.errors import UserError

NO_REASON = "no reason given"
UNKNOWN_TRANSACTION = ":unknown-transaction"


class Outcome(StrEnum):
    """`rejected`: sending it again unchanged is no use. `failed`: it may well be."""

    STORED = "stored"
    REPLAYED = "replayed"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"
    FAILED = "failed"


@dataclass(frozen=True)
class Verdict:
    """What became of one transaction or label. `status` is 0 where it was not posted at all."""

    outcome: Outcome
    status: int = 0
    reason: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the API has it now, from this time or an earlier one."""
        return self.outcome not in (Outcome.REJECTED, Outcome.FAILED)


class RefusedCallerError(UserError):
    """The API refuses whoever calls, whatever they post."""


def judge(answer: Answer) -> Verdict:
    """The verdict on a transaction. Raises `UserError` where no other would fare better."""
    if answer.status == HTTPStatus.OK:
        return Verdict(Outcome.REPLAYED, answer.status)
    return _judge(answer)


def judge_label(answer: Answer) -> Verdict:
    """The verdict on a label. Raises `UserError` where no other would fare better."""
    said = _object(answer) or {}
    if answer.status == HTTPStatus.OK:
        changed = said.get("status") == Outcome.CHANGED
        return Verdict(Outcome.CHANGED if changed else Outcome.UNCHANGED, answer.status)
    if answer.status == HTTPStatus.NOT_FOUND and str(said.get("type")).endswith(UNKNOWN_TRANSACTION):
        return Verdict(Outcome.REJECTED, answer.status, explain(answer))
    return _judge(answer)


def _judge(answer: Answer) -> Verdict:
    status = answer.status
    if status == HTTPStatus.CREATED:
        return Verdict(Outcome.STORED, status)
    reason = explain(answer)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise RefusedCallerError(
            f"The API refuses the caller ({status}): {reason}.",
            "Check which credentials are in use, and that they may execute-api:Invoke on this API.",
        )
    if status == HTTPStatus.NOT_FOUND:
        raise UserError(f"There is no API at that address ({status}): {reason}.", "Deploy the layer 'edge'.")
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Verdict(Outcome.FAILED, status, reason)
    if status >= HTTPStatus.BAD_REQUEST:
        return Verdict(Outcome.REJECTED, status, reason)
    raise UserError(f"The API answered {status}, which it should not.", "Is the address the API's?")


def explain(answer: Answer) -> str:
    """Why, on one line: each field at fault with its reason, else what the API says in general."""
    problem = _object(answer)
    if problem is None:
        return http.client.responses.get(answer.status, NO_REASON)
    errors = problem.get("errors")
    fields = [_fault(error) for error in errors] if isinstance(errors, list) else []
    said = problem.get("detail") or problem.get("message") or problem.get("Message") or problem.get("title")
    return "; ".join(fields) or " ".join(str(said or NO_REASON).split()).rstrip(".")


def _object(answer: Answer) -> dict[str, Any] | None:
    """The JSON object of the body; None if it is none."""
    try:
        found = json.loads(answer.body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _fault(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    return f"{error.get('field', '?')}: {error.get('detail', '?')}"
