"""Every place where ministack is changed, with the reason. Nothing else in the repository reaches into it so.

It has no interface for this, so the version is pinned and each attribute is checked: an upgrade that moves
one fails at start with its name.
"""

import contextvars
import json
import re
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from types import ModuleType
from typing import Any, Protocol

from ministack.core import iam_actions, iam_evaluator, lambda_runtime  # type: ignore[import-untyped]
from ministack.services import (  # type: ignore[import-untyped]
    apigateway_v1,
    cloudwatch,
    dynamodb,
    dynamodb_streams,
    eventbridge,
    iam,
    lambda_svc,
    pipes,
    sns,
    sqs,
)

from local.delivery import metrics
from local.delivery.async_queue import RuleTarget
from local.delivery.worker import PRELUDE
from local.errors import LocalError

SUPPORTED = "1.5.33"

# The rule and target whose delivery is under way: ministack does not hand them down to where it invokes.
_target: contextvars.ContextVar[RuleTarget | None] = contextvars.ContextVar("rule_target", default=None)
# Whether the function behind the request under way was throttled or failed.
_failed: contextvars.ContextVar[bool] = contextvars.ContextVar("integration_failed", default=False)
# What CreatePipe and UpdatePipe take and ministack forgets.
_PIPE_PARAMETERS = {
    "SourceParameters",
    "TargetParameters",
    "Enrichment",
    "EnrichmentParameters",
    "LogConfiguration",
    "KmsKeyIdentifier",
}
# What the hops read or call without changing it.
_READ: dict[ModuleType, tuple[str, ...]] = {
    apigateway_v1: ("_gw_error", "_rest_apis"),
    cloudwatch: ("_dims_key", "_metric_bucket", "record_metric"),
    dynamodb: ("_stream_records", "_stream_trimmed", "stream_live_records"),
    dynamodb_streams: ("_decode_iterator",),
    eventbridge: ("_compiled_pattern", "_matches_detail"),
    iam: ("_roles",),
    lambda_runtime: ("execution_credentials", "reset"),
    lambda_svc: (
        "_esm_inflight",
        "_event_invoke_config",
        "_execute_function_with_config_scope",
        "_execution_record_for_config",
        "_get_func_record_for_ref",
    ),
    pipes: ("_dynamodb_stream_source", "_iter_all_pipes", "_pipes"),
    sns: (
        "_build_envelope",
        "_matches_filter_policy",
        "_resolve_message_for_protocol",
        "_topic_by_arn_any_scope",
    ),
    sqs: ("_queues", "_refresh_counts", "queue_policy_allows"),
}
# Words of DynamoDB's update and condition expressions that are no attributes; values begin with a colon.
_EXPRESSION_WORD = re.compile(r"(?<![:\w])#?[A-Za-z_]\w*")
_KEYWORDS = frozenset({
    "add", "and", "attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "between",
    "contains", "delete", "if_not_exists", "in", "list_append", "not", "or", "remove", "set", "size",
})  # fmt: skip
# Where a pipe record keeps how far it has read; ministack saves and restores records whole.
POSITION = "LocalPosition"


class Receiver(Protocol):
    """What the hooks report to. All calls come from ministack's threads and must return at once."""

    def table_written(self) -> None: ...

    def pipes_changed(self) -> None: ...

    def invoke_later(self, function_arn: str, payload: str, rule: RuleTarget | None) -> None: ...

    def mail(self, subscription: Mapping[str, Any], message: Mapping[str, Any]) -> None: ...

    def polling(self) -> bool:
        """Whether event source mappings may take new batches."""

    def visibility_seconds(self, timeout_seconds: float) -> float:
        """How long a message stays invisible after its batch failed, given the queue's visibility timeout."""


def install(receiver: Receiver) -> None:
    """Change ministack. Raises LocalError if it is another version than the hooks were written for."""
    found = version("ministack")
    if found != SUPPORTED:
        raise LocalError(
            f"ministack {found} is installed, local/ works with {SUPPORTED}; run ./inv to install it"
        )
    for module, names in _READ.items():
        _check(module, *names)
    _keep_streams(receiver)
    _name_streams()
    _keep_pipe_parameters(receiver)
    _queue_asynchronous_invocations(receiver)
    _deliver_mail(receiver)
    _pause_pollers(receiver)
    _shorten_visibility(receiver)
    _isolate_functions()
    _take_loopback_for_tls()
    _publish_metrics()
    _name_attributes()
    _fail_integrations()


def _check(module: ModuleType, *names: str) -> None:
    for name in names:
        if not hasattr(module, name):
            raise LocalError(f"ministack {SUPPORTED} has no {module.__name__}.{name}, which local/ builds on")


def _replace(module: ModuleType, name: str, make: Callable[[Any], Any]) -> None:
    """Put `make(original)` in the place of a module's attribute."""
    _check(module, name)
    setattr(module, name, make(getattr(module, name)))


def _keep_streams(receiver: Receiver) -> None:
    """ministack forgets a table's stream at a restart, so what was written just before would be lost."""

    def emit(original: Any) -> Any:
        def emit_stream_event(*args: Any, **kwargs: Any) -> None:
            original(*args, **kwargs)
            receiver.table_written()

        return emit_stream_event

    def get_state(original: Any) -> Any:
        return lambda: {
            **original(),
            "local_streams": dynamodb._stream_records,
            "local_trimmed": dynamodb._stream_trimmed,
        }

    def load(original: Any) -> Any:
        def load_persisted_state(data: Any) -> None:
            original(data)
            dynamodb._stream_records.update(data.get("local_streams", {}))
            dynamodb._stream_trimmed.update(data.get("local_trimmed", {}))

        return load_persisted_state

    _replace(dynamodb, "_emit_stream_event", emit)
    _replace(dynamodb, "get_state", get_state)
    _replace(dynamodb, "load_persisted_state", load)


def _name_streams() -> None:
    """ministack asks a stream's reader for a permission on `*`: one for that stream does not suffice."""

    def resource_arn(original: Any) -> Any:
        def extract(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> str:
            if service == "dynamodbstreams":
                request = json.loads(body or b"{}")
                opened = dynamodb_streams._decode_iterator(request.get("ShardIterator") or "") or {}
                return str(request.get("StreamArn") or opened.get("arn") or "*")
            return str(original(service, method, path, headers, body, *rest))

        return extract

    _replace(iam_actions, "extract_resource_arn", resource_arn)


def _keep_pipe_parameters(receiver: Receiver) -> None:
    """ministack forgets a pipe's parameters, starts it at LATEST always, and cannot deliver to a bus."""

    def create(original: Any) -> Any:
        def create_pipe(name: str, body: dict[str, Any]) -> Any:
            answer = original(name, body)
            if answer[0] < 400:  # noqa: PLR2004 (HTTP's first error)
                pipe = pipes._pipes[name]
                pipe.update({key: body[key] for key in _PIPE_PARAMETERS if body.get(key)})
                pipe[POSITION] = _starting_position(pipe)
                receiver.pipes_changed()
            return answer

        return create_pipe

    def update(original: Any) -> Any:
        def update_pipe(name: str, body: dict[str, Any]) -> Any:
            answer = original(name, body)
            if answer[0] < 400:  # noqa: PLR2004
                _merge_parameters(pipes._pipes[name], body)
                receiver.pipes_changed()
            return answer

        return update_pipe

    def describe(original: Any) -> Any:
        return lambda pipe: {
            **original(pipe),
            **{key: pipe[key] for key in _PIPE_PARAMETERS if pipe.get(key)},
        }

    def report(original: Any) -> Any:
        def changed(*args: Any) -> Any:
            answer = original(*args)
            receiver.pipes_changed()
            return answer

        return changed

    def poll(original: Any) -> Any:
        def poll_pipe(ddb: Any, pipe: dict[str, Any], account_id: str) -> None:
            if ":event-bus/" not in pipe.get("Target", ""):
                original(ddb, pipe, account_id)

        return poll_pipe

    _replace(pipes, "_create_pipe", create)
    _replace(pipes, "_update_pipe", update)
    _replace(pipes, "_describe_response", describe)
    _replace(pipes, "_set_state", report)
    _replace(pipes, "_delete_pipe_op", report)
    _replace(pipes, "_poll_pipe", poll)


def _starting_position(pipe: Mapping[str, Any]) -> str | None:
    """The last record that a pipe with StartingPosition LATEST does not read."""
    parameters = (pipe.get("SourceParameters") or {}).get("DynamoDBStreamParameters") or {}
    if parameters.get("StartingPosition") == "TRIM_HORIZON":
        return None
    source = pipes._dynamodb_stream_source(pipe["Source"])
    records = dynamodb.stream_live_records(source[1]) if source else []
    return records[-1]["dynamodb"]["SequenceNumber"] if records else None


def _merge_parameters(pipe: dict[str, Any], body: Mapping[str, Any]) -> None:
    """As AWS does: of SourceParameters and the like, each service's part is replaced as a whole."""
    for key in _PIPE_PARAMETERS & body.keys():
        given = body[key]
        if not given or not isinstance(given, dict):
            # Emptied, it is taken back.
            pipe[key] = given
            continue
        before = pipe.get(key) or {}
        pipe[key] = {**before, **given}
        stream = before.get("DynamoDBStreamParameters")
        if stream and "DynamoDBStreamParameters" in given:
            # An update cannot name the starting position; it stays.
            kept = {"StartingPosition": stream.get("StartingPosition", "LATEST")}
            pipe[key]["DynamoDBStreamParameters"] = {**kept, **given["DynamoDBStreamParameters"]}


def _queue_asynchronous_invocations(receiver: Receiver) -> None:
    """ministack gives each event of a rule one attempt, in a thread of its own: throttled, it is lost.

    Its Invoke with InvocationType Event counts a throttle as a failed attempt and sends destinations a record
    that is not Lambda's, so that goes through the same queue.
    """

    def invoke_target(original: Any) -> Any:
        def with_rule(target: dict[str, Any], event: Any, rule: dict[str, Any], view: Any = None) -> None:
            token = _target.set(
                RuleTarget(rule.get("Arn", ""), (target.get("DeadLetterConfig") or {}).get("Arn"))
            )
            try:
                original(target, event, rule, view)
            finally:
                _target.reset(token)

        return with_rule

    def dispatch(_original: Any) -> Any:
        return lambda arn, payload: receiver.invoke_later(arn, payload, _target.get())

    def invoke_event(_original: Any) -> Any:

        def invoke_async(func: dict[str, Any], event: Any) -> None:
            config = func.get("config") or func
            receiver.invoke_later(config["FunctionArn"], json.dumps(event), None)

        return invoke_async

    _replace(eventbridge, "_invoke_target", invoke_target)
    _replace(eventbridge, "_dispatch_to_lambda", dispatch)
    _replace(lambda_svc, "invoke_async_with_retry", invoke_event)


def _deliver_mail(receiver: Receiver) -> None:
    """ministack confirms email subscriptions and delivers nothing to them."""

    def fanout(original: Any) -> Any:
        def with_mail(  # noqa: PLR0917 (the signature of what it replaces)
            topic_arn: str, msg_id: str, message: str, subject: str,
            message_structure: str = "", message_attributes: dict[str, Any] | None = None, **kwargs: Any,
        ) -> None:  # fmt: skip
            original(topic_arn, msg_id, message, subject, message_structure, message_attributes, **kwargs)
            attributes = message_attributes or {}
            topic = sns._topic_by_arn_any_scope(topic_arn) or {"subscriptions": []}
            for subscription in topic["subscriptions"]:
                protocol = subscription.get("protocol", "")
                if protocol not in ("email", "email-json") or not subscription.get("confirmed"):
                    continue
                text = sns._resolve_message_for_protocol(message, message_structure, protocol)
                if not sns._matches_filter_policy(subscription, attributes, text):
                    continue
                if protocol == "email-json":
                    text = sns._build_envelope(topic_arn, msg_id, text, subject, attributes, False)
                receiver.mail(subscription, {
                    "topic_arn": topic_arn, "message_id": msg_id, "subject": subject, "body": text,
                    "attributes": attributes,
                })  # fmt: skip

        return with_mail

    _replace(sns, "_fanout", fanout)


def _pause_pollers(receiver: Receiver) -> None:
    """A batch taken just before the state is saved stays invisible for the whole visibility timeout."""

    def poll(original: Any) -> Any:
        return lambda: original() if receiver.polling() else False

    _replace(lambda_svc, "_poll_sqs", poll)


def _shorten_visibility(receiver: Receiver) -> None:
    """A message that a function failed on would come back after the queue's full visibility timeout."""

    def run(original: Any) -> Any:
        def run_sqs_batch(  # noqa: PLR0917 (the signature of what it replaces)
            esm: Any, function: Any, event: Any, batch: list[dict[str, Any]], queue_url: str, name: str
        ) -> None:
            original(esm, function, event, batch, queue_url, name)
            timeout = float(sqs._queues[queue_url]["attributes"]["VisibilityTimeout"])
            earliest = time.time() + receiver.visibility_seconds(timeout)
            # Those of the batch that are done with are no longer in the queue, whatever is written to them.
            for message in batch:
                message["visible_at"] = min(message["visible_at"], earliest)

        return run_sqs_batch

    _replace(lambda_svc, "_run_sqs_batch", run)


def _isolate_functions() -> None:
    """Functions run in the developer's own environment, and outlive an emulator that was killed."""
    _replace(lambda_runtime, "_PYTHON_WORKER_SCRIPT", lambda original: PRELUDE + original)


def _take_loopback_for_tls() -> None:
    """What stays on loopback needs no TLS; the stacks' policies demand it, here as in an account."""

    def resolve(original: Any) -> Any:
        def resolve_condition_key(key: str, context: Any) -> Any:
            return "true" if key.lower() == "aws:securetransport" else original(key, context)

        return resolve_condition_key

    _replace(iam_evaluator, "_resolve_condition_key", resolve)


def _publish_metrics() -> None:
    """ministack publishes metrics of direct invocations only, and none of APIs and queues."""

    def emit_logs(original: Any) -> Any:
        def emit_lambda_logs(
            func: dict[str, Any], request_id: str, output: str, failed: bool, duration_ms: int, **kwargs: Any
        ) -> None:
            original(func, request_id, output, failed, duration_ms, **kwargs)
            name = (func.get("config") or func)["FunctionName"]
            metrics.record_invocation(name, duration_ms, failed=failed, output=output or "")

        return emit_lambda_logs

    def emit_metrics(_original: Any) -> Any:
        def emit_lambda_metrics(function: str, *, throttle: bool, **_: Any) -> None:
            if throttle:
                metrics.record("AWS/Lambda", "Throttles", 1, "Count", {"FunctionName": function})

        return emit_lambda_metrics

    def execute(original: Any) -> Any:
        async def handle_execute_in_scope(api_id: str, stage: str, *args: Any) -> Any:
            started = time.monotonic()
            response = await original(api_id, stage, *args)
            if api := apigateway_v1._rest_apis.get(api_id):
                metrics.record_request(api["name"], stage, response[0], (time.monotonic() - started) * 1000)
            return response

        return handle_execute_in_scope

    def read(original: Any) -> Any:
        def with_queues(*args: Any, **kwargs: Any) -> Any:
            metrics.record_queues()
            return original(*args, **kwargs)

        return with_queues

    _replace(lambda_svc, "_emit_lambda_logs", emit_logs)
    _replace(lambda_svc, "_emit_lambda_metrics", emit_metrics)
    _replace(apigateway_v1, "_handle_execute_in_scope", execute)
    _replace(cloudwatch, "_get_metric_statistics", read)
    _replace(cloudwatch, "_get_metric_data", read)


def _name_attributes() -> None:
    """ministack gives `dynamodb:Attributes` for projections only, so that it allows no update."""

    def service_context(original: Any) -> Any:
        def dynamodb_service_context(body: bytes) -> dict[str, Any]:
            context = dict(original(body))
            request = json.loads(body or b"{}")
            if isinstance(request, dict) and "UpdateExpression" in request:
                context["dynamodb:Attributes"] = sorted(_attributes(request))
            return context

        return dynamodb_service_context

    _replace(iam_actions, "dynamodb_service_context", service_context)


def _attributes(request: Mapping[str, Any]) -> set[str]:
    """The attributes that an UpdateItem names: its key, and those of its expressions."""
    text = f"{request['UpdateExpression']} {request.get('ConditionExpression', '')}"
    names = request.get("ExpressionAttributeNames", {})
    words = {word for word in _EXPRESSION_WORD.findall(text) if word.lower() not in _KEYWORDS}
    return {*request.get("Key", {}), *(names.get(word, word) for word in words)}


def _fail_integrations() -> None:
    """ministack answers with Lambda's own answer, API Gateway with the response of the API."""

    def shape(original: Any) -> Any:
        def lambda_proxy_response(result: dict[str, Any]) -> Any:
            _failed.set(bool(result.get("throttle") or result.get("error")))
            return original(result)

        return lambda_proxy_response

    def call(original: Any) -> Any:
        async def invoke_lambda_proxy(*args: Any, **kwargs: Any) -> Any:
            token = _failed.set(False)
            try:
                response = await original(*args, **kwargs)
                if _failed.get():
                    return apigateway_v1._gw_error("INTEGRATION_FAILURE", "Internal server error")
                return response
            finally:
                _failed.reset(token)

        return invoke_lambda_proxy

    _replace(apigateway_v1, "_lambda_proxy_response", shape)
    _replace(apigateway_v1, "_invoke_lambda_proxy_v1", call)
