"""Tasks of administrators on the tables: exports for archives, and of decisions for training."""

# ruff: noqa: PLC0415

from invoke.context import Context

from cli.options import SHARED_HELP
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


@task(
    name="export",
    help={
        "since": "Export transactions since this time: a duration (90d), a day or a time in UTC",
        "until": "Export transactions before this time; a day is included (default: now)",
        "out": "Write the files to this new folder",
        "label_delay": f"{SHARED_HELP['label_delay']}: an older transaction without a label is genuine",
        "from_export": "Read this export by table.export, by ARN or folder, instead of the table",
    },
)
def export_decisions(
    _: Context,
    *,
    since: str,
    out: str,
    env: str = "local",
    until: str = "",
    label_delay: str = "7d",
    from_export: str = "",
    json: bool = False,
) -> None:
    """Export decided transactions as Parquet, to train on.

    Each row has the features that the pipeline recorded, so that training need not replay the past. Accounts
    and merchants are pseudonyms. For example: ./inv export --env prod --since 90d --out decided
    """
    from functools import partial
    from pathlib import Path

    from cli.models.label_delay import parse_label_delay_days
    from functions.common.runtime.clock import now_ms
    from operations.deployed import open_deployed
    from operations.export import decision_export
    from operations.export.decided_files import check_new_folder

    now, folder = now_ms(), Path(out)
    period = decision_export.ExportPeriod.from_options(since, until, now)
    label_delay_days = parse_label_delay_days(label_delay)
    check_new_folder("--out", folder)
    open_pipeline = partial(open_deployed, env)
    decision_export.export_decisions(
        open_pipeline, folder, period, label_delay_days, now, source=from_export, as_json=json
    )
