"""What is wrong with a request, as RFC 9457 has it told: `application/problem+json`."""

from collections.abc import Mapping, Sequence

from msgspec import Struct


class FieldError(Struct, frozen=True):
    """One field at fault, and what is wrong with it."""

    field: str
    detail: str


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of an answer that is no success."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[FieldError, ...] = ()


class ProblemError(Exception):
    """Ends a request with a problem; `headers` are added to the answer's."""

    def __init__(self, problem: Problem, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(problem.title)
        self.problem = problem
        self.headers = dict(headers or {})


def _problem(slug: str, status: int, title: str, detail: str) -> Problem:
    return Problem(type=f"urn:fraud-pipeline:problem:{slug}", title=title, status=status, detail=detail)


def malformed(detail: str) -> ProblemError:
    """400: the body is not JSON, or no object."""
    return ProblemError(_problem("malformed-body", 400, "The body is not a JSON object", detail))


def invalid(what: str, errors: Sequence[FieldError]) -> ProblemError:
    """400: fields of a transaction, or of a label, are at fault."""
    return ProblemError(
        Problem(
            type=f"urn:fraud-pipeline:problem:invalid-{what}",
            title=f"The {what} is not valid",
            status=400,
            detail="At fault: " + ", ".join(error.field for error in errors),
            errors=tuple(errors),
        )
    )


def unknown_transaction() -> ProblemError:
    """404: there is no such transaction to label."""
    detail = "There is no transaction with this transaction_id and timestamp"
    return ProblemError(_problem("unknown-transaction", 404, "The transaction is not known", detail))


def id_taken() -> ProblemError:
    """409: the id belongs to another transaction."""
    detail = "A different transaction with this transaction_id was stored before"
    return ProblemError(_problem("transaction-id-taken", 409, "The transaction id is taken", detail))


def too_large(limit_bytes: int) -> ProblemError:
    """413: the body is larger than any transaction."""
    detail = f"The body may have {limit_bytes} bytes at most"
    return ProblemError(_problem("body-too-large", 413, "The body is too large", detail))


def unsupported_media_type() -> ProblemError:
    """415: the body is said to be something else than JSON."""
    detail = "Send the header 'Content-Type: application/json'"
    return ProblemError(_problem("unsupported-media-type", 415, "The content type is not supported", detail))


def busy() -> ProblemError:
    """503: the same request can succeed a moment later."""
    detail = "Send the same request again"
    problem = _problem("busy", 503, "It could not be stored right now", detail)
    return ProblemError(problem, {"Retry-After": "1"})


def unavailable() -> ProblemError:
    """503: the same request can succeed as soon as the pipeline is repaired."""
    detail = "Send the same request again later: nothing is stored twice"
    problem = _problem("unavailable", 503, "The service is not available", detail)
    return ProblemError(problem, {"Retry-After": "5"})


def internal_error() -> ProblemError:
    """500: our fault; what happened is in the log, not in the answer."""
    detail = "The same request may be sent again: nothing is stored twice"
    return ProblemError(_problem("internal-error", 500, "Something went wrong on our side", detail))
