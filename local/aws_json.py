"""Signed calls to the JSON services of the emulator, without boto3.

Stream records must be delivered exactly as AWS writes them; boto3 would convert them into Python values.
"""

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

TIMEOUT_SECONDS = 10.0
# Prefix of the operation in X-Amz-Target, by the service name in the signature.
TARGET_PREFIXES = {
    "dynamodb": "DynamoDBStreams_20120810",
    "events": "AWSEvents",
    "sqs": "AmazonSQS",
    "ssm": "AmazonSSM",
}


class AwsError(Exception):
    """An error response of AWS, or no response; `code` is the AWS error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass(frozen=True)
class Caller:
    """The identity that signs a call: keys of a user, or of a role's session if there is a token."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None


class AwsJson:
    """Calls to one endpoint in one region. Thread-safe."""

    def __init__(self, url: str, region: str) -> None:
        self._url = url
        self._region = region
        self._pool = urllib3.PoolManager(maxsize=8, retries=False, timeout=TIMEOUT_SECONDS)

    def call(self, caller: Caller, service: str, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Call an operation and return its response. Raises AwsError."""
        request = AWSRequest(
            method="POST",
            url=f"{self._url}/",
            data=json.dumps(payload).encode(),
            headers={
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": f"{TARGET_PREFIXES[service]}.{operation}",
            },
        )
        keys = Credentials(caller.access_key_id, caller.secret_access_key, caller.session_token)
        SigV4Auth(keys, service, self._region).add_auth(request)
        try:
            response = self._pool.request(
                "POST", f"{self._url}/", body=request.data, headers=dict(request.headers)
            )
        except urllib3.exceptions.HTTPError as error:
            raise AwsError("EndpointUnreachable", str(error)) from error
        try:
            content = json.loads(response.data) if response.data else {}
        except ValueError:
            content = {"message": response.data.decode(errors="replace")[:500]}
        if response.status >= HTTPStatus.BAD_REQUEST:
            code = str(content.get("__type", response.status)).rpartition("#")[2]
            raise AwsError(code, str(content.get("message") or content.get("Message") or ""))
        return dict(content)
