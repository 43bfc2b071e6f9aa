"""The body of a request in an event of API Gateway."""

import base64
import binascii
from email.message import Message
from typing import Any

from functions.common.http.problem import body_too_large, malformed_body, unsupported_media_type

MAX_BODY_BYTES = 16 * 1024
_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})


def read_body(event: dict[str, Any]) -> str:
    """Read the posted JSON text. Raises ProblemError with status 400, 413 or 415."""
    _check_content_type(_find_header(event, "content-type"))
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        body = _decode_base64(body)
    if len(body.encode("utf-8", "surrogatepass")) > MAX_BODY_BYTES:
        raise body_too_large(MAX_BODY_BYTES)
    return body


def _find_header(event: dict[str, Any], name: str) -> str:
    """The value of a header, by its lower-case name. Header names are case-insensitive."""
    headers = event.get("headers") or {}
    return next((value for key, value in headers.items() if key.lower() == name), "") or ""


def _check_content_type(value: str) -> None:
    header = Message()
    header["content-type"] = " ".join(value.split())
    charset = str(header.get_param("charset", "utf-8")).lower()
    if not value or header.get_content_type() != "application/json" or charset not in _CHARSETS:
        raise unsupported_media_type()


def _decode_base64(body: str) -> str:
    # Check the size before decoding: four characters encode three bytes.
    if len(body) > MAX_BODY_BYTES * 4 // 3 + 4:
        raise body_too_large(MAX_BODY_BYTES)
    try:
        return base64.b64decode(body, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise malformed_body("The body is not UTF-8 text") from None
