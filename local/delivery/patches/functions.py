"""Patches of Lambda: asynchronous invocations are queued, SQS retries are faster, processes are isolated."""

import contextvars
import json
import time
from collections.abc import Callable
from typing import Any

from ministack.core import lambda_runtime  # type: ignore[import-untyped]
from ministack.services import eventbridge, lambda_svc, sqs  # type: ignore[import-untyped]

from local.delivery.async_queue import RuleTarget
from local.delivery.function_process import PRELUDE
from local.delivery.patches.ministack import replaces

# The rule and target of the current delivery, which ministack does not pass to the invocation.
_rule_target: contextvars.ContextVar[RuleTarget | None] = contextvars.ContextVar("rule_target", default=None)


def queue_asynchronous_invocations(submit: Callable[[str, str, RuleTarget | None], None]) -> None:
    """Pass asynchronous invocations to `submit(function_arn, payload, rule)`.

    ministack attempts an event of a rule once, in a new thread, and loses it if the function is throttled.
    For Invoke with InvocationType Event it counts a throttle as a failed attempt, and its failure records
    differ from Lambda's.
    """

    @replaces(eventbridge, "_invoke_target")
    def invoke_target(
        original: Any, target: dict[str, Any], event: Any, rule: dict[str, Any], view: Any = None
    ) -> None:
        token = _rule_target.set(
            RuleTarget(rule.get("Arn", ""), (target.get("DeadLetterConfig") or {}).get("Arn"))
        )
        try:
            original(target, event, rule, view)
        finally:
            _rule_target.reset(token)

    @replaces(eventbridge, "_dispatch_to_lambda")
    def dispatch_to_lambda(_original: Any, arn: str, payload: str) -> None:
        submit(arn, payload, _rule_target.get())

    @replaces(lambda_svc, "invoke_async_with_retry")
    def invoke_async_with_retry(_original: Any, func: dict[str, Any], event: Any) -> None:
        config = func.get("config") or func
        submit(config["FunctionArn"], json.dumps(event), None)


def pause_polling(is_polling: Callable[[], bool]) -> None:
    """Poll SQS queues only while `is_polling()`.

    A batch that is received just before the state is saved would stay invisible for the visibility timeout.
    """

    @replaces(lambda_svc, "_poll_sqs")
    def poll_sqs(original: Any) -> Any:
        return original() if is_polling() else False


def shorten_visibility(scale_seconds: Callable[[float], float]) -> None:
    """Make a message visible `scale_seconds(visibility timeout)` seconds after its function failed."""

    @replaces(lambda_svc, "_run_sqs_batch")
    def run_sqs_batch(  # noqa: PLR0917 (signature of the original)
        original: Any,
        esm: Any,
        function: Any,
        event: Any,
        batch: list[dict[str, Any]],
        queue_url: str,
        name: str,
    ) -> None:
        original(esm, function, event, batch, queue_url, name)
        timeout_seconds = float(sqs._queues[queue_url]["attributes"]["VisibilityTimeout"])
        earliest = time.time() + scale_seconds(timeout_seconds)
        # Processed messages of the batch are no longer in the queue, so changing them has no effect.
        for message in batch:
            message["visible_at"] = min(message["visible_at"], earliest)


def isolate_processes() -> None:
    """Run the prelude in every function process.

    Without it a function can import from the developer's environment and outlives an emulator that is killed.
    """
    lambda_runtime._PYTHON_WORKER_SCRIPT = PRELUDE + lambda_runtime._PYTHON_WORKER_SCRIPT
