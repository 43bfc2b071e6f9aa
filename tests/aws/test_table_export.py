"""The permissions that docs/operating.md lists for an export, compared with AWS's reference."""

import re

import pytest

from tests.aws import reference
from tests.stacks.recording import ROOT

DOCUMENT = (
    (ROOT / "docs" / "operating.md").read_text(encoding="utf-8").partition("## Retention and export")[2]
)
ACTIONS = sorted(set(re.findall(r"`((?:dynamodb|s3|kms):\w+)`", DOCUMENT)))


@pytest.mark.parametrize("action", ACTIONS)
def test_documented_action_exists_and_can_be_limited_to_a_resource(action: str) -> None:
    assert reference.resource_types(action)


def test_both_calls_of_the_task_and_the_writes_to_the_bucket_are_documented() -> None:
    assert {"dynamodb:ExportTableToPointInTime", "dynamodb:DescribeExport", "s3:PutObject"} <= set(ACTIONS)
    assert {"kms:GenerateDataKey", "kms:Decrypt"} <= set(ACTIONS)


def test_export_is_described_by_its_own_arn() -> None:
    assert list(reference.resource_types("dynamodb:ExportTableToPointInTime")) == ["table"]
    assert list(reference.resource_types("dynamodb:DescribeExport")) == ["export"]
