"""Error responses as RFC 9457 problem details, `application/problem+json`."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

_RETRY = {"Retry-After": "1"}


class FieldError(Struct, frozen=True):
    """An invalid field and the description of its error."""

    field: str
    detail: str


class Problem(Struct, frozen=True, omit_defaults=True):
    """The body of an error response."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[FieldError, ...] = ()


class ProblemError(Exception):
    """Ends a request with an error response. `headers` are added to the response."""

    def __init__(self, problem: Problem, headers: Mapping[str, str]) -> None:
        super().__init__(problem.title)
        self.problem = problem
        self.headers = headers


def malformed_body(detail: str) -> ProblemError:
    """400: the body is not a JSON object."""
    return _build_error("malformed-body", 400, "The body is not a JSON object", detail)


def malformed_batch(max_entries: int) -> ProblemError:
    """400: the body is not a batch of transactions."""
    detail = f"Send one JSON object whose only field 'transactions' is an array of 1 to {max_entries} objects"
    return _build_error("malformed-body", 400, "The body is not a batch of transactions", detail)


def invalid_fields(model: str, errors: Sequence[FieldError]) -> ProblemError:
    """400: fields of the transaction or label (`model`) are invalid."""
    detail = "At fault: " + ", ".join(error.field for error in errors)
    return _build_error(f"invalid-{model}", 400, f"The {model} is not valid", detail, errors=tuple(errors))


def unknown_transaction() -> ProblemError:
    """404: the transaction to label does not exist."""
    detail = (
        "No stored transaction has this transaction_id and, if it is given, this timestamp."
        " The timestamp may be left out"
    )
    return _build_error("unknown-transaction", 404, "The transaction is not known", detail)


def id_taken() -> ProblemError:
    """409: a different transaction has the ID."""
    detail = "A different transaction with this transaction_id was stored before"
    return _build_error("transaction-id-taken", 409, "The transaction id is taken", detail)


def body_too_large(limit_bytes: int) -> ProblemError:
    """413: the body exceeds the size limit."""
    detail = f"The body may have {limit_bytes} bytes at most"
    return _build_error("body-too-large", 413, "The body is too large", detail)


def unsupported_media_type() -> ProblemError:
    """415: the content type is not JSON."""
    detail = "Send the header 'Content-Type: application/json'"
    return _build_error("unsupported-media-type", 415, "The content type is not supported", detail)


def store_busy() -> ProblemError:
    """503: the table is busy. A retry can succeed after a moment."""
    detail = "Send the same request again"
    return _build_error("busy", 503, "It could not be stored right now", detail, headers=_RETRY)


def service_unavailable() -> ProblemError:
    """503: the pipeline has an error. A retry can succeed after its repair."""
    detail = "Send the same request again later: nothing is stored twice"
    return _build_error("unavailable", 503, "The service is not available", detail, headers=_RETRY)


def internal_error() -> ProblemError:
    """500: an unexpected error, which is in the log and not in the response."""
    detail = "The same request may be sent again: nothing is stored twice"
    return _build_error("internal-error", 500, "Something went wrong on our side", detail)


def _build_error(
    slug: str,
    status: int,
    title: str,
    detail: str,
    *,
    errors: tuple[FieldError, ...] = (),
    headers: Mapping[str, str] = {},
) -> ProblemError:
    problem_type = f"urn:fraud-pipeline:problem:{slug}"
    return ProblemError(Problem(problem_type, title, status, detail, errors), headers)
