"""Signed calls to the emulator's JSON services: what the hops and the marker need, without a boto3 session.

A hop must hand stream records on exactly as AWS writes them; boto3 would turn them into Python values first.
"""

import json
from dataclasses import dataclass
from typing import Any

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

TIMEOUT_SECONDS = 10.0
# Service (as it is signed) -> what goes before the operation in X-Amz-Target.
TARGETS = {
    "dynamodb": "DynamoDBStreams_20120810",
    "events": "AWSEvents",
    "sqs": "AmazonSQS",
    "ssm": "AmazonSSM",
}


class AwsError(Exception):
    """The service refused the call; `code` is AWS's name for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass(frozen=True)
class Caller:
    """Who calls: the keys of a user, or of a role's session when there is a token."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None


class AwsJson:
    """Calls to one endpoint in one region; safe to use from several threads."""

    def __init__(self, url: str, region: str) -> None:
        self._url = url
        self._region = region
        self._pool = urllib3.PoolManager(maxsize=8, retries=False, timeout=TIMEOUT_SECONDS)

    def call(self, caller: Caller, service: str, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        """The answer to `operation` of `service`. Raises AwsError if it is refused or nobody answers."""
        request = AWSRequest(
            method="POST",
            url=f"{self._url}/",
            data=json.dumps(payload).encode(),
            headers={
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": f"{TARGETS[service]}.{operation}",
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
            answer = json.loads(response.data) if response.data else {}
        except ValueError:
            answer = {"message": response.data.decode(errors="replace")[:500]}
        if response.status >= 400:  # noqa: PLR2004 (HTTP's first error)
            code = str(answer.get("__type", response.status)).rpartition("#")[2]
            raise AwsError(code, str(answer.get("message") or answer.get("Message") or ""))
        return dict(answer)
