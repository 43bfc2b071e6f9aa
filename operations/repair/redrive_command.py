"""Redrive as a command: shows the failure queues, asks for confirmation, sends the messages and reports."""

from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING

from rich.text import Text

from functions.common.runtime.clock import now_ms
from operations.deployed import DeployedPipeline
from operations.monitoring import queues
from operations.monitoring.failures import read_pipe_failure
from operations.monitoring.queues import Queue
from operations.monitoring.reader import Message
from operations.monitoring.stream_records import RecordsUnavailableError, read_inserted_items
from operations.repair import redrive_view
from operations.repair.bus import Bus
from operations.repair.redrive import RedriveResult, redrive_queues
from operations.repair.routes import BusRoute, QueueRoute, Route, StreamRoute
from operations.repair.survey import QueueSurvey, survey_queues
from operations.repair.transaction_reader import TransactionReader
from shared.contracts import DataOutputs, ProcessingOutputs, require_string
from terminal.aws_errors import translate_aws_errors
from terminal.command_line import command_line
from terminal.errors import UserError
from terminal.output import console, console_for_question, print_json, print_message
from terminal.progress import overwrite_line
from terminal.prompts import confirm

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_sqs import SQSClient

FAILED = 1
PARTLY_DONE = 3


def run_redrive(
    deployed: DeployedPipeline, *, queue: str, limit: int | None, dry_run: bool, yes: bool, as_json: bool
) -> int:
    """Redrive the failure queues, or the one named `queue`.

    Returns the exit status: 0 if no message stays, 3 if some were sent and some stay, 1 if all stay. Raises
    UserError.
    """
    sqs = deployed.sqs_client()
    selected = queues.select_queues(queues.find_failure_queues(deployed), queue)
    retrying = None if queue else queues.count_queue_messages(sqs, queues.find_retry_queue(deployed))
    started_ms = read_server_time_ms(sqs, selected[0])
    surveys = survey_queues(sqs, selected, partial(_find_batch_ids, deployed.streams_client()))
    if dry_run and as_json:
        print_json({"queues": redrive_view.surveys_to_json(surveys, retrying)})
        return 0
    console_for_question(as_json=as_json).print(redrive_view.build_survey_table(surveys, retrying, now_ms()))
    filled = [entry for entry, survey in zip(selected, surveys, strict=True) if survey.count]
    results: list[RedriveResult] = []
    try:
        if filled and not dry_run:
            confirm(_build_question(deployed, surveys, limit), yes=yes)
            routes = _find_routes(deployed, filled)
            redrive_queues(
                sqs, routes, started_ms=started_ms, limit=limit, results=results, progress=_show_progress
            )
    finally:
        _show_results(results, surveys, retrying, as_json=as_json)
    if dry_run or not any(result.remaining for result in results):
        return 0
    return PARTLY_DONE if any(result.sent for result in results) else FAILED


def read_limit(typed: str) -> int | None:
    """Parse the option `--limit`; None means unlimited. Raises UserError."""
    if not typed:
        return None
    if not typed.isascii() or not typed.isdigit() or int(typed) == 0:
        raise UserError(f"--limit: '{typed}' is not a number of messages.", "Use a whole number, from 1.")
    return int(typed)


def read_server_time_ms(sqs: "SQSClient", queue: Queue) -> int:
    """Return the end of the current second by the clock of SQS, which stamps messages."""
    with translate_aws_errors():
        answer = sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["QueueArn"])
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return now_ms() if date is None else int(parsedate_to_datetime(date).timestamp()) * 1000 + 999


def _find_batch_ids(streams: "DynamoDBStreamsClient", queue: str, message: Message) -> Sequence[str]:
    """Return the transaction ids of a batch that the pipe gave up, if the stream still has its records."""
    if queue != queues.PIPE:
        return ()
    try:
        items = read_inserted_items(streams, read_pipe_failure(message).DDBStreamBatchInfo)
    except (RecordsUnavailableError, UserError):
        return ()
    return [str(item["transaction_id"]["S"]) for item in items]


def _find_routes(deployed: DeployedPipeline, filled: Sequence[Queue]) -> Mapping[Queue, Route]:
    sqs, data = deployed.sqs_client(), deployed.outputs(DataOutputs)
    bus = Bus(deployed.events_client(), require_string(deployed.outputs(ProcessingOutputs).bus_name))
    reader = TransactionReader(deployed.dynamodb_client(), deployed.transactions_table_name, now_ms)
    routes: Mapping[str, Route] = {
        queues.PIPE: StreamRoute(deployed.streams_client(), bus, reader, _show_scan),
        queues.EVENTS: BusRoute(bus),
        queues.FRAUD: QueueRoute(sqs, queues.find_retry_queue(deployed).url),
        queues.ALERTS: QueueRoute(sqs, deployed.queue_url(data.suspicious_queue_url)),
    }
    return {queue: routes[queue.name] for queue in filled}


def _build_question(deployed: DeployedPipeline, surveys: Sequence[QueueSurvey], limit: int | None) -> str:
    total = sum(survey.count for survey in surveys)
    count = total if limit is None else min(limit, total)
    cost = ""
    if any(survey.queue == queues.PIPE and survey.count for survey in surveys):
        size = TransactionReader(
            deployed.dynamodb_client(), deployed.transactions_table_name, now_ms
        ).read_size()
        cost = (
            "If the stream no longer has the records, the table is scanned"
            f" (about ${size.scan_dollars:.2f} a scan). "
        )
    return f"{cost}Redrive {count} message{'s' if count != 1 else ''}?"


def _show_results(
    results: Sequence[RedriveResult],
    surveys: Sequence[QueueSurvey],
    retrying: int | None,
    *,
    as_json: bool,
) -> None:
    if as_json:
        print_json(
            {
                "queues": redrive_view.surveys_to_json(surveys, retrying),
                "results": redrive_view.results_to_json(results),
            }
        )
        return
    for line in redrive_view.format_results(results):
        console.print(Text(line))
    if any(result.sent for result in results):
        check = command_line("redrive", dry_run=True)
        print_message(f"Messages that fail again return to their failure queue. Check later: {check}")


def _show_progress(queue: str, count: int) -> None:
    if count:
        overwrite_line(f"{queue}: {count} sent")


def _show_scan(count: int) -> None:
    overwrite_line(f"table: {count} items read")
