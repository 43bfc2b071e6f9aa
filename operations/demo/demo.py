"""The demonstration on the embedded AWS: transactions in, alerts out, and whether all is as it should be."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from functions.common.domain.currencies import readable
from functions.common.runtime.clock import now_ms
from operations.demo.outcome import Alert, Findings
from operations.demo.run import SETTLE_SECONDS, THREADS, Decisions, Following, Watch
from operations.ingest.api_client import ApiClient, Target
from operations.monitoring.dead_letters import depths
from terminal.errors import UserError
from terminal.output import console, fail

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

PATIENCE_SECONDS = 30.0
IDS_SHOWN = 5
SLOWEST, FASTEST = 0.01, 1000
INTERRUPTED = 130
BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"

NEXT = """\
  invoke alerts --full                            the mail as it was sent
  invoke send examples/transactions.csv           transactions of your own, and
  invoke label examples/labels.csv                what became known of them
  invoke logs --function fraud --follow           what the function says
  edit stacks/processing/rules.yaml, then invoke deploy --layer processing
  invoke local.down                               stop the embedded AWS"""


class Mailbox(Following, Protocol):
    """What the demonstration needs of the mailbox."""

    def last(self) -> str:
        """The id of the newest mail; empty if there is none."""


@dataclass(frozen=True)
class Pipeline:
    """A deployed pipeline as the demonstration needs it; `dead_letters` are queue URLs by what they keep."""

    target: Target
    labels_target: Target
    mailbox: Mailbox
    decisions: Decisions
    sqs: "SQSClient"
    dead_letters: Mapping[str, str]


def run(
    pipeline: Pipeline,
    *,
    count: int = 60,
    rate: float = 10.0,
    seed: int = 1,
    patience_seconds: float = PATIENCE_SECONDS,
    settle_seconds: float = SETTLE_SECONDS,
) -> int:
    """Post `count` simulated transactions, `rate` a second, and their labels; show the alerts, and sum up.

    Returns the exit status: 0 if every transaction was decided, every alert that is due arrived and no
    other did, and nothing was set aside on the way; 130 after Ctrl-C.
    """
    from operations.demo.scenario import story  # noqa: PLC0415 - numpy and scipy, most of a second

    check_pace(count, rate)
    left_before = depths(pipeline.sqs, pipeline.dead_letters)
    client, labels = ApiClient(pipeline.target, connections=THREADS), ApiClient(pipeline.labels_target)
    columns = (TextColumn("posting"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=count)
        watch = Watch(
            client,
            pipeline.mailbox,
            pipeline.decisions,
            labels=labels,
            show=lambda alert: console.print(_line(alert)),
            progress=lambda answers: bar.update(task, completed=answers),
            after=pipeline.mailbox.last(),
            settle_seconds=settle_seconds,
        )
        findings = watch.run(story(seed, _run_name(), count, now_ms()), rate, patience_seconds)
    client.close()
    labels.close()
    left = depths(pipeline.sqs, pipeline.dead_letters)
    console.print(_summary(findings, left))
    return _status(findings, {name: left[name] - left_before[name] for name in left})


def check_pace(count: int, rate: float) -> None:
    """A `UserError` for a number of transactions, or of transactions a second, that makes no sense."""
    if count < 1:
        raise UserError("--count must be greater than 0.")
    if not SLOWEST <= rate <= FASTEST:
        raise UserError(f"--rate must be from {SLOWEST} to {FASTEST} transactions a second.")


def _run_name() -> str:
    """A name no earlier run had, so that its transactions are new ones: the time, short enough to type."""
    number, name = time.time_ns() // 1_000_000, ""
    while number:
        number, digit = divmod(number, len(BASE36))
        name = BASE36[digit] + name
    return name


def _line(alert: Alert) -> Text:
    transaction = alert.transaction
    at = datetime.fromtimestamp(alert.mail.received_ms / 1000).astimezone().strftime("%H:%M:%S")
    what = f"{readable(transaction.amount, transaction.currency)} at {transaction.merchant_id}"
    reasons = [line.removeprefix("- ") for line in alert.mail.body.splitlines() if line.startswith("- ")]
    why = "".join(f"\n          {reason}" for reason in reasons)
    late = f"  {alert.latency_ms:.0f} ms after the POST"
    return Text.assemble((at, "dim"), "  ", (what, "bold red"), late, (why, "dim"))


def _summary(findings: Findings, left: Mapping[str, int]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("posted", str(len(findings.posted) - len(findings.refused)))
    table.add_row("frauds reported", str(findings.labels))
    folded = f" ({len(findings.folded)} told of together, when the window ends)" if findings.folded else ""
    table.add_row("flagged", f"{len(findings.flagged)}{folded}")
    repeated = f" ({findings.repeated} more than once)" if findings.repeated else ""
    table.add_row("alerts received", f"{len(findings.alerts)}{repeated}")
    p50, p95 = findings.latency_ms(50), findings.latency_ms(95)
    if p50 is not None and p95 is not None:
        table.add_row("POST to mail", f"p50 {p50:.0f} ms, p95 {p95:.0f} ms")
    kept = ", ".join(f"{name}: {depth}" for name, depth in left.items() if depth)
    table.add_row("dead letters", Text(kept, "red") if kept else f"none in {len(left)} queues")
    return table


def _status(findings: Findings, set_aside: Mapping[str, int]) -> int:
    """The exit status, having said what is wrong and where to look."""
    if findings.interrupted:
        return INTERRUPTED
    for transaction_id, verdict in islice(findings.refused.items(), IDS_SHOWN):
        fail(f"{transaction_id} was not stored: {verdict.reason}.", "See: invoke logs --function api")
    for transaction_id, verdict in islice(findings.refused_labels.items(), IDS_SHOWN):
        fail(f"{transaction_id} was not labelled: {verdict.reason}.", "See: invoke logs --function labels")
    if findings.missing:
        fail(
            f"{len(findings.missing)} flagged without an alert: {_some(findings.missing)}.",
            "See: invoke logs --function fraud, and --function notify",
        )
    if findings.unexpected:
        fail(
            f"{len(findings.unexpected)} alerts that are not due: {_some(findings.unexpected)}.",
            "See: invoke explain TRANSACTION_ID",
        )
    if findings.undecided:
        undecided = [each.transaction_id for each in findings.undecided]
        fail(f"{len(undecided)} are not decided: {_some(undecided)}.", "See: invoke logs --function fraud")
    grown = [f"{name}: {more}" for name, more in set_aside.items() if more > 0]
    if grown:
        fail(f"Set aside during this run: {', '.join(grown)}.", "See: invoke logs")
    if grown or not findings.as_it_should:
        return 1
    console.print(Text(f"Try next:\n{_about_newest(findings)}{NEXT}", style="dim"))
    return 0


def _about_newest(findings: Findings) -> str:
    """What to do about the newest alert; empty if there was none."""
    if not findings.alerts:
        return ""
    transaction = [alert.transaction for alert in findings.alerts.values()][-1]
    return (
        f"  {f'invoke explain {transaction.transaction_id}':<48}why that was flagged\n"
        f'  invoke lists.add block merchant {transaction.merchant_id} --until 90d --reason "…"\n'
    )


def _some(ids: list[str]) -> str:
    more = f" and {len(ids) - IDS_SHOWN} more" if len(ids) > IDS_SHOWN else ""
    return ", ".join(ids[:IDS_SHOWN]) + more
