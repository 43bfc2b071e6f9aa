"""ministack's functions behind the queue of asynchronous events."""

import json
import logging
import time
from typing import Any

from ministack.core.arn import parse_arn  # type: ignore[import-untyped]
from ministack.services import lambda_svc, sqs  # type: ignore[import-untyped]

from local.aws_json import Caller
from local.delivery import metrics
from local.delivery.async_queue import (
    AsyncEvent,
    InvocationRefusedError,
    InvocationResult,
    RetryPolicy,
    RuleTarget,
)
from local.delivery.emulated_services import (
    allows_service,
    assume_function_role,
    find_function,
    invoke_function,
    send_message,
)
from local.delivery.streams.records import format_timestamp

logger = logging.getLogger("local.async")

# Lambda's defaults for a function without a FunctionEventInvokeConfig.
DEFAULT_RETRIES = 2
DEFAULT_AGE_SECONDS = 6 * 3600


class EmulatedFunctions:
    """Invokes functions, and sends failed events to destinations and dead-letter queues."""

    def __init__(self, url: str, root_user: Caller) -> None:
        self._url = url
        self._root_user = root_user

    def retry_policy(self, event: AsyncEvent) -> RetryPolicy:
        function, _ = find_function(event.function_arn)
        if event.rule is not None:
            # AWS evaluates the function's policy; ministack allows every rule to invoke it.
            rule, arn = event.rule.rule_arn, event.function_arn
            if not allows_service(
                function["policy"], "events.amazonaws.com", "lambda:InvokeFunction", arn, rule
            ):
                raise InvocationRefusedError(
                    "NO_PERMISSIONS", f"{rule} is not authorized to perform lambda:InvokeFunction on {arn}"
                )
        configured = lambda_svc._event_invoke_config(function, None) or {}
        return RetryPolicy(
            maximum_retries=configured.get("MaximumRetryAttempts", DEFAULT_RETRIES),
            maximum_age_seconds=configured.get("MaximumEventAgeInSeconds", DEFAULT_AGE_SECONDS),
        )

    def invoke(self, event: AsyncEvent) -> InvocationResult:
        return invoke_function(event.function_arn, json.loads(event.payload))

    def report_failure(self, event: AsyncEvent, condition: str, result: InvocationResult | None) -> None:
        function, config = find_function(event.function_arn)
        configured = lambda_svc._event_invoke_config(function, None) or {}
        destination = (configured.get("DestinationConfig") or {}).get("OnFailure", {}).get("Destination")
        queue = (config.get("DeadLetterConfig") or {}).get("TargetArn")
        if destination:
            record = json.dumps(failure_record(event, condition, result))
            if not self._send_as_function(config, destination, record, {}):
                name = {"FunctionName": config["FunctionName"]}
                metrics.count_event(event.function_arn, "AWS/Lambda", "DestinationDeliveryFailures", name)
        if queue:
            self._send_as_function(config, queue, event.payload, {"RequestID": event.request_id})
        if not destination and not queue:
            logger.error("lost an event: %s failed and has no failure destination", event.function_arn)

    def report_refusal(self, event: AsyncEvent, error: InvocationRefusedError) -> None:
        if event.rule is not None:
            _count_failed_invocation(event.rule.rule_arn)
        if event.rule is None or event.rule.dead_letter_arn is None:
            logger.error("lost an event: %s", error)
            return
        logger.warning("sending an event to the dead-letter queue of its target: %s", error)
        self._send_as_rule(event.rule, event, error)

    def _send_as_rule(self, rule: RuleTarget, event: AsyncEvent, error: InvocationRefusedError) -> None:
        """Send as EventBridge does, which needs the permission in the queue's policy."""
        queue = rule.dead_letter_arn or ""
        account = parse_arn(rule.rule_arn).account_id
        if not sqs.queue_policy_allows(queue, "events.amazonaws.com", rule.rule_arn, account):
            logger.error("lost an event: the policy of %s does not allow %s to send", queue, rule.rule_arn)
            return
        attributes = {
            "RULE_ARN": rule.rule_arn,
            "TARGET_ARN": event.function_arn,
            "ERROR_CODE": error.code,
            "ERROR_MESSAGE": str(error),
            "RETRY_ATTEMPTS": "0",
        }
        send_message(self._url, self._root_user, queue, event.payload, attributes)

    def _send_as_function(
        self, config: dict[str, Any], target: str, body: str, attributes: dict[str, str]
    ) -> bool:
        """Send as Lambda does, with the function's role, which needs the permission."""
        return send_message(self._url, assume_function_role(config), target, body, attributes)


def _count_failed_invocation(rule_arn: str) -> None:
    bus, _, rule = parse_arn(rule_arn).resource.removeprefix("rule/").rpartition("/")
    for dimensions in ({"RuleName": rule}, {"EventBusName": bus, "RuleName": rule}):
        metrics.count_event(rule_arn, "AWS/Events", "FailedInvocations", dimensions)


def failure_record(event: AsyncEvent, condition: str, result: InvocationResult | None) -> dict[str, Any]:
    """The record that Lambda sends to an on-failure destination.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    response: dict[str, Any] = {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    if result is None or result.result != "error":
        response = {"statusCode": 429, "executedVersion": "$LATEST"}
    return {
        "version": "1.0",
        "timestamp": format_timestamp(time.time()),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": f"{event.function_arn}:$LATEST",
            "condition": condition,
            "approximateInvokeCount": event.failures,
        },
        "requestPayload": json.loads(event.payload),
        "responseContext": response,
        "responsePayload": result.response if result else None,
    }
