"""Tasks of administrators on the tables."""

# ruff: noqa: PLC0415

from invoke.context import Context

from cli.task import task


@task(
    help={
        "bucket": "Write the files to this bucket",
        "table": "Export this table: transactions or profiles",
        "prefix": "Write the files to this folder of the bucket",
        "key": "Encrypt the files with this KMS key, by ARN (default: S3's own key)",
        "owner": "Expect this account as the owner of a bucket in another account",
        "since": "Export only the changes of this time, 15m to 24h (default: the whole table)",
        "wait": "With --no-wait, start the export and do not wait for its end",
    }
)
def export(
    _: Context,
    *,
    bucket: str,
    env: str = "local",
    table: str = "transactions",
    prefix: str = "",
    key: str = "",
    owner: str = "",
    since: str = "",
    wait: bool = True,
    json: bool = False,
) -> None:
    """Export a table to a bucket, as JSON lines.

    DynamoDB reads the table's point-in-time recovery, so the pipeline is not affected. docs/operating.md has
    the permissions. For example: ./inv table.export --env prod --bucket archive --key ARN
    """
    from functions.common.runtime.clock import now_ms
    from operations.deployed import open_deployed
    from operations.export.table_export import ExportRequest, run_export

    deployed = open_deployed(env)
    request = ExportRequest(
        table_arn=deployed.table_arn(table), bucket=bucket, prefix=prefix, key=key, owner=owner, since=since
    )
    run_export(deployed.dynamodb_client(), request, now_ms(), wait_until_done=wait, as_json=json)
