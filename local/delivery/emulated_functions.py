"""ministack's functions as the queue of asynchronous events sees them."""

import json
import logging
import time
from typing import Any

from ministack.core import lambda_runtime  # type: ignore[import-untyped]
from ministack.core.arn import parse_arn  # type: ignore[import-untyped]
from ministack.core.responses import request_scope  # type: ignore[import-untyped]
from ministack.services import lambda_svc, sqs  # type: ignore[import-untyped]

from local.aws_json import AwsError, AwsJson, Caller
from local.delivery import metrics
from local.delivery.async_queue import AsyncEvent, Outcome, Policy, Refused, RuleTarget
from local.delivery.emulated_pipes import allows_service, queue_url
from local.delivery.pipe_delivery import timestamp

logger = logging.getLogger("local.async")

# Lambda's own, where a function has no FunctionEventInvokeConfig.
DEFAULT_RETRIES = 2
DEFAULT_AGE_SECONDS = 6 * 3600


class EmulatedFunctions:
    """Runs functions in this process, and sends what fails where the functions' and rules' owners want it."""

    def __init__(self, url: str, root_user: Caller) -> None:
        self._url = url
        self._root_user = root_user

    def accept(self, event: AsyncEvent) -> Policy:
        function, _ = _find(event)
        if event.rule is not None:
            # ministack lets every rule invoke every function; AWS asks the function's policy.
            rule, arn = event.rule.rule_arn, event.function_arn
            if not allows_service(
                function["policy"], "events.amazonaws.com", "lambda:InvokeFunction", arn, rule
            ):
                raise Refused(
                    "NO_PERMISSIONS", f"{rule} is not authorized to perform lambda:InvokeFunction on {arn}"
                )
        configured = lambda_svc._event_invoke_config(function, None) or {}
        return Policy(
            maximum_retries=configured.get("MaximumRetryAttempts", DEFAULT_RETRIES),
            maximum_age_seconds=configured.get("MaximumEventAgeInSeconds", DEFAULT_AGE_SECONDS),
        )

    def invoke(self, event: AsyncEvent) -> Outcome:
        function, config = _find(event)
        record = lambda_svc._execution_record_for_config(function, config)
        answer = lambda_svc._execute_function_with_config_scope(record, json.loads(event.payload))
        if answer.get("throttle"):
            return Outcome("throttled", answer.get("body"))
        return Outcome("error" if answer.get("error") else "ok", answer.get("body"))

    def give_up(self, event: AsyncEvent, condition: str, outcome: Outcome | None) -> None:
        function, config = _find(event)
        configured = lambda_svc._event_invoke_config(function, None) or {}
        destination = (configured.get("DestinationConfig") or {}).get("OnFailure", {}).get("Destination")
        queue = (config.get("DeadLetterConfig") or {}).get("TargetArn")
        if destination:
            record = json.dumps(failure_record(event, condition, outcome))
            if not self._send_as_function(config, destination, record, {}):
                name = {"FunctionName": config["FunctionName"]}
                metrics.record_for(event.function_arn, "AWS/Lambda", "DestinationDeliveryFailures", name)
        if queue:
            self._send_as_function(config, queue, event.payload, {"RequestID": event.request_id})
        if not destination and not queue:
            logger.error("%s failed for good and has no destination: the event is lost", event.function_arn)

    def refuse(self, event: AsyncEvent, reason: Refused) -> None:
        if event.rule is not None:
            _count_failed_invocation(event.rule.rule_arn)
        if event.rule is None or event.rule.dead_letter_arn is None:
            logger.error("an event is lost: %s", reason)
            return
        logger.warning("an event goes to its target's dead-letter queue: %s", reason)
        self._send_as_rule(event.rule, event, reason)

    def _send_as_rule(self, rule: RuleTarget, event: AsyncEvent, reason: Refused) -> None:
        """EventBridge sends as itself: the queue's policy has to allow the rule."""
        queue = rule.dead_letter_arn or ""
        account = parse_arn(rule.rule_arn).account_id
        if not sqs.queue_policy_allows(queue, "events.amazonaws.com", rule.rule_arn, account):
            logger.error("an event is lost: the policy of %s does not let %s send", queue, rule.rule_arn)
            return
        attributes = {
            "RULE_ARN": rule.rule_arn,
            "TARGET_ARN": event.function_arn,
            "ERROR_CODE": reason.code,
            "ERROR_MESSAGE": str(reason),
            "RETRY_ATTEMPTS": "0",
        }
        self._send(self._root_user, queue, event.payload, attributes)

    def _send_as_function(
        self, config: dict[str, Any], target: str, body: str, attributes: dict[str, str]
    ) -> bool:
        """Lambda sends as the function's role, which needs the permission."""
        session = lambda_runtime.execution_credentials(config)
        role = Caller(
            session["AWS_ACCESS_KEY_ID"], session["AWS_SECRET_ACCESS_KEY"], session["AWS_SESSION_TOKEN"]
        )
        return self._send(role, target, body, attributes)

    def _send(self, caller: Caller, target: str, body: str, attributes: dict[str, str]) -> bool:
        """Whether the queue took the message."""
        spec = parse_arn(target)
        if spec.service != "sqs":
            logger.error("an event is lost: local/ delivers failures to SQS queues only, not to %s", target)
            return False
        request = {
            "QueueUrl": queue_url(self._url, target),
            "MessageBody": body,
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        }
        try:
            AwsJson(self._url, spec.region).call(caller, "sqs", "SendMessage", request)
        except AwsError as error:
            logger.error("an event is lost: %s does not take it: %s", target, error)  # noqa: TRY400
            return False
        return True


def _find(event: AsyncEvent) -> tuple[dict[str, Any], dict[str, Any]]:
    """The function's record and the configuration of the version meant. Raises Refused if it is gone."""
    spec = parse_arn(event.function_arn)
    with request_scope(spec.account_id, spec.region):
        function, config, _ = lambda_svc._get_func_record_for_ref(event.function_arn)
    if function is None or config is None:
        raise Refused("NO_RESOURCE", f"the function {event.function_arn} does not exist")
    return function, config


def _count_failed_invocation(rule_arn: str) -> None:
    bus, _, rule = parse_arn(rule_arn).resource.removeprefix("rule/").rpartition("/")
    for dimensions in ({"RuleName": rule}, {"EventBusName": bus, "RuleName": rule}):
        metrics.record_for(rule_arn, "AWS/Events", "FailedInvocations", dimensions)


def failure_record(event: AsyncEvent, condition: str, outcome: Outcome | None) -> dict[str, Any]:
    """What Lambda sends to a function's on-failure destination.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    response: dict[str, Any] = {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    if outcome is None or outcome.result != "error":
        response = {"statusCode": 429, "executedVersion": "$LATEST"}
    return {
        "version": "1.0",
        "timestamp": timestamp(time.time()),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": f"{event.function_arn}:$LATEST",
            "condition": condition,
            "approximateInvokeCount": event.failures,
        },
        "requestPayload": json.loads(event.payload),
        "responseContext": response,
        "responsePayload": outcome.response if outcome else None,
    }
