"""Comparison of IAM policies."""

from typing import Any

import pytest

from shared.policy_equality import canonical_policy

ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": ["a:Get", "a:Put"], "Resource": "*"}


def make_policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (make_policy(ALLOW), make_policy({**ALLOW, "Action": ["a:Put", "a:Get"]})),
        (make_policy(ALLOW), make_policy({**ALLOW, "Resource": ["*"]})),
        (make_policy(ALLOW), {**make_policy(), "Statement": ALLOW}),
        (make_policy(ALLOW, {**ALLOW, "Sid": "b"}), make_policy({**ALLOW, "Sid": "b"}, ALLOW)),
        (make_policy({**ALLOW, "Principal": "*"}), make_policy({**ALLOW, "Principal": {"AWS": ["*"]}})),
        (
            make_policy({**ALLOW, "Condition": {"Bool": {"aws:SecureTransport": False}}}),
            make_policy({**ALLOW, "Condition": {"Bool": {"aws:SecureTransport": ["false"]}}}),
        ),
    ],
)
def test_policies_with_the_same_effect_are_equal(first: Any, second: Any) -> None:
    assert canonical_policy(first) == canonical_policy(second)


@pytest.mark.parametrize(
    "changed",
    [
        make_policy({**ALLOW, "Effect": "Deny"}),
        make_policy({**ALLOW, "Action": "a:Get"}),
        make_policy({**ALLOW, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}),
        make_policy(ALLOW, ALLOW),
        {**make_policy(ALLOW), "Version": "2008-10-17"},
    ],
)
def test_policies_with_another_effect_differ(changed: Any) -> None:
    assert canonical_policy(make_policy(ALLOW)) != canonical_policy(changed)
