"""Requests of callers that do not belong: API Gateway refuses them before a function runs."""

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.auth
import pytest
import urllib3
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from operations.api_target import ApiTarget
from operations.ingest.api_client import sign_post
from shared.contracts import EdgeOutputs, require_string
from tests.e2e.pipeline import PipelineClient
from tests.e2e.transactions import build_transaction
from tests.waiting import wait_for

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class SignedPost:
    """A request that is signed and can be changed before it is sent."""

    url: str
    body: bytes
    headers: dict[str, str]

    def send(self) -> urllib3.BaseHTTPResponse:
        return urllib3.request("POST", self.url, body=self.body, headers=self.headers, retries=False)


@pytest.fixture
def transaction() -> dict[str, Any]:
    return build_transaction()


@pytest.fixture
def post(pipeline: PipelineClient, transaction: dict[str, Any]) -> SignedPost:
    """A valid request of the root user, without a signature."""
    headers = {"Content-Type": "application/json"}
    return SignedPost(pipeline.target.url, json.dumps(transaction).encode(), headers)


@contextmanager
def refused(pipeline: PipelineClient, transaction: dict[str, Any]) -> Iterator[None]:
    """Check that the requests of the block invoke no function and store nothing."""
    before = pipeline.count_invocations("api")
    yield
    assert pipeline.read_items(transaction["transaction_id"]) == []
    assert pipeline.post(build_transaction()).status == 201
    wait_for(
        lambda: pipeline.count_invocations("api") > before, seconds=20, what="the invocation of another post"
    )
    assert pipeline.count_invocations("api") == before + 1


def check_refusal(answer: urllib3.BaseHTTPResponse) -> None:
    assert answer.status == 403
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"].startswith("urn:fraud-pipeline:problem:")


def sign(
    post: SignedPost, target: ApiTarget, *, service: str = "execute-api", region: str = "", token: str = ""
) -> SignedPost:
    """Sign with the keys of a target."""
    request = AWSRequest("POST", post.url, data=post.body, headers=post.headers)
    keys = Credentials(
        target.credentials.access_key, target.credentials.secret_key, token or target.credentials.token
    )
    SigV4Auth(keys, service, region or target.region).add_auth(request)
    return replace(post, headers=dict(request.headers.items()))


class _QuerySigner(SigV4QueryAuth):
    """Signs in the query for a request with a body. botocore would move the body into the query."""

    def __init__(self, target: ApiTarget, body: bytes, expires_seconds: int) -> None:
        super().__init__(target.credentials, "execute-api", target.region, expires=expires_seconds)
        self._body = body

    def payload(self, request: AWSRequest) -> str:
        return hashlib.sha256(self._body).hexdigest()


def presign(post: SignedPost, target: ApiTarget, *, expires_seconds: int) -> SignedPost:
    request = AWSRequest("POST", post.url, headers=post.headers)
    _QuerySigner(target, post.body, expires_seconds).add_auth(request)
    return replace(post, url=str(request.url))


@contextmanager
def shifted_clock(offset: timedelta) -> Iterator[None]:
    """Let the signers of this process sign at another time."""
    moment = datetime.now(UTC) + offset
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: moment)
        yield


def use_keys(target: ApiTarget, access_key: str, secret_key: str, token: str | None = None) -> ApiTarget:
    return replace(target, credentials=Credentials(access_key, secret_key, token))


def _end_session(params: dict[str, Any], **_: Any) -> None:
    params["body"]["DurationSeconds"] = "-60"


class Role:
    """A role that may invoke one route, with the credentials of a session."""

    def __init__(self, pipeline: PipelineClient, api_arn: str) -> None:
        self._iam, self._name = pipeline.aws.client("iam"), f"consumer-{uuid.uuid4().hex[:8]}"
        trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        arn = self._iam.create_role(
            RoleName=self._name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
        )["Role"]["Arn"]
        invoke = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": api_arn}
        self._iam.put_role_policy(
            RoleName=self._name, PolicyName="invoke", PolicyDocument=json.dumps({"Statement": [invoke]})
        )
        self._sts, self._arn = pipeline.aws.client("sts"), arn
        self.keys = self._assume()

    def assume_for_no_time(self) -> tuple[str, str, str]:
        """The keys of a session that has expired. botocore itself accepts no such duration."""
        event = "before-call.sts.AssumeRole"
        self._sts.meta.events.register(event, _end_session, unique_id="end")
        try:
            return self._assume()
        finally:
            self._sts.meta.events.unregister(event, unique_id="end")

    def _assume(self) -> tuple[str, str, str]:
        keys = self._sts.assume_role(RoleArn=self._arn, RoleSessionName="test")["Credentials"]
        return keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]

    def delete(self) -> None:
        self._iam.delete_role_policy(RoleName=self._name, PolicyName="invoke")
        self._iam.delete_role(RoleName=self._name)


@pytest.fixture
def role(pipeline: PipelineClient) -> Role:
    return Role(pipeline, require_string(pipeline.outputs(EdgeOutputs).api_arn))


def test_valid_signatures_are_accepted(pipeline: PipelineClient, post: SignedPost, role: Role) -> None:
    assert sign(post, pipeline.target).send().status == 201
    assert sign(post, use_keys(pipeline.target, *role.keys)).send().status == 200
    assert presign(post, pipeline.target, expires_seconds=60).send().status == 200


def test_request_without_signature_runs_no_function(
    pipeline: PipelineClient, transaction: dict[str, Any], post: SignedPost
) -> None:
    with refused(pipeline, transaction):
        check_refusal(post.send())
        check_refusal(replace(post, headers={**post.headers, "Authorization": "Bearer abc"}).send())


@pytest.mark.parametrize("path", ["transactions", "transactions/batch", "transactions/historic", "labels"])
def test_no_route_accepts_wrong_keys(pipeline: PipelineClient, post: SignedPost, path: str) -> None:
    functions = ("api", "labels")
    before = [pipeline.count_invocations(function) for function in functions]
    url = f"{pipeline.target.url.removesuffix('/transactions')}/{path}"
    request = replace(post, url=url)
    wrong = use_keys(replace(pipeline.target, url=url), pipeline.target.credentials.access_key, "wrong")
    for unauthenticated in (request, sign(request, wrong)):
        check_refusal(unauthenticated.send())
    assert [pipeline.count_invocations(function) for function in functions] == before


Change = Callable[[SignedPost], SignedPost]
CHANGES: dict[str, Change] = {
    "body": lambda post: replace(post, body=post.body.replace(b"EUR", b"USD")),
    "signed header": lambda post: replace(
        post, headers={**post.headers, "Content-Type": "application/json; charset=utf-8"}
    ),
    "query": lambda post: replace(post, url=f"{post.url}?debug=1"),
    "signature": lambda post: replace(
        post, headers={**post.headers, "Authorization": post.headers["Authorization"][:-4] + "0000"}
    ),
    "date": lambda post: replace(
        post,
        headers={**post.headers, "X-Amz-Date": (datetime.now(UTC) + MINUTE).strftime("%Y%m%dT%H%M%SZ")},
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_request_that_was_changed_after_signing_runs_no_function(
    pipeline: PipelineClient, transaction: dict[str, Any], post: SignedPost, change: Change
) -> None:
    changed = change(sign(post, pipeline.target))
    assert changed != sign(post, pipeline.target)
    with refused(pipeline, transaction):
        check_refusal(changed.send())


def test_body_that_is_not_the_one_of_the_signed_hash_runs_no_function(
    pipeline: PipelineClient, transaction: dict[str, Any], post: SignedPost, role: Role
) -> None:
    unsigned_body = replace(post, headers={**post.headers, "X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})
    with refused(pipeline, transaction):
        for target in (pipeline.target, use_keys(pipeline.target, *role.keys)):
            check_refusal(sign(unsigned_body, target).send())


@pytest.mark.parametrize("scope", [{"region": "eu-west-1"}, {"service": "sqs"}, {"service": "s3"}], ids=str)
def test_signature_for_something_else_runs_no_function(
    pipeline: PipelineClient,
    transaction: dict[str, Any],
    post: SignedPost,
    role: Role,
    scope: dict[str, Any],
) -> None:
    with refused(pipeline, transaction):
        for target in (pipeline.target, use_keys(pipeline.target, *role.keys)):
            check_refusal(sign(post, target, **scope).send())


@pytest.mark.parametrize("offset", [-6 * MINUTE, 6 * MINUTE], ids=["late", "early"])
def test_signature_of_another_time_runs_no_function(
    pipeline: PipelineClient, transaction: dict[str, Any], post: SignedPost, role: Role, offset: timedelta
) -> None:
    targets = pipeline.target, use_keys(pipeline.target, *role.keys)
    with shifted_clock(offset):
        requests = [
            *(sign(post, target) for target in targets),
            *(presign(post, target, expires_seconds=3600) for target in targets),
        ]
    with refused(pipeline, transaction):
        for request in requests:
            check_refusal(request.send())


def test_signature_after_its_own_expiry_runs_no_function(
    pipeline: PipelineClient, transaction: dict[str, Any], post: SignedPost
) -> None:
    with shifted_clock(-MINUTE):
        request = presign(post, pipeline.target, expires_seconds=30)
    with refused(pipeline, transaction):
        check_refusal(request.send())


def test_wrong_keys_run_no_function(
    pipeline: PipelineClient, transaction: dict[str, Any], post: SignedPost, role: Role
) -> None:
    target, root = pipeline.target, pipeline.target.credentials
    key, secret, token = role.keys
    wrong = [
        use_keys(target, root.access_key, "wrong"),
        use_keys(target, key, "wrong", token),
        use_keys(target, key, secret),
        use_keys(target, key, secret, "wrong"),
        use_keys(target, root.access_key, root.secret_key, "unexpected"),
        use_keys(target, f"AKIA{uuid.uuid4().hex[:16].upper()}", "unknown"),
        # ministack takes these for the root user.
        use_keys(target, "test", "test"),
        use_keys(target, "000000000000", "test"),
    ]
    with refused(pipeline, transaction):
        for target in wrong:
            check_refusal(sign(post, target).send())


def test_revoked_role_runs_no_function(
    pipeline: PipelineClient, transaction: dict[str, Any], post: SignedPost, role: Role
) -> None:
    role.delete()
    with refused(pipeline, transaction):
        check_refusal(sign(post, use_keys(pipeline.target, *role.keys)).send())


def test_expired_session_runs_no_function(
    pipeline: PipelineClient, transaction: dict[str, Any], post: SignedPost, role: Role
) -> None:
    with refused(pipeline, transaction):
        check_refusal(sign(post, use_keys(pipeline.target, *role.assume_for_no_time())).send())


def test_revoked_key_runs_no_function(
    pipeline: PipelineClient, transaction: dict[str, Any], post: SignedPost
) -> None:
    iam, name = pipeline.aws.client("iam"), f"leaver-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    keys = [iam.create_access_key(UserName=name)["AccessKey"] for _ in range(2)]
    iam.update_access_key(UserName=name, AccessKeyId=keys[0]["AccessKeyId"], Status="Inactive")
    iam.delete_access_key(UserName=name, AccessKeyId=keys[1]["AccessKeyId"])
    with refused(pipeline, transaction):
        for key in keys:
            target = use_keys(pipeline.target, key["AccessKeyId"], key["SecretAccessKey"])
            check_refusal(sign(post, target).send())


def test_role_for_one_route_may_invoke_no_other(pipeline: PipelineClient, role: Role) -> None:
    target = use_keys(pipeline.deployed.labels_target(), *role.keys)
    before = pipeline.count_invocations("labels")
    body = {"transaction_id": "t-1", "label": "fraud"}
    post = SignedPost(target.url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    answer = sign(post, target).send()
    check_refusal(answer)
    assert answer.json()["type"].endswith(":not-allowed")
    assert pipeline.count_invocations("labels") == before


@contextmanager
def api_policy(pipeline: PipelineClient, **condition: Any) -> Iterator[None]:
    """Replace the policy of the API by a denial, and restore it."""
    gateway, api_id = pipeline.aws.client("apigateway"), require_string(pipeline.outputs(EdgeOutputs).api_id)
    before = json.loads(f'"{gateway.get_rest_api(restApiId=api_id)["policy"]}"')

    def set_policy(policy: str) -> None:
        patch = {"op": "replace", "path": "/policy", "value": policy}
        gateway.update_rest_api(restApiId=api_id, patchOperations=[patch])

    statement = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "execute-api:Invoke",
        "Resource": "execute-api:/*",
        "Condition": condition,
    }
    set_policy(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    try:
        yield
    finally:
        set_policy(before)


@pytest.mark.parametrize(
    "condition",
    [
        {"StringNotEquals": {"aws:PrincipalAccount": ["111122223333"]}},
        {"NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}},
        {"StringNotEquals": {"aws:SourceVpce": ["vpce-0123456789abcdef0"]}},
    ],
    ids=["account", "address", "endpoint"],
)
def test_caller_that_the_policy_of_the_api_denies_runs_no_function(
    pipeline: PipelineClient,
    transaction: dict[str, Any],
    post: SignedPost,
    role: Role,
    condition: dict[str, Any],
) -> None:
    with refused(pipeline, transaction), api_policy(pipeline, **condition):
        for target in (pipeline.target, use_keys(pipeline.target, *role.keys)):
            answer = sign(post, target).send()
            check_refusal(answer)
            assert answer.json()["type"].endswith(":not-allowed")


def test_caller_in_an_allowed_network_is_accepted(pipeline: PipelineClient, post: SignedPost) -> None:
    with api_policy(pipeline, NotIpAddress={"aws:SourceIp": ["127.0.0.0/8"]}):
        assert sign(post, pipeline.target).send().status == 201


def test_client_of_the_tasks_signs_as_required(pipeline: PipelineClient, post: SignedPost) -> None:
    signed = replace(post, headers=sign_post(pipeline.target, post.body))
    assert signed.send().status == 201
