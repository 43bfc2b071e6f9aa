"""`invoke redrive`: show what waits, ask, send it back."""

from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from rich.text import Text

from functions.common.runtime.clock import now_ms
from operations.deployed import Deployed
from operations.monitoring import queues
from operations.monitoring.failures import read_pipe_failure
from operations.monitoring.queues import Queue
from operations.monitoring.reader import Message
from operations.monitoring.stream_records import RecordsGoneError, read_inserted
from operations.repair import redrive_view
from operations.repair.bus import Bus
from operations.repair.redrive import RedriveResult, redrive_queues
from operations.repair.routes import BusRoute, QueueRoute, Route, StreamRoute
from operations.repair.survey import QueueSurvey, survey_queues
from operations.repair.undecided import TransactionTable
from shared.contracts import DataOutputs, ProcessingOutputs, text
from terminal.aws_errors import told_to_users
from terminal.errors import UserError
from terminal.output import confirm, console, console_for_question, print_json, progress_console, say

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

FAILED = 1
PARTLY_DONE = 3


def redrive(
    deployed: Deployed, *, queue: str, limit: int | None, dry_run: bool, yes: bool, as_json: bool
) -> int:
    """Send what waits in failure queues back. Returns 0, 1 if nothing could be sent, 3 if only a part could.

    Raises UserError.
    """
    sqs = deployed.sqs_client()
    selected = queues.select(queues.failure_queues(deployed), queue)
    retrying = None if queue else queues.depth(sqs, queues.retry_queue(deployed))
    started_ms = server_time_ms(sqs, selected[0])
    surveys = survey_queues(sqs, selected, _Identifier(deployed))
    if dry_run and as_json:
        print_json({"queues": redrive_view.survey_object(surveys, retrying)})
        return 0
    console_for_question(as_json=as_json).print(redrive_view.survey_table(surveys, retrying, now_ms()))
    waiting = [found for found, survey in zip(selected, surveys, strict=True) if survey.count]
    results: list[RedriveResult] = []
    try:
        if waiting and not dry_run:
            confirm(_question(deployed, surveys, limit), yes=yes)
            routes = _routes(deployed, waiting)
            redrive_queues(
                sqs, routes, started_ms=started_ms, limit=limit, results=results, progress=_show_progress
            )
    finally:
        _show(results, surveys, retrying, as_json=as_json)
    if dry_run or not any(result.left for result in results):
        return 0
    return PARTLY_DONE if any(result.sent for result in results) else FAILED


def read_limit(typed: str) -> int | None:
    """`--limit`; None for no limit. Raises UserError."""
    if not typed:
        return None
    if not typed.isascii() or not typed.isdigit() or int(typed) == 0:
        raise UserError(f"--limit: '{typed}' is not a number of messages.", "Use a whole number from 1.")
    return int(typed)


def server_time_ms(sqs: "SQSClient", queue: Queue) -> int:
    """The end of the current second by the clock that stamps messages: this machine's may be wrong."""
    with told_to_users():
        answer = sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["QueueArn"])
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return now_ms() if date is None else int(parsedate_to_datetime(date).timestamp()) * 1000 + 999


class _Identifier:
    """Finds the transactions of a batch that the pipe gave up, as long as the stream has them."""

    def __init__(self, deployed: Deployed) -> None:
        self._streams = deployed.streams_client()

    def __call__(self, queue: str, message: Message) -> Sequence[str]:
        if queue != queues.PIPE:
            return ()
        try:
            images = read_inserted(self._streams, read_pipe_failure(message).DDBStreamBatchInfo)
        except (RecordsGoneError, UserError):
            return ()
        return [str(image["transaction_id"]["S"]) for image in images]


def _routes(deployed: Deployed, waiting: Sequence[Queue]) -> Mapping[Queue, Route]:
    sqs, data = deployed.sqs_client(), deployed.outputs(DataOutputs)
    bus = Bus(deployed.events_client(), text(deployed.outputs(ProcessingOutputs).bus_name))
    table = TransactionTable(deployed.dynamodb_client(), deployed.transactions_table, now_ms)
    routes: Mapping[str, Route] = {
        queues.PIPE: StreamRoute(deployed.streams_client(), bus, table, _show_scan),
        queues.EVENTS: BusRoute(bus),
        queues.FRAUD: QueueRoute(sqs, queues.retry_queue(deployed).url),
        queues.ALERTS: QueueRoute(sqs, deployed.queue_url(data.suspicious_queue_url)),
    }
    return {queue: routes[queue.name] for queue in waiting}


def _question(deployed: Deployed, surveys: Sequence[QueueSurvey], limit: int | None) -> str:
    total = sum(survey.count for survey in surveys)
    count = total if limit is None else min(limit, total)
    cost = ""
    if any(survey.queue == queues.PIPE and survey.count for survey in surveys):
        size = TransactionTable(deployed.dynamodb_client(), deployed.transactions_table, now_ms).size()
        cost = (
            " Records that the stream no longer has are looked for in the table"
            f" (about ${size.scan_dollars:.2f} a scan)."
        )
    return f"{cost.lstrip()}{' ' if cost else ''}Send {count} message{'s' if count != 1 else ''} back?"


def _show(
    results: Sequence[RedriveResult],
    surveys: Sequence[QueueSurvey],
    retrying: int | None,
    *,
    as_json: bool,
) -> None:
    if as_json:
        print_json(
            {
                "queues": redrive_view.survey_object(surveys, retrying),
                "results": redrive_view.result_object(results),
            }
        )
        return
    for line in redrive_view.result_lines(results):
        console.print(Text(line))
    if any(result.sent for result in results):
        say("What fails again returns to its failure queue. Check later: invoke redrive --dry-run")


def _show_progress(queue: str, sent: int) -> None:
    if progress_console.is_terminal and sent:
        progress_console.print(Text(f"{queue}: {sent} sent"), end="\r")


def _show_scan(looked_at: int) -> None:
    if progress_console.is_terminal:
        progress_console.print(Text(f"table: {looked_at} items looked at"), end="\r")
