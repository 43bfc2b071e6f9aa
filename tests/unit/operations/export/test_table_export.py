"""Exports of tables: the requests, checked against AWS's service model, and the results."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from operations.export.table_export import ExportRequest, run_export
from terminal.errors import UserError

NOW_MS = 1_800_000_000_000
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/transactions"
EXPORT = f"{TABLE}/export/01695097218000-d6299cbd"
KEY = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"


class Aws:
    """A client of DynamoDB with expected calls. Each wait is recorded."""

    def __init__(self) -> None:
        self.client: Any = boto3.client(
            "dynamodb", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="s"
        )
        self.stubber = Stubber(self.client)
        self.waits: list[float] = []

    def expect_start(self, status: str = "IN_PROGRESS", **request: object) -> None:
        expected = {
            "TableArn": TABLE,
            "S3Bucket": "archive",
            "S3SseAlgorithm": "AES256",
            "ExportFormat": "DYNAMODB_JSON",
        }
        self.stubber.add_response(
            "export_table_to_point_in_time",
            self._response(status),
            {**expected, **request},
        )

    def expect_status(self, status: str, **more: object) -> None:
        self.stubber.add_response("describe_export", self._response(status, **more), {"ExportArn": EXPORT})

    def run(self, *, since: str = "", key: str = "", prefix: str = "", **options: bool) -> None:
        request = ExportRequest(table_arn=TABLE, bucket="archive", since=since, key=key, prefix=prefix)
        run_export(self.client, request, NOW_MS, wait=self.waits.append, **options)

    @staticmethod
    def _response(status: str, **more: object) -> dict[str, Any]:
        return {
            "ExportDescription": {
                "ExportArn": EXPORT,
                "ExportStatus": status,
                "S3Bucket": "archive",
                "S3Prefix": "fraud",
                **more,
            }
        }


@pytest.fixture
def aws() -> Iterator[Aws]:
    stubbed = Aws()
    with stubbed.stubber:
        yield stubbed
        stubbed.stubber.assert_no_pending_responses()


def test_export_is_awaited_and_shown_with_its_price(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    aws.expect_start()
    aws.expect_status("IN_PROGRESS")
    aws.expect_status("COMPLETED", BilledSizeBytes=20 * 10**9, ItemCount=30)
    aws.run()
    output = capsys.readouterr().out
    assert len(aws.waits) == 2
    assert "30 items" in output
    assert "s3://archive/fraud/AWSDynamoDB/01695097218000-d6299cbd/" in output
    assert "$2.00" in output


def test_files_are_encrypted_with_the_key_of_the_caller(aws: Aws) -> None:
    aws.expect_start("COMPLETED", S3SseAlgorithm="KMS", S3SseKmsKeyId=KEY, S3Prefix="fraud")
    aws.run(key=KEY, prefix="fraud")


def test_since_exports_the_changes_of_that_time(aws: Aws) -> None:
    aws.expect_start(
        "COMPLETED",
        ExportType="INCREMENTAL_EXPORT",
        IncrementalExportSpecification={
            "ExportFromTime": datetime.fromtimestamp(NOW_MS / 1000 - 86_400, UTC),
            "ExportToTime": datetime.fromtimestamp(NOW_MS / 1000, UTC),
            "ExportViewType": "NEW_IMAGE",
        },
    )
    aws.run(since="24h")


@pytest.mark.parametrize("since", ["10m", "2d"])
def test_period_that_dynamodb_refuses_is_an_error_before_any_call(aws: Aws, since: str) -> None:
    with pytest.raises(UserError, match="--since"):
        aws.run(since=since)


def test_export_that_is_not_awaited_is_printed_as_json(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    aws.expect_start()
    aws.run(wait_until_done=False, as_json=True)
    output = json.loads(capsys.readouterr().out)
    assert (output["arn"], output["status"], aws.waits) == (EXPORT, "IN_PROGRESS", [])


def test_failed_export_is_an_error_with_its_reason(aws: Aws) -> None:
    aws.expect_start()
    aws.expect_status("FAILED", FailureCode="S3AccessDenied", FailureMessage="Access Denied.")
    with pytest.raises(UserError, match="failed: Access Denied"):
        aws.run()


def test_refused_request_is_one_line(aws: Aws) -> None:
    aws.stubber.add_client_error("export_table_to_point_in_time", "AccessDeniedException", "not authorized")
    with pytest.raises(UserError, match="ExportTableToPointInTime: not authorized"):
        aws.run()
