"""Tasks that use a deployed pipeline or control the embedded AWS."""

# ruff: noqa: PLC0415

from invoke.context import Context

from cli.options import LOCAL_ENV, SINCE
from cli.task import NonNegativeInt, PositiveFloat, task

FORMAT = "Read the file as jsonl or csv, which includes Parquet (default: by its name or content)"
CONCURRENCY = "Send this number of requests at a time, up to 256"
REJECTS = "Write rejected records to this file, to correct and send again"
POST_HELP = {
    "format": FORMAT,
    "concurrency": CONCURRENCY,
    "rejects": REJECTS,
}


@task()
def up(_: Context, port: int = NonNegativeInt(0)) -> None:
    """Start the embedded AWS. deploy also starts it."""
    from orchestration.environments import LOCAL, find_environment
    from orchestration.local_aws import start_emulator
    from terminal.output import print_message

    endpoint = start_emulator(find_environment(LOCAL), port or None)
    print_message(f"For AWS tools: AWS_ENDPOINT_URL={endpoint.url} (the credentials are in .local/)")


@task()
def down(_: Context) -> None:
    """Stop the embedded AWS and keep its contents."""
    from orchestration.environments import LOCAL, find_environment
    from orchestration.local_aws import stop_emulator
    from terminal.output import print_message

    stop_emulator(find_environment(LOCAL))
    print_message("The embedded AWS is stopped.")


@task()
def reset(_: Context) -> None:
    """Delete the embedded AWS's contents and local stacks."""
    from orchestration.environments import LOCAL, find_environment
    from orchestration.local_aws import reset_emulator
    from terminal.output import print_message

    reset_emulator(find_environment(LOCAL))
    print_message("The contents of the embedded AWS and the stacks in it are deleted.")


@task(
    help={
        "env": LOCAL_ENV,
        "count": "Post this number of transactions",
        "rate": "Post this number of transactions per second",
        "seed": "Generate the same transactions for the same seed",
    }
)
def demo(
    _: Context,
    *,
    env: str = "local",
    count: int = NonNegativeInt(60),
    rate: float = PositiveFloat(10),
    seed: int = NonNegativeInt(1),
    port: int = NonNegativeInt(0),
    verbose: bool = False,
) -> int:
    """Deploy locally, post transactions and show alerts.

    The health of the pipeline, which is shown at the end, does not affect the exit status.
    """
    from functools import partial

    from operations.demo import demo
    from operations.deployed import DeployedPipeline
    from operations.health.report import run_checks, show_summary
    from orchestration.deployment import deploy_layers
    from orchestration.session import EnvironmentSession
    from terminal.errors import INTERRUPTED
    from terminal.prompts import confirm

    session = EnvironmentSession.from_name(env)
    session.require_local("demo")
    demo.check_options(count, rate)
    deploy_layers(session, partial(confirm, yes=False), port=port)
    deployed = DeployedPipeline.from_session(session)
    status = demo.run_demo(demo.DemoPipeline.from_deployed(deployed), count=count, rate=rate, seed=seed)
    if status != INTERRUPTED:
        show_summary(run_checks(deployed))
    return status


@task(
    positional=["file"],
    help={
        "file": "Read transactions from this file, JSON lines, CSV or Parquet; - is standard input",
        "historic": "Post past transactions, of any age; they cause no alerts",
        **POST_HELP,
    },
)
def send(
    _: Context,
    *,
    file: str,
    historic: bool = False,
    columns: str = "",
    timezone: str = "",
    unit: str = "",
    env: str = "local",
    format_: str = "",
    concurrency: int = NonNegativeInt(8),
    rejects: str = "",
    json: bool = False,
) -> int:
    """Post the transactions in a file.

    Exit status: 2 for an empty file, 1 if a transaction is refused.
    """
    from cli.table_options import read_table_options
    from operations.deployed import DeployedPipeline
    from operations.ingest.send import check_file_name, send_file
    from orchestration.session import EnvironmentSession

    check_file_name(file, "send")
    options = read_table_options(columns, timezone, unit)
    deployed = DeployedPipeline.from_session(EnvironmentSession.from_name(env))
    return send_file(
        deployed.historic_target() if historic else deployed.transactions_target(),
        file,
        batch_target=None if historic else deployed.transactions_batch_target(),
        historic=historic,
        options=options,
        file_format=format_,
        concurrency=concurrency,
        rejects=rejects,
        as_json=json,
    )


@task(
    positional=["file"],
    help={
        "file": "Read labels from this file, JSON lines, CSV or Parquet with transaction_id, label (fraud or"
        " genuine) and optionally timestamp, source and reported_at; - is standard input",
        "genuine": "Also post the labels of genuine transactions in a file of transactions",
        **POST_HELP,
    },
)
def label(
    _: Context,
    *,
    file: str,
    genuine: bool = False,
    columns: str = "",
    timezone: str = "",
    unit: str = "",
    env: str = "local",
    format_: str = "",
    concurrency: int = NonNegativeInt(8),
    rejects: str = "",
    json: bool = False,
) -> int:
    """Post labels, confirmed fraud or genuine, from a file.

    The file may also have transactions with a column is_fraud, or with a map of its columns.

    Exit status: 2 for an empty file, 1 if a label is refused.
    """
    from cli.table_options import LABEL_FIELDS, read_table_options
    from operations.deployed import DeployedPipeline
    from operations.ingest.record_kinds import LABELS
    from operations.ingest.send import check_file_name, send_file
    from operations.ingest.tables.labels import LABEL_ONLY_FIELDS
    from orchestration.session import EnvironmentSession

    check_file_name(file, "label")
    options = read_table_options(
        columns,
        timezone,
        unit,
        required=LABEL_FIELDS,
        additional=LABEL_ONLY_FIELDS,
        posts_genuine=genuine,
    )
    target = DeployedPipeline.from_session(EnvironmentSession.from_name(env)).labels_target()
    return send_file(
        target,
        file,
        LABELS,
        file_format=format_,
        options=options,
        concurrency=concurrency,
        rejects=rejects,
        as_json=json,
    )


@task(
    help={
        "rate": "Post this number of transactions per second, from 0.1 to 1000",
        "minutes": "Post for this number of minutes, up to 60",
        "zipf": "Draw merchants by Zipf's law with this exponent, up to 5; near 0, all are equally likely",
        "merchants": "Use this number of merchants",
        "accounts": "Use this number of accounts, all equally likely",
        "seed": "Generate the same traffic for the same seed",
        "verbose": "Show the output of locust if it fails",
    }
)
def load(
    _: Context,
    *,
    env: str = "local",
    rate: float = PositiveFloat(20),
    minutes: float = PositiveFloat(1),
    zipf: float = PositiveFloat(1.0),
    merchants: int = NonNegativeInt(10_000),
    accounts: int = NonNegativeInt(10_000),
    seed: int = NonNegativeInt(1),
    yes: bool = False,
    json: bool = False,
    verbose: bool = False,
) -> int:
    """Post synthetic traffic at a rate and report the results.

    Requests do not wait for earlier responses and are not repeated. All IDs start with 'load-'.

    Exit status: 2 if a transaction was not stored or not decided, or a failure queue grew.
    """
    from operations.deployed import open_deployed
    from operations.load.load import run_load
    from operations.load.traffic import Traffic

    # Before the environment is opened, so that an invalid option fails early.
    traffic = Traffic(rate, minutes, zipf, merchants, accounts, seed)
    return run_load(open_deployed(env), traffic, yes=yes, as_json=json)


@task(
    help={
        "account": "List the suspicious transactions of this account, in any environment",
        "since": f"{SINCE} (default, with --account: 7d)",
        "full": "Print the text of each mail",
    }
)
def alerts(
    _: Context,
    *,
    account: str = "",
    since: str = "",
    env: str = "local",
    follow: bool = False,
    full: bool = False,
    json: bool = False,
) -> int:
    """Show alerts: mails, or suspicious transactions.

    Without --account, shows the mails in the mailbox of the embedded AWS. With --account, lists suspicious
    transactions of the account with decision, reasons and label. For example: ./inv alerts --account a-1
    """
    from operations.monitoring.mailbox_view import show_alerts
    from orchestration.local_aws import open_mailbox
    from orchestration.session import EnvironmentSession
    from terminal.errors import UserError

    if account:
        if follow or full:
            raise UserError("--follow and --full are for mails.", "Remove them, or remove --account.")
        return _list_account_alerts(account, since or "7d", env, as_json=json)
    if since:
        raise UserError("--since is for the alerts of an account.", "Pass --account, or remove --since.")
    session = EnvironmentSession.from_name(env)
    session.require_local("alerts")
    return show_alerts(open_mailbox(session.environment), follow=follow, full=full, as_json=json)


def _list_account_alerts(account: str, since: str, env: str, *, as_json: bool) -> int:
    from functions.common.runtime.clock import now_ms
    from operations.deployed import open_deployed
    from operations.review import arguments
    from operations.review.account_alerts import read_account_alerts, show_account_alerts
    from terminal.durations import parse_duration_ms

    account_id = arguments.read_identifier("account", account)
    since_ms = now_ms() - parse_duration_ms("--since", since)
    deployed = open_deployed(env)
    records = read_account_alerts(
        deployed.dynamodb_client(),
        deployed.transactions_table_name,
        deployed.profiles_table_name,
        account_id,
        since_ms,
    )
    show_account_alerts(list(records), account_id, since, as_json=as_json)
    return 0


@task(
    help={
        "function": "Show only the log of this function: api, labels, fraud, merchants or notify",
        "since": SINCE,
    }
)
def logs(
    _: Context,
    env: str = "local",
    function: str = "",
    since: str = "10m",
    follow: bool = False,
    json: bool = False,
) -> int:
    """Show the logs of the functions."""
    from operations.deployed import DeployedPipeline
    from operations.monitoring.log_tail import show_logs
    from orchestration.session import EnvironmentSession

    deployed = DeployedPipeline.from_session(EnvironmentSession.from_name(env))
    return show_logs(
        deployed.logs_client(),
        deployed.function_names(),
        function=function,
        since=since,
        follow=follow,
        as_json=json,
    )
