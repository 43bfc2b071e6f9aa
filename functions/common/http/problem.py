"""Error responses as RFC 9457 problem details, `application/problem+json`."""

from collections.abc import Mapping, Sequence

from msgspec import Struct


class FieldError(Struct, frozen=True):
    """An invalid field and the description of its error."""

    field: str
    detail: str


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of an error response."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[FieldError, ...] = ()


class ProblemError(Exception):
    """Ends a request with an error response. `headers` are added to the response."""

    def __init__(self, problem: Problem, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(problem.title)
        self.problem = problem
        self.headers = dict(headers or {})


def _build_problem(slug: str, status: int, title: str, detail: str) -> Problem:
    return Problem(type=f"urn:fraud-pipeline:problem:{slug}", title=title, status=status, detail=detail)


def malformed_body(detail: str) -> ProblemError:
    """400: the body is not a JSON object."""
    return ProblemError(_build_problem("malformed-body", 400, "The body is not a JSON object", detail))


def invalid_fields(model: str, errors: Sequence[FieldError]) -> ProblemError:
    """400: fields of the transaction or label (`model`) are invalid."""
    return ProblemError(
        Problem(
            type=f"urn:fraud-pipeline:problem:invalid-{model}",
            title=f"The {model} is not valid",
            status=400,
            detail="At fault: " + ", ".join(error.field for error in errors),
            errors=tuple(errors),
        )
    )


def unknown_transaction() -> ProblemError:
    """404: the transaction to label does not exist."""
    detail = "There is no transaction with this transaction_id and timestamp"
    return ProblemError(_build_problem("unknown-transaction", 404, "The transaction is not known", detail))


def id_taken() -> ProblemError:
    """409: a different transaction has the ID."""
    detail = "A different transaction with this transaction_id was stored before"
    return ProblemError(_build_problem("transaction-id-taken", 409, "The transaction id is taken", detail))


def body_too_large(limit_bytes: int) -> ProblemError:
    """413: the body exceeds the size limit."""
    detail = f"The body may have {limit_bytes} bytes at most"
    return ProblemError(_build_problem("body-too-large", 413, "The body is too large", detail))


def unsupported_media_type() -> ProblemError:
    """415: the content type is not JSON."""
    detail = "Send the header 'Content-Type: application/json'"
    return ProblemError(
        _build_problem("unsupported-media-type", 415, "The content type is not supported", detail)
    )


def store_busy() -> ProblemError:
    """503: the table is busy. A retry can succeed after a moment."""
    detail = "Send the same request again"
    problem = _build_problem("busy", 503, "It could not be stored right now", detail)
    return ProblemError(problem, {"Retry-After": "1"})


def service_unavailable() -> ProblemError:
    """503: the pipeline has an error. A retry can succeed after its repair."""
    detail = "Send the same request again later: nothing is stored twice"
    problem = _build_problem("unavailable", 503, "The service is not available", detail)
    return ProblemError(problem, {"Retry-After": "1"})


def internal_error() -> ProblemError:
    """500: an unexpected error, which is in the log and not in the response."""
    detail = "The same request may be sent again: nothing is stored twice"
    return ProblemError(_build_problem("internal-error", 500, "Something went wrong on our side", detail))
