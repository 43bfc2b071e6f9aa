"""When two IAM policies mean the same."""

from typing import Any

import pytest

from shared.policy_equality import canonical_policy

ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": ["a:Get", "a:Put"], "Resource": "*"}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (policy(ALLOW), policy({**ALLOW, "Action": ["a:Put", "a:Get"]})),
        (policy(ALLOW), policy({**ALLOW, "Resource": ["*"]})),
        (policy(ALLOW), {**policy(), "Statement": ALLOW}),
        (policy(ALLOW, {**ALLOW, "Sid": "b"}), policy({**ALLOW, "Sid": "b"}, ALLOW)),
        (policy({**ALLOW, "Principal": "*"}), policy({**ALLOW, "Principal": {"AWS": ["*"]}})),
        (
            policy({**ALLOW, "Condition": {"Bool": {"aws:SecureTransport": False}}}),
            policy({**ALLOW, "Condition": {"Bool": {"aws:SecureTransport": ["false"]}}}),
        ),
    ],
)
def test_policies_that_iam_treats_alike_are_the_same(one: Any, other: Any) -> None:
    assert canonical_policy(one) == canonical_policy(other)


@pytest.mark.parametrize(
    "other",
    [
        policy({**ALLOW, "Effect": "Deny"}),
        policy({**ALLOW, "Action": "a:Get"}),
        policy({**ALLOW, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}),
        policy(ALLOW, ALLOW),
        {**policy(ALLOW), "Version": "2008-10-17"},
    ],
)
def test_policies_that_grant_otherwise_differ(other: Any) -> None:
    assert canonical_policy(policy(ALLOW)) != canonical_policy(other)
