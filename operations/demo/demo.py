"""The demonstration on the embedded AWS: posts simulated transactions, shows their alerts and a summary."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from functions.common.domain.currencies import format_money
from functions.common.domain.decision import Decision
from functions.common.domain.transaction import Transaction
from functions.common.runtime.clock import now_ms
from local.mailbox import Mailbox
from operations.api_target import ApiTarget
from operations.demo.run import MAX_CONCURRENT_POSTS, SETTLE_SECONDS, DecisionReader, PipelineRun
from operations.demo.run_result import ReceivedAlert, RunResult
from operations.deployed import DeployedPipeline
from operations.ingest.api_client import ApiClient
from operations.monitoring.queues import count_messages, find_failure_queues
from orchestration import local_aws
from terminal.command_line import command_line
from terminal.errors import INTERRUPTED, UserError
from terminal.output import console, print_error
from terminal.progress import open_progress

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_PATIENCE_SECONDS = 30.0
_MAX_IDS_SHOWN = 5
_MIN_RATE, _MAX_RATE = 0.01, 1000
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class DemoPipeline:
    """The parts of a deployed pipeline that the demonstration uses. `failure_queues` are URLs by name."""

    target: ApiTarget
    labels_target: ApiTarget
    mailbox: Mailbox
    read_decisions: Callable[[Sequence[Transaction]], Mapping[str, Decision]]
    sqs: "SQSClient"
    failure_queues: Mapping[str, str]

    @classmethod
    def from_deployed(cls, deployed: DeployedPipeline) -> "DemoPipeline":
        """Connect to the pipeline on the embedded AWS. Raises LayerError if a layer is not deployed."""
        return cls(
            target=deployed.transactions_target(),
            labels_target=deployed.labels_target(),
            mailbox=local_aws.open_mailbox(deployed.environment),
            read_decisions=DecisionReader(deployed.dynamodb_client(), deployed.transactions_table_name).read,
            sqs=deployed.sqs_client(),
            failure_queues={queue.name: queue.url for queue in find_failure_queues(deployed)},
        )


def run_demo(
    pipeline: DemoPipeline,
    *,
    count: int = 60,
    rate: float = 10.0,
    seed: int = 1,
    patience_seconds: float = _PATIENCE_SECONDS,
    settle_seconds: float = SETTLE_SECONDS,
) -> int:
    """Post `count` simulated transactions, `rate` a second, and their labels; show the alerts and a summary.

    Returns the exit status: 0 if every transaction is decided, exactly the expected alerts arrived and no
    failure queue grew; 130 after Ctrl-C; else 1. Raises UserError.
    """
    # Imported here: numpy and scipy take most of a second.
    from operations.demo.scenario import build_scenario  # noqa: PLC0415

    check_options(count, rate)
    counts_before = count_messages(pipeline.sqs, pipeline.failure_queues)
    client = ApiClient(pipeline.target, connections=MAX_CONCURRENT_POSTS)
    labels_client = ApiClient(pipeline.labels_target)
    # The bar is on standard output like the alerts, so that neither overwrites the other.
    with open_progress("posting", count, console) as progress:
        run = PipelineRun(
            client.post,
            pipeline.mailbox,
            pipeline.read_decisions,
            post_label=labels_client.post,
            show=lambda alert: console.print(_format_alert(alert)),
            progress=progress.update,
            after=pipeline.mailbox.last(),
            settle_seconds=settle_seconds,
        )
        steps = build_scenario(seed, _create_run_name(), count, now_ms())
        result = run.execute(steps, rate, patience_seconds)
    client.close()
    labels_client.close()
    counts = count_messages(pipeline.sqs, pipeline.failure_queues)
    console.print(_build_summary_table(result, counts))
    return _report_status(result, {name: counts[name] - counts_before[name] for name in counts})


def check_options(count: int, rate: float) -> None:
    """Raise UserError if the number of transactions or their rate is out of bounds."""
    if count < 1:
        raise UserError(f"--count: {count} is too small.", "Use a whole number from 1.")
    if not _MIN_RATE <= rate <= _MAX_RATE:
        raise UserError(
            f"--rate: {rate} is out of bounds.",
            f"Use a number of transactions a second from {_MIN_RATE} to {_MAX_RATE}.",
        )


def _create_run_name() -> str:
    """Return the time in base 36: a short prefix for the ids of this run that no earlier run used."""
    number, name = time.time_ns() // 1_000_000, ""
    while number:
        number, digit = divmod(number, len(_BASE36))
        name = _BASE36[digit] + name
    return name


def _format_alert(alert: ReceivedAlert) -> Text:
    transaction = alert.transaction
    received = datetime.fromtimestamp(alert.mail.received_ms / 1000).astimezone().strftime("%H:%M:%S")
    subject = f"{format_money(transaction.amount, transaction.currency)} at {transaction.merchant_id}"
    reasons = [line.removeprefix("- ") for line in alert.mail.body.splitlines() if line.startswith("- ")]
    details = "".join(f"\n          {reason}" for reason in reasons)
    latency = f"  {alert.latency_ms:.0f} ms after the POST"
    return Text.assemble((received, "dim"), "  ", (subject, "bold red"), latency, (details, "dim"))


def _build_summary_table(result: RunResult, counts: Mapping[str, int]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("posted", str(len(result.posted) - len(result.refused)))
    table.add_row("frauds reported", str(result.labels))
    grouped = f" ({len(result.grouped)} in a summary at the end of the window)" if result.grouped else ""
    table.add_row("flagged", f"{len(result.flagged)}{grouped}")
    repeated = f" ({result.repeated_alerts} more than once)" if result.repeated_alerts else ""
    table.add_row("alerts received", f"{len(result.alerts)}{repeated}")
    p50, p95 = result.latency_ms(50), result.latency_ms(95)
    if p50 is not None and p95 is not None:
        table.add_row("POST to mail", f"p50 {p50:.0f} ms, p95 {p95:.0f} ms")
    failed = ", ".join(f"{name}: {count}" for name, count in counts.items() if count)
    table.add_row("dead letters", Text(failed, "red") if failed else f"none in {len(counts)} queues")
    return table


def _report_status(result: RunResult, added: Mapping[str, int]) -> int:
    """Print every problem, or the next steps if there is none, and return the exit status.

    `added` is the growth of each failure queue.
    """
    if result.interrupted:
        return INTERRUPTED
    for transaction_id, refused in islice(result.refused.items(), _MAX_IDS_SHOWN):
        _print_problem(f"{transaction_id} was not stored: {refused.reason}.", "api")
    for transaction_id, refused in islice(result.refused_labels.items(), _MAX_IDS_SHOWN):
        _print_problem(f"{transaction_id} was not labelled: {refused.reason}.", "labels")
    if result.missing_alerts:
        ids = _format_ids(result.missing_alerts)
        _print_problem(f"{len(result.missing_alerts)} flagged without an alert: {ids}.", "fraud", "notify")
    if result.unexpected_alerts:
        ids = _format_ids(result.unexpected_alerts)
        explain = command_line("explain", result.unexpected_alerts[0])
        print_error(f"{len(result.unexpected_alerts)} unexpected alerts: {ids}.", f"See: {explain}")
    if pending := [transaction.transaction_id for transaction in result.pending]:
        _print_problem(f"{len(pending)} without a decision: {_format_ids(pending)}.", "fraud")
    grown = [f"{name}: {count}" for name, count in added.items() if count > 0]
    if grown:
        print_error(f"Failed messages of this run: {', '.join(grown)}.", f"See: {command_line('logs')}")
    if grown or not result.ok:
        return 1
    console.print(Text(f"Try next:\n{_format_next_steps(result)}", style="dim"))
    return 0


def _print_problem(message: str, *functions: str) -> None:
    commands = [command_line("logs", function=function) for function in functions]
    print_error(message, f"See: {', and: '.join(commands)}")


def _format_next_steps(result: RunResult) -> str:
    steps = []
    if result.alerts:
        newest = [alert.transaction for alert in result.alerts.values()][-1]
        block = command_line(
            "lists.add", "block", "merchant", newest.merchant_id, until="90d", reason="chargebacks"
        )
        steps = [
            (command_line("explain", newest.transaction_id), "show why it was flagged"),
            (block, "flag every transaction at its merchant"),
        ]
    steps += [
        (command_line("alerts", full=True), "show the mails"),
        (command_line("send", "examples/transactions.csv", historic=True), "post past transactions"),
        (command_line("label", "examples/labels.csv"), "post their labels"),
        (command_line("logs", function="fraud", follow=True), "follow the log of a function"),
        (command_line("deploy", layer="processing"), "deploy changes of stacks/processing/rules.yaml"),
        (command_line("local.down"), "stop the embedded AWS"),
    ]
    return "\n".join(f"  {command:<48}  {purpose}" for command, purpose in steps)


def _format_ids(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _MAX_IDS_SHOWN} more" if len(ids) > _MAX_IDS_SHOWN else ""
    return ", ".join(ids[:_MAX_IDS_SHOWN]) + more
