"""The roles of the embedded AWS: their policies, changed for the length of a block, and their sessions."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3

from local.embedded import EmbeddedAws
from tests.least_privilege.mutations import Document

# The stacks give each role one inline policy of this name.
POLICY = "permissions"
_EVERYTHING = "everything"
_ALLOW_ALL = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


@dataclass(frozen=True)
class EmbeddedRole:
    """A role of the embedded AWS. Every change of its policies is undone at the end of a block."""

    aws: EmbeddedAws
    name: str

    @cached_property
    def policy(self) -> Document:
        """The policy of the role, as the stack set it."""
        answer = self._iam.get_role_policy(RoleName=self.name, PolicyName=POLICY)
        return dict(answer["PolicyDocument"])

    @contextmanager
    def replace_policy(self, document: Document) -> Iterator[None]:
        """Give the role another policy."""
        original = self.policy
        self._put(POLICY, document)
        try:
            yield
        finally:
            self._put(POLICY, original)

    @contextmanager
    def allow_everything(self) -> Iterator[None]:
        """Give the role every permission, which its boundary limits."""
        self._put(_EVERYTHING, _ALLOW_ALL)
        try:
            yield
        finally:
            self._iam.delete_role_policy(RoleName=self.name, PolicyName=_EVERYTHING)

    @contextmanager
    def remove_boundary(self) -> Iterator[None]:
        """Take the boundary from the role."""
        boundary = self._iam.get_role(RoleName=self.name)["Role"]["PermissionsBoundary"]
        self._iam.delete_role_permissions_boundary(RoleName=self.name)
        try:
            yield
        finally:
            arn = boundary["PermissionsBoundaryArn"]
            self._iam.put_role_permissions_boundary(RoleName=self.name, PermissionsBoundary=arn)

    @contextmanager
    def assume(self) -> Iterator["RoleSession"]:
        """A session of the role, which must trust its account for a moment."""
        role = self._iam.get_role(RoleName=self.name)["Role"]
        trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        self._trust({"Version": "2012-10-17", "Statement": [trust]})
        try:
            answer = self.aws.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="inside")
        finally:
            self._trust(role["AssumeRolePolicyDocument"])
        yield RoleSession(self.aws, answer["Credentials"])

    @property
    def _iam(self) -> Any:
        return self.aws.client("iam")

    def _put(self, name: str, document: Document) -> None:
        self._iam.put_role_policy(RoleName=self.name, PolicyName=name, PolicyDocument=json.dumps(document))

    def _trust(self, document: Document) -> None:
        self._iam.update_assume_role_policy(RoleName=self.name, PolicyDocument=json.dumps(document))


class RoleSession:
    """A session of a role, with a client for each service."""

    def __init__(self, aws: EmbeddedAws, credentials: dict[str, str]) -> None:
        self._session = boto3.Session(
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
            region_name=aws.endpoint.region,
        )
        self._url = aws.url
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._session.client(service, endpoint_url=self._url)  # type: ignore[call-overload]
        return self._clients[service]
