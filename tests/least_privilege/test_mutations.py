"""Policy documents without one part."""

from typing import Any

from tests.least_privilege.mutations import (
    list_conditions,
    list_permissions,
    list_values,
    remove,
    remove_permissions,
)
from tests.least_privilege.results import canonicalize, digest

DOCUMENT: dict[str, Any] = {
    "Statement": [
        {
            "Sid": "Two",
            "Effect": "Allow",
            "Action": ["a:X", "a:Y"],
            "Resource": ["r1", "r2"],
            "Condition": {"StringEquals": {"k": ["1", "2"], "l": "3"}},
        },
        {"Sid": "Other", "Effect": "Deny", "Action": ["a:Z"], "Resource": ["*"]},
    ]
}


def list_pairs(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {(part.action, part.resource) for part in list_permissions(document)}


def test_document_without_a_permission_has_the_other_pairs_with_their_conditions() -> None:
    parts = list_permissions(DOCUMENT)
    assert len(parts) == 4
    for part in parts:
        changed = remove(DOCUMENT, part)
        assert list_pairs(changed) == list_pairs(DOCUMENT) - {(part.action, part.resource)}
        allowed = [s for s in changed["Statement"] if s["Effect"] == "Allow"]
        assert all(s["Condition"] == DOCUMENT["Statement"][0]["Condition"] for s in allowed)
        assert len({s["Sid"] for s in changed["Statement"]}) == len(changed["Statement"])


def test_several_permissions_are_removed_together() -> None:
    parts = list_permissions(DOCUMENT)
    assert list_pairs(remove_permissions(DOCUMENT, parts[:3])) == {(parts[3].action, parts[3].resource)}
    assert list_pairs(remove_permissions(DOCUMENT, parts)) == set()


def test_document_without_a_condition_or_a_value_keeps_the_others() -> None:
    first, second = list_conditions(DOCUMENT)
    assert remove(DOCUMENT, first)["Statement"][0]["Condition"] == {"StringEquals": {"l": "3"}}
    both = remove(remove(DOCUMENT, first), second)
    assert "Condition" not in both["Statement"][0]
    value = list_values(DOCUMENT)[0]
    assert remove(DOCUMENT, value)["Statement"][0]["Condition"]["StringEquals"]["k"] == ["2"]


def test_generated_ids_do_not_change_a_digest() -> None:
    def make(account: str, subnet: str, stream: str) -> dict[str, Any]:
        resources = [
            f"arn:aws:ec2:us-east-1:{account}:subnet/{subnet}",
            f"arn:aws:dynamodb:us-east-1:{account}:table/t/stream/{stream}",
        ]
        return {"Statement": [{"Effect": "Allow", "Action": ["a:X"], "Resource": resources}]}

    one, two = make("000000000000", "subnet-0a1", "2026"), make("123456789012", "private-a-id", "2027-1")
    assert digest(one) == digest(two)
    assert digest(one) != digest(remove(one, list_permissions(one)[0]))
    key = {"Statement": [{"Resource": ["arn:aws:kms:us-east-1:123456789012:key/1-2-3"]}]}
    assert canonicalize(key, {"1-2-3": "data"})["Statement"][0]["Resource"][0].endswith("key/data")
