"""Calls of ministack's services that several deliveries share: policies, patterns, queues and functions."""

import logging
from typing import Any

from ministack.core import iam_evaluator, lambda_runtime  # type: ignore[import-untyped]
from ministack.core.arn import parse_arn  # type: ignore[import-untyped]
from ministack.core.responses import request_scope  # type: ignore[import-untyped]
from ministack.services import eventbridge, lambda_svc  # type: ignore[import-untyped]

from local.aws_json import AwsError, AwsJson, Caller
from local.delivery.async_queue import InvocationRefusedError, InvocationResult

logger = logging.getLogger("local.delivery")


def queue_url(url: str, arn: str) -> str:
    """The URL of a queue: endpoint, account and name."""
    spec = parse_arn(arn)
    return f"{url}/{spec.account_id}/{spec.resource}"


def send_message(url: str, caller: Caller, queue_arn: str, body: str, attributes: dict[str, str]) -> bool:
    """Send a failed event to a queue; returns whether the queue accepted it."""
    spec = parse_arn(queue_arn)
    if spec.service != "sqs":
        logger.error("lost an event: local/ sends failed events to SQS queues only, not to %s", queue_arn)
        return False
    request = {
        "QueueUrl": queue_url(url, queue_arn),
        "MessageBody": body,
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    }
    try:
        AwsJson(url, spec.region).call(caller, "sqs", "SendMessage", request)
    except AwsError as error:
        logger.error("lost an event: %s did not accept it: %s", queue_arn, error)  # noqa: TRY400
        return False
    return True


def allows_service(policy: Any, service: str, action: str, resource: str, source_arn: str) -> bool:
    """Whether a resource policy allows an AWS service to act on behalf of the resource `source_arn`."""
    source = parse_arn(source_arn)
    context = iam_evaluator.EvalContext(
        # The service is the principal, so a grant to an account does not apply.
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource,
        region=source.region,
        service_context={"aws:sourcearn": source_arn, "aws:sourceaccount": source.account_id},
    )
    return bool(iam_evaluator.evaluate_resource_policy(policy, context, service=service).decision == "Allow")


def matches_pattern(pattern: str, event: Any) -> bool:
    """Whether an event pattern (JSON text) matches an event."""
    alternatives = eventbridge._compiled_pattern(pattern) or []
    return any(eventbridge._matches_detail(event, alternative) for alternative in alternatives)


def find_function(arn: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Record and version configuration of a function. Raises InvocationRefusedError if it is missing."""
    spec = parse_arn(arn)
    with request_scope(spec.account_id, spec.region):
        function, config, _ = lambda_svc._get_func_record_for_ref(arn)
    if function is None or config is None:
        raise InvocationRefusedError("NO_RESOURCE", f"the function {arn} does not exist")
    return function, config


def invoke_function(arn: str, event: Any) -> InvocationResult:
    """Invoke a function once and wait for it. Raises InvocationRefusedError if it is missing."""
    function, config = find_function(arn)
    record = lambda_svc._execution_record_for_config(function, config)
    response = lambda_svc._execute_function_with_config_scope(record, event)
    if response.get("throttle"):
        return InvocationResult("throttled", response.get("body"))
    return InvocationResult("error" if response.get("error") else "ok", response.get("body"))


def assume_function_role(config: dict[str, Any]) -> Caller:
    """A session of a function's role, which Lambda uses for event sources and failure destinations."""
    session = lambda_runtime.execution_credentials(config)
    return Caller(
        session["AWS_ACCESS_KEY_ID"], session["AWS_SECRET_ACCESS_KEY"], session["AWS_SESSION_TOKEN"]
    )
