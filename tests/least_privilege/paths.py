"""The paths of the pipeline that use the permissions of its roles.

A path runs a part of the pipeline on the embedded AWS. It raises DeniedError if AWS denied a call on the way.
The rule and the mappings of the queues are disabled, so that only the path invokes the functions.
"""

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from functions.common.runtime.clock import now_ms
from operations.monitoring.queues import RETRY
from shared.names import Names
from tests.e2e import faults
from tests.e2e.pipeline import PipelineClient, Reply
from tests.e2e.transactions import build_transaction
from tests.faults.fault_scenario import FaultScenario
from tests.waiting import wait_for

NAMES = Names()
# A path over a queue or a stream is over in less than a second.
WAIT_SECONDS = 15.0
# SNS has an error code of its own.
_DENIED = ("AccessDenied", "AuthorizationError")
_GIVEN_UP = "pipe-failures"


class DeniedError(Exception):
    """AWS denied a call of the path."""


class PathFailedError(Exception):
    """The path failed for another reason than a permission."""


@dataclass(frozen=True)
class PipelinePath:
    """A path with its name in the table. `run` raises DeniedError."""

    name: str
    run: Callable[[], None]


class Paths:
    """The paths of each role, on one deployed pipeline."""

    def __init__(self, pipeline: PipelineClient) -> None:
        self._pipeline = pipeline
        self._scenario = FaultScenario(pipeline)
        self._log = Path(pipeline.aws.emulator.layout.log)
        self._functions = pipeline.deployed.function_names()

    def of_role(self, role: str) -> list[PipelinePath]:
        """The paths that use the role with this purpose, such as `api` or `pipe`; none for other roles."""
        paths: Mapping[str, Mapping[str, Callable[[], None]]] = {
            "api": {
                "POST /transactions": self._post_transaction,
                "POST /transactions/batch": partial(self._post_batch, "batch"),
                "POST /transactions/historic": partial(self._post_batch, "historic"),
            },
            "labels": {
                "POST /labels": self._post_label,
                "POST /labels without a time": partial(self._post_label, with_time=False),
            },
            "fraud": {
                "decide on an event": self._decide,
                "decide on an event of a device": partial(self._decide, device_id="d-1"),
                "move an unreadable message": self._move_unreadable,
                "send a failed event to the retry queue": self._fail_event,
            },
            "notify": {"publish an alert": self._alert, "publish a summary": self._summarize},
            "merchants": {
                "count a batch": self._count_merchants,
                "read the stream": self._count_from_stream,
            },
            "pipe": {
                "announce a transaction": self._announce,
                "give up a record": self._give_up,
            },
        }
        return [PipelinePath(name, run) for name, run in paths.get(role, {}).items()]

    @contextmanager
    def isolate(self, role: str) -> Iterator[None]:
        """Disable the mappings of the queues, and the rule except for the pipe."""
        client = self._pipeline.aws.client("lambda")
        mappings = [
            mapping["UUID"]
            for mapping in client.list_event_source_mappings()["EventSourceMappings"]
            if ":sqs:" in mapping["EventSourceArn"]
        ]
        with ExitStack() as stack:
            if role != "pipe":
                stack.enter_context(faults.disable_rule(self._pipeline))
            for uuid in mappings:
                client.update_event_source_mapping(UUID=uuid, Enabled=False)
                stack.callback(client.update_event_source_mapping, UUID=uuid, Enabled=True)
            yield

    def reopen_stream(self, role: str) -> None:
        """Restart the role's consumer of the stream, which then opens the stream with the current policy."""
        if role == "pipe":
            faults.restart_pipe(self._pipeline)
        else:
            faults.restart_mapping(self._pipeline, role)

    def _post_transaction(self) -> None:
        self._request("api", lambda: self._pipeline.post(build_transaction()))

    def _post_batch(self, route: str) -> None:
        fields = {"timestamp": int(time.time() * 1000) - 1} if route == "batch" else {}
        body = json.dumps({"transactions": [build_transaction(**fields)]}).encode()
        path = f"/transactions/{route}"
        self._request("api", lambda: self._pipeline.post_raw(body, path=path))

    def _post_label(self, *, with_time: bool = True) -> None:
        body = self._make_decided()
        label = {"transaction_id": body["transaction_id"], "label": "fraud"}
        if with_time:
            label["timestamp"] = body["timestamp"]
        raw = json.dumps(label).encode()
        self._request("labels", lambda: self._pipeline.post_raw(raw, path="/labels"))

    def _decide(self, **fields: Any) -> None:
        self._invoke("fraud", self._make_event(self._store(**fields)))

    def _move_unreadable(self) -> None:
        self._invoke("fraud", {"Records": [{"messageId": "m-1", "body": "unreadable"}]})

    def _fail_event(self) -> None:
        """An event that fails goes to the retry queue, whose mapping is disabled, after Lambda's retries."""
        start, count = self._log.stat().st_size, self._count_messages(RETRY)
        self._pipeline.aws.client("lambda").invoke(
            FunctionName=self._functions["fraud"], InvocationType="Event", Payload=b'{"detail": 1}'
        )
        self._wait(lambda: self._count_messages(RETRY) > count, start, "did not accept it")

    def _alert(self) -> None:
        self._invoke("notify", self._make_message(self._make_decided()))

    def _summarize(self) -> None:
        body = self._make_decided()
        started_at = self._pipeline.wait_for_decision(body).window_started_at or body["timestamp"]
        self._invoke("notify", self._make_message(body, summary_since=started_at))

    def _count_merchants(self) -> None:
        """A batch as Lambda delivers it: the item in DynamoDB's form, with the ID of the shard."""
        item = {**self._pipeline.read_item(self._store(merchant_category="groceries")), "format": {"N": "1"}}
        change = {"SequenceNumber": f"9{time.time_ns()}", "NewImage": item}
        record = {"eventName": "INSERT", "dynamodb": change}
        self._invoke("merchants", {"Records": [record], "shardId": "shard-of-the-path"})

    def _count_from_stream(self) -> None:
        start = self._log.stat().st_size
        posted = self._store()
        self._wait(lambda: self._is_counted(posted), start, "local.mappings")

    def _announce(self) -> None:
        """The pipe reads the stream and puts an event on the bus, which invokes the fraud function."""
        start = self._log.stat().st_size
        posted = self._store()
        self._wait(lambda: self._is_decided(posted), start, "local.pipes")

    def _give_up(self) -> None:
        """The pipe gives up a record after one attempt, and sends it to its failure queue."""
        start, count = self._log.stat().st_size, self._count_messages(_GIVEN_UP)
        with faults.make_pipe_give_up(self._pipeline):
            self._store()
            self._wait(lambda: self._count_messages(_GIVEN_UP) > count, start, "lost records")

    def _store(self, **fields: Any) -> dict[str, Any]:
        """Store a transaction through the API."""
        return self._scenario.post(**fields)

    def _make_event(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"detail": self._scenario.build_event(body)}

    def _make_decided(self) -> dict[str, Any]:
        body = self._store()
        self._invoke("fraud", self._make_event(body))
        return body

    def _make_message(self, body: dict[str, Any], **fields: Any) -> dict[str, Any]:
        message = {**self._scenario.build_message(body), **fields}
        return {"Records": [{"messageId": f"m-{body['transaction_id']}", "body": json.dumps(message)}]}

    def _is_decided(self, body: dict[str, Any]) -> bool:
        return "decision" in self._pipeline.read_item(body)

    def _is_counted(self, body: dict[str, Any]) -> bool:
        return bool(self._pipeline.read_profile("merchant", body["merchant_id"]))

    def _invoke(self, function: str, event: dict[str, Any]) -> None:
        answer = self._pipeline.aws.client("lambda").invoke(
            FunctionName=self._functions[function], Payload=json.dumps(event).encode(), LogType="Tail"
        )
        log = base64.b64decode(answer.get("LogResult", "")).decode()
        result = json.loads(answer["Payload"].read())
        if _contains_denial(log) or _contains_denial(json.dumps(result)):
            raise DeniedError
        if "FunctionError" in answer or (result or {}).get("batchItemFailures"):
            raise PathFailedError(f"{function}: {result}")

    def _request(self, function: str, send: Callable[[], Reply]) -> None:
        """Send a request to the API. An error of the function stands in its log."""
        start_ms = now_ms()
        reply = send()
        if reply.status < HTTPStatus.BAD_REQUEST:
            return
        if any(map(_contains_denial, self._read_log(function, start_ms))):
            raise DeniedError
        raise PathFailedError(f"{function}: {reply.response}")

    def _read_log(self, function: str, start_ms: int) -> list[str]:
        answer = self._pipeline.aws.client("logs").filter_log_events(
            logGroupName=NAMES.function_log_group(function), startTime=start_ms
        )
        return [event["message"] for event in answer["events"]]

    def _count_messages(self, queue: str) -> int:
        return faults.count_messages_in(self._pipeline, queue)

    def _wait(self, is_done: Callable[[], bool], start: int, marker: str) -> None:
        """Wait for the end of a path, or for a line with `marker` and a denial in the log from `start`."""

        def has_ended() -> bool:
            return self._is_denied(start, marker) or is_done()

        try:
            wait_for(has_ended, seconds=WAIT_SECONDS, what=f"the end of a path: {marker}")
        except AssertionError as error:
            raise PathFailedError(str(error)) from error
        if self._is_denied(start, marker):
            raise DeniedError

    def _is_denied(self, start: int, marker: str) -> bool:
        with self._log.open(encoding="utf-8", errors="replace") as log:
            log.seek(start)
            return any(marker in line and _contains_denial(line) for line in log)


def _contains_denial(text: str) -> bool:
    return any(code in text for code in _DENIED)
