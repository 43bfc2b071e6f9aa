"""The body of a request, out of the event that API Gateway sends for it."""

import base64
import binascii
from email.message import Message
from typing import Any

from functions.common.http.problem import malformed, too_large, unsupported_media_type

MAX_BODY_BYTES = 16 * 1024
_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})


def body_of(event: dict[str, Any]) -> str:
    """The JSON text that was posted. Raises ProblemError with 400, 413 or 415."""
    _check_content_type(_header(event, "content-type"))
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        body = _decoded(body)
    if len(body.encode("utf-8", "surrogatepass")) > MAX_BODY_BYTES:
        raise too_large(MAX_BODY_BYTES)
    return body


def _header(event: dict[str, Any], name: str) -> str:
    """A header by its lower-case name; clients write headers in any case."""
    headers = event.get("headers") or {}
    return next((value for key, value in headers.items() if key.lower() == name), "") or ""


def _check_content_type(value: str) -> None:
    header = Message()
    header["content-type"] = " ".join(value.split())
    charset = str(header.get_param("charset", "utf-8")).lower()
    if not value or header.get_content_type() != "application/json" or charset not in _CHARSETS:
        raise unsupported_media_type()


def _decoded(body: str) -> str:
    # Before decoding: four characters carry three bytes.
    if len(body) > MAX_BODY_BYTES * 4 // 3 + 4:
        raise too_large(MAX_BODY_BYTES)
    try:
        return base64.b64decode(body, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise malformed("The body is not UTF-8 text") from None
