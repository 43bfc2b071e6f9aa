"""Health checks of the pipeline's resources, mail addresses and undecided transactions."""

import random
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from operations.deployed import DeployedPipeline
from operations.health.check import Check, ok_check, run_check, wrong_check
from operations.monitoring import queues
from operations.monitoring.queues import Queue, count_queue_messages
from operations.repair.transaction_reader import Period, TransactionReader
from orchestration.status.subscriptions import RUNBOOK, Unconfirmed
from shared.alarms import RUNBOOKS
from shared.names import Names
from terminal.durations import format_duration

_QUEUE_RUNBOOKS = {
    queues.PIPE: "pipe-failures.md",
    queues.EVENTS: "events-failures.md",
    queues.FRAUD: "fraud-failures.md",
    queues.ALERTS: "suspicious-dlq.md",
}
_KEYS = ("data", "profiles", "function", "logs", "failures", "operations")
# The functions with an event source mapping, and the runbook for one that is missing or disabled.
_EVENT_SOURCE_RUNBOOKS = {
    "fraud": "fraud-retry-age.md",
    "merchants": "merchants-iterator-age.md",
    "notify": "suspicious-age.md",
}
SAMPLE_BYTES = 128 * 1024 * 1024
# A transaction is decided within seconds. After an error, Lambda retries for three minutes.
DELAY_SECONDS = 300


class ResourceChecks:
    """Checks the resources of one deployed pipeline."""

    def __init__(self, deployed: DeployedPipeline, names: Names) -> None:
        self._deployed = deployed
        self._names = names

    def check(self) -> Iterator[Check]:
        """Yield a check for each resource."""
        yield self._check_pipe()
        yield from self._check_bus()
        yield from self._check_functions()
        yield from self._check_queues()
        yield from self._check_keys()

    def _check_pipe(self) -> Check:
        pipe, runbook = self._names.pipe, f"{RUNBOOKS}/decisions-stopped.md"
        subject = f"pipe {pipe}"

        def look() -> Check:
            answer = self._deployed.pipes_client().describe_pipe(Name=pipe)
            state = answer["CurrentState"]
            if state == "RUNNING":
                return ok_check(subject, "running")
            return wrong_check(subject, f"{state} {answer.get('StateReason', '')}".strip(), runbook=runbook)

        return run_check(subject, look, runbook=runbook)

    def _check_bus(self) -> Iterator[Check]:
        events, runbook = self._deployed.events_client(), f"{RUNBOOKS}/decisions-stopped.md"
        bus, rule = self._names.bus, self._names.rule

        def look_at_bus() -> Check:
            events.describe_event_bus(Name=bus)
            return ok_check(f"bus {bus}", "exists")

        def look_at_rule() -> Check:
            state = events.describe_rule(Name=rule, EventBusName=bus)["State"]
            targets = events.list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"]
            if state == "ENABLED" and targets:
                return ok_check(f"rule {rule}", "enabled")
            detail = state.lower() if targets else "has no target"
            return wrong_check(f"rule {rule}", detail, runbook=runbook)

        yield run_check(f"bus {bus}", look_at_bus, runbook=runbook)
        yield run_check(f"rule {rule}", look_at_rule, runbook=runbook)

    def _check_functions(self) -> Iterator[Check]:
        client = self._deployed.client("lambda")
        for function in self._deployed.function_names().values():
            yield run_check(f"function {function}", partial(_check_function, client, function))
        for function, runbook in _EVENT_SOURCE_RUNBOOKS.items():
            yield from check_event_sources(client, self._names.function(function), f"{RUNBOOKS}/{runbook}")

    def _check_queues(self) -> Iterator[Check]:
        sqs = self._deployed.sqs_client()
        for queue in queues.find_failure_queues(self._deployed):
            yield run_check(f"queue {queue.name}", partial(_check_failure_queue, sqs, queue))
        retry = queues.find_retry_queue(self._deployed)
        yield run_check(
            f"queue {retry.name}",
            lambda: ok_check(
                f"queue {retry.name}", f"{count_queue_messages(sqs, retry)} waiting for the next attempt"
            ),
        )

    def _check_keys(self) -> Iterator[Check]:
        kms, runbook = self._deployed.client("kms"), f"{RUNBOOKS}/key-state.md"
        for purpose in _KEYS:
            subject, alias = f"key {purpose}", self._names.key_alias(purpose)
            yield run_check(subject, partial(_check_key, kms, subject, alias), runbook=runbook)


def check_addresses(unconfirmed: list[Unconfirmed]) -> Iterator[Check]:
    """Yield a check for each unconfirmed address, or one if all are confirmed."""
    for entry in unconfirmed:
        yield wrong_check(
            f"address {entry.address}", f"{entry.topic}: {entry.reason}", severity="ticket", runbook=RUNBOOK
        )
    if not unconfirmed:
        yield ok_check("addresses", "all confirmed")


def check_undecided(reader: TransactionReader, now_ms: int, scale: float) -> Check:
    """Check for stored transactions without a decision. `scale` shortens the delay on the embedded AWS.

    The table has no index of decisions: it would cost more than the decisions. A table of up to SAMPLE_BYTES
    is read as a whole, a larger one by a random sample of that size, which limits the cost.
    """
    size = reader.read_size()
    parts = max(1, -(-size.bytes // SAMPLE_BYTES))
    delay_ms = max(int(DELAY_SECONDS * 1000 * scale), 1000)
    period = Period(0, now_ms - delay_ms)
    part = random.randrange(parts)  # noqa: S311  # not a secret
    times = [int(item["received_at"]["N"]) for item in reader.sample_undecided(period, parts, part)]
    scope = "" if parts == 1 else f" in a sample of 1/{parts} of the table"
    if not times:
        return ok_check("transactions", f"all are decided{scope}")
    oldest = format_duration((now_ms - min(times)) / 1000)
    detail = f"{len(times)} are undecided{scope}, the oldest for {oldest}"
    return wrong_check("transactions", detail, runbook=f"{RUNBOOKS}/undecided.md")


def _check_function(client: Any, function: str) -> Check:
    runbook = f"{RUNBOOKS}/function-errors.md"
    subject = f"function {function}"
    configuration = client.get_function_configuration(FunctionName=function)
    state = configuration.get("State", "Active")
    update = configuration.get("LastUpdateStatus", "Successful")
    reserved = client.get_function_concurrency(FunctionName=function).get("ReservedConcurrentExecutions")
    if state not in ("Active", "Inactive") or update == "Failed":
        return wrong_check(subject, f"state {state}, last update {update}", runbook=runbook)
    if reserved == 0:
        return wrong_check(subject, "throttled: its reserved concurrency is 0", runbook=runbook)
    return ok_check(subject, f"active, reserved concurrency {reserved}")


def check_event_sources(client: Any, function: str, runbook: str) -> Iterator[Check]:
    """Yield a check for each event source mapping of a function, or one if it has none."""
    subject = f"event source of {function}"
    try:
        mappings = client.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    except client.exceptions.ResourceNotFoundException:
        mappings = []
    if not mappings:
        yield wrong_check(subject, "does not exist", runbook=runbook)
    for mapping in mappings:
        name = f"event source {_name_event_source(mapping['EventSourceArn'])}"
        if mapping["State"] in ("Enabled", "Creating", "Updating", "Enabling"):
            yield ok_check(name, mapping["State"].lower())
        else:
            yield wrong_check(name, mapping["State"].lower(), runbook=runbook)


def _name_event_source(arn: str) -> str:
    """The name of a queue, or `stream of` and the name of the table: `arn:…:table/transactions/stream/…`."""
    resource = arn.split(":", 5)[5]
    _, _, table = resource.partition("table/")
    return f"stream of {table.partition('/')[0]}" if table else resource


def _check_failure_queue(sqs: Any, queue: Queue) -> Check:
    count = count_queue_messages(sqs, queue)
    if count:
        runbook = f"{RUNBOOKS}/{_QUEUE_RUNBOOKS[queue.name]}"
        return wrong_check(f"queue {queue.name}", f"holds {count} failed messages", runbook=runbook)
    return ok_check(f"queue {queue.name}", "empty")


def _check_key(kms: Any, subject: str, alias: str) -> Check:
    metadata: Mapping[str, Any] = kms.describe_key(KeyId=alias)["KeyMetadata"]
    if metadata["KeyState"] == "Enabled":
        return ok_check(subject, "enabled")
    return wrong_check(subject, str(metadata["KeyState"]), runbook=f"{RUNBOOKS}/key-state.md")
