"""Hooks of schemathesis: signs each request with the credentials in the environment.

The environment of this folder has schemathesis. tests/e2e/test_openapi.py runs it.
"""

import os

import schemathesis
from requests_aws4auth import AWS4Auth


class Signature(AWS4Auth):
    """Signature Version 4, also of headers with a quotation mark."""

    @staticmethod
    def amz_norm_whitespace(text: str) -> str:
        """Normalize the spaces of a header's value. The library's method parses quotations."""
        return " ".join(text.split())


schemathesis.auth.set_from_requests(
    Signature(
        os.environ["AWS_ACCESS_KEY_ID"],
        os.environ["AWS_SECRET_ACCESS_KEY"],
        os.environ["AWS_REGION"],
        "execute-api",
        session_token=os.environ.get("AWS_SESSION_TOKEN"),
    )
)
