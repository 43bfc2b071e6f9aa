"""Changes of tags, with a fake client."""

from typing import Any

from local.plugin.aws import Aws
from local.plugin.provider import RESOURCES


class FakeClient:
    """Records the calls of a botocore client."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, operation: str) -> Any:
        return lambda **parameters: self.calls.append((operation, parameters))


class FakeAws(Aws):
    """A connection with a fake client for each service."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1", "eu-west-1")
        self.fake = FakeClient()

    def client(self, service: str) -> Any:
        return self.fake


def change_tags(kind: str) -> list[tuple[str, dict[str, Any]]]:
    """The calls that remove the tag `old`, keep `same` and add `new`."""
    aws = FakeAws()
    RESOURCES[kind](aws).change_tags("r", {"old": "1", "same": "2"}, {"same": "2", "new": "3"})
    return aws.fake.calls


def test_tags_of_a_list_are_removed_by_key_and_put_as_pairs() -> None:
    assert change_tags("aws:kms/key:Key") == [
        ("untag_resource", {"KeyId": "r", "TagKeys": ["old"]}),
        ("tag_resource", {"KeyId": "r", "Tags": [{"TagKey": "new", "TagValue": "3"}]}),
    ]


def test_tags_of_a_mapping_are_put_as_a_mapping() -> None:
    assert change_tags("aws:sqs/queue:Queue") == [
        ("untag_queue", {"QueueUrl": "r", "TagKeys": ["old"]}),
        ("tag_queue", {"QueueUrl": "r", "Tags": {"new": "3"}}),
    ]


def test_tags_of_the_network_are_removed_as_pairs_without_a_value() -> None:
    assert change_tags("aws:ec2/vpc:Vpc") == [
        ("delete_tags", {"Resources": ["r"], "Tags": [{"Key": "old"}]}),
        ("create_tags", {"Resources": ["r"], "Tags": [{"Key": "new", "Value": "3"}]}),
    ]


def test_equal_tags_need_no_call() -> None:
    aws = FakeAws()
    RESOURCES["aws:sns/topic:Topic"](aws).change_tags("r", {"same": "2"}, {"same": "2"})
    assert aws.fake.calls == []
