"""Load test as a command: asks, posts the traffic, waits for the decisions and reports."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from operations.demo.run import DecisionReader
from operations.deployed import DeployedPipeline
from operations.ingest.api_client import LOOPBACK
from operations.load.decisions import DecisionStatistics, DecisionWait
from operations.load.locust_process import LocustProcess, make_scratch
from operations.load.post_statistics import summarize_milliseconds
from operations.load.report import LoadReport, build_table
from operations.load.run import LoadRun, count_connections
from operations.load.throttles import ThrottleMetric, find_throttle_metrics, read_throttles
from operations.load.traffic import Traffic
from operations.monitoring.queues import count_messages, find_failure_queues
from terminal.errors import UserError
from terminal.output import console, print_error, print_json, print_message, progress_console
from terminal.prompts import confirm


def run_load(deployed: DeployedPipeline, traffic: Traffic, *, yes: bool, as_json: bool) -> int:
    """Post `traffic` to the deployed pipeline and print the report.

    Returns the exit status: 0 if every transaction was stored and decided, 2 if not, 130 after Ctrl-C. Raises
    UserError, after the report, if an error ended the run early.
    """
    target = deployed.transactions_target()
    if deployed.environment.is_local and urlsplit(target.url).hostname not in LOOPBACK:
        raise UserError(f"The API of 'local' is not on this machine: {target.url}.", "Deploy it again.")
    sqs = deployed.sqs_client()
    queue_urls = {queue.name: queue.url for queue in find_failure_queues(deployed)}
    metrics = find_throttle_metrics(deployed)
    if not deployed.environment.is_local:
        confirm(_build_question(deployed, traffic), yes=yes)
    before = count_messages(sqs, queue_urls)
    start = datetime.now(UTC)
    connections = count_connections(traffic.rate, local=deployed.environment.is_local)
    with make_scratch() as folder:
        process = LocustProcess.start(target.url, connections, Path(folder))
        run = LoadRun(traffic, target, process, _create_run_name(), _show_progress)
        run.execute()
    decisions = _wait_for_decisions(deployed, run)
    report = LoadReport(
        environment=deployed.environment.name,
        traffic=traffic,
        posts=run.statistics,
        decisions=decisions,
        throttles=_read_throttles(deployed, metrics, start),
        queues=_compare_queues(before, count_messages(sqs, queue_urls)),
        interrupted=run.interrupted,
    )
    _show_report(report, as_json=as_json)
    if run.error:
        raise run.error
    return report.status


def _build_question(deployed: DeployedPipeline, traffic: Traffic) -> str:
    count = round(traffic.rate * traffic.seconds)
    return (
        f"Post about {count} synthetic transactions to '{deployed.environment.name}'? They are stored for the"
        " retention period, cost as much as real ones, and may send alerts."
    )


def _create_run_name() -> str:
    """Return the time in hexadecimal: a part of the transaction IDs that no earlier run used."""
    return f"{time.time_ns() // 1_000_000:x}"


def _show_progress(run: LoadRun) -> None:
    if not progress_console.is_terminal:
        return
    posts = run.statistics
    latencies = summarize_milliseconds(posts.take_recent_latencies(), (50, 99))
    elapsed = max(0.0, time.monotonic() - run.started)
    print_message(
        f"{elapsed:.0f} of {run.traffic.seconds:.0f} s: {posts.posted} posted, {posts.stored} stored,"
        f" {posts.failed} failed, p50 {latencies['p50']} ms, p99 {latencies['p99']} ms"
    )


def _wait_for_decisions(deployed: DeployedPipeline, run: LoadRun) -> DecisionStatistics:
    """Wait for the decisions; after Ctrl-C or an error, read them once."""
    statistics = DecisionStatistics(run.sample.seen, len(run.sample.transactions))
    reader = DecisionReader(deployed.dynamodb_client(), deployed.transactions_table_name)

    def show_decided(decided: int) -> None:
        if progress_console.is_terminal:
            print_message(f"waiting for decisions: {decided} of {statistics.sampled}")

    wait = DecisionWait(reader.read, time.sleep, time.monotonic, show_decided)
    try:
        wait.run(run.sample, statistics, once=run.interrupted or run.error is not None)
    except KeyboardInterrupt:
        run.interrupted = True
    except UserError as error:
        # The report of what was posted is still printed.
        run.error = run.error or error
    return statistics


def _read_throttles(
    deployed: DeployedPipeline, metrics: list[ThrottleMetric], start: datetime
) -> Mapping[str, int] | None:
    # CloudWatch's values are per minute: the window begins with the minute of the start.
    begin, end = start.replace(second=0, microsecond=0), datetime.now(UTC) + timedelta(minutes=1)
    try:
        return read_throttles(deployed.client("cloudwatch"), metrics, begin, end)
    except UserError as error:
        print_error(error.message, error.hint)
        return None


def _compare_queues(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    return {name: (before[name], after[name]) for name in after}


def _show_report(report: LoadReport, *, as_json: bool) -> None:
    if as_json:
        print_json(report.to_json())
    else:
        console.print(build_table(report))
    if limit := report.describe_limit():
        print_message(limit)
    for problem in report.find_problems():
        print_error(problem)
    if report.interrupted:
        print_message("Stopped early: the report is about the transactions that were posted.")
