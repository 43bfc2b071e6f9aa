"""The states of the pipeline's parts, as AWS describes them."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from operations.deployed import Deployed
from operations.health.check import Check, guard, ok, wrong
from operations.monitoring import queues
from operations.monitoring.queues import Queue, depth
from orchestration.status.subscriptions import RUNBOOK, Unconfirmed
from shared.alarms import RUNBOOKS
from shared.names import Names

_QUEUE_RUNBOOKS = {
    queues.PIPE: "pipe-failures.md",
    queues.EVENTS: "events-failures.md",
    queues.FRAUD: "fraud-failures.md",
    queues.ALERTS: "suspicious-dlq.md",
}
_KEYS = ("data", "profiles", "function", "logs", "failures", "operations")
_READERS = ("fraud", "notify")


class Parts:
    """Looks at the parts of one deployed pipeline."""

    def __init__(self, deployed: Deployed, names: Names) -> None:
        self._deployed = deployed
        self._names = names

    def check(self) -> Iterator[Check]:
        """A check for each part."""
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
                return ok(subject, "running")
            return wrong(subject, f"{state} {answer.get('StateReason', '')}".strip(), runbook=runbook)

        return guard(subject, look, runbook=runbook)

    def _check_bus(self) -> Iterator[Check]:
        events, runbook = self._deployed.events_client(), f"{RUNBOOKS}/decisions-stopped.md"
        bus, rule = self._names.bus, self._names.rule

        def look_at_bus() -> Check:
            events.describe_event_bus(Name=bus)
            return ok(f"bus {bus}", "exists")

        def look_at_rule() -> Check:
            state = events.describe_rule(Name=rule, EventBusName=bus)["State"]
            targets = events.list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"]
            if state == "ENABLED" and targets:
                return ok(f"rule {rule}", "enabled")
            detail = state.lower() if targets else "has no target"
            return wrong(f"rule {rule}", detail, runbook=runbook)

        yield guard(f"bus {bus}", look_at_bus, runbook=runbook)
        yield guard(f"rule {rule}", look_at_rule, runbook=runbook)

    def _check_functions(self) -> Iterator[Check]:
        client = self._deployed.client("lambda")
        for function in self._deployed.functions().values():
            yield guard(f"function {function}", partial(_check_function, client, function))
        for reader in _READERS:
            name = self._names.function(reader)
            yield from _check_mappings(client, name)

    def _check_queues(self) -> Iterator[Check]:
        sqs = self._deployed.sqs_client()
        for queue in queues.failure_queues(self._deployed):
            yield guard(f"queue {queue.name}", partial(_check_failure_queue, sqs, queue))
        retry = queues.retry_queue(self._deployed)
        yield guard(
            f"queue {retry.name}",
            lambda: ok(f"queue {retry.name}", f"{depth(sqs, retry)} waiting for the next attempt"),
        )

    def _check_keys(self) -> Iterator[Check]:
        kms, runbook = self._deployed.client("kms"), f"{RUNBOOKS}/key-state.md"
        for purpose in _KEYS:
            subject, alias = f"key {purpose}", self._names.key_alias(purpose)
            yield guard(subject, partial(_check_key, kms, subject, alias), runbook=runbook)


def check_addresses(unconfirmed: list[Unconfirmed]) -> Iterator[Check]:
    """A check for each address that receives no mail."""
    for entry in unconfirmed:
        yield wrong(
            f"address {entry.address}", f"{entry.topic}: {entry.reason}", severity="ticket", runbook=RUNBOOK
        )
    if not unconfirmed:
        yield ok("addresses", "all confirmed")


def _check_function(client: Any, function: str) -> Check:
    runbook = f"{RUNBOOKS}/function-errors.md"
    subject = f"function {function}"
    configuration = client.get_function_configuration(FunctionName=function)
    state = configuration.get("State", "Active")
    update = configuration.get("LastUpdateStatus", "Successful")
    reserved = client.get_function_concurrency(FunctionName=function).get("ReservedConcurrentExecutions")
    if state not in ("Active", "Inactive") or update == "Failed":
        return wrong(subject, f"state {state}, last update {update}", runbook=runbook)
    if reserved == 0:
        return wrong(subject, "throttled: its reserved concurrency is 0", runbook=runbook)
    return ok(subject, f"active, reserved concurrency {reserved}")


def _check_mappings(client: Any, function: str) -> Iterator[Check]:
    subject = f"event source of {function}"
    try:
        mappings = client.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    except client.exceptions.ResourceNotFoundException:
        mappings = []
    if not mappings:
        yield wrong(subject, "there is none", runbook=f"{RUNBOOKS}/suspicious-age.md")
    for mapping in mappings:
        queue = mapping["EventSourceArn"].rpartition(":")[2]
        name = f"event source {queue}"
        if mapping["State"] in ("Enabled", "Creating", "Updating", "Enabling"):
            yield ok(name, mapping["State"].lower())
        else:
            yield wrong(name, mapping["State"].lower(), runbook=f"{RUNBOOKS}/suspicious-age.md")


def _check_failure_queue(sqs: Any, queue: Queue) -> Check:
    count = depth(sqs, queue)
    if count:
        runbook = f"{RUNBOOKS}/{_QUEUE_RUNBOOKS[queue.name]}"
        return wrong(f"queue {queue.name}", f"holds {count} messages that failed", runbook=runbook)
    return ok(f"queue {queue.name}", "empty")


def _check_key(kms: Any, subject: str, alias: str) -> Check:
    metadata: Mapping[str, Any] = kms.describe_key(KeyId=alias)["KeyMetadata"]
    if metadata["KeyState"] == "Enabled":
        return ok(subject, "enabled")
    return wrong(subject, str(metadata["KeyState"]), runbook=f"{RUNBOOKS}/key-state.md")
