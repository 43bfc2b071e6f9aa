"""The pinned version of ministack, and the replacement of its attributes.

ministack has no extension interface. The version is therefore pinned and every attribute is checked, so that
an upgrade that moves an attribute fails at start with its name.
"""

from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from types import ModuleType
from typing import Any, TypeVar

from ministack.core import iam_evaluator, lambda_runtime, sigv4  # type: ignore[import-untyped]
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

from local.errors import LocalError

SUPPORTED_VERSION = "1.5.33"
_Function = TypeVar("_Function", bound=Callable[..., Any])

# Attributes that local/delivery reads or calls without replacing them.
_REQUIRED_ATTRIBUTES: dict[ModuleType, tuple[str, ...]] = {
    apigateway_v1: (
        "_gateway_error_response",
        "_gw_error",
        "_rest_apis",
        "authentication_error_response",
        "find_api_scope",
        "method_authorization_type",
        "rest_api_policy_for_arn",
        "stages_for_api",
    ),
    cloudwatch: ("_dims_key", "_metric_bucket", "record_metric"),
    dynamodb: ("_stream_records", "_stream_trimmed", "stream_live_records"),
    dynamodb_streams: ("_decode_iterator",),
    eventbridge: ("_compiled_pattern", "_matches_detail"),
    iam: ("_roles",),
    iam_evaluator: (
        "AuthError",
        "CredentialResolutionError",
        "EvalContext",
        "evaluate_resource_policy",
        "resolve_credential",
        "resolve_principal",
    ),
    lambda_runtime: ("_PYTHON_WORKER_SCRIPT", "execution_credentials", "reset"),
    lambda_svc: (
        "_dynamodb_stream_positions",
        "_esm_inflight",
        "_esm_response",
        "_esms",
        "_event_invoke_config",
        "_execute_function_with_config_scope",
        "_execution_record_for_config",
        "_get_func_record_for_ref",
        "_iter_all_esms",
        "json_response",
    ),
    pipes: ("_iter_all_pipes", "_pipes"),
    sigv4: ("decode_header_value", "parse_header_signature", "parse_query_signature"),
    sns: (
        "_build_envelope",
        "_matches_filter_policy",
        "_resolve_message_for_protocol",
        "_topic_by_arn_any_scope",
    ),
    sqs: ("_queues", "_refresh_counts", "queue_policy_allows"),
}


def check_version() -> None:
    """Raise LocalError if ministack has another version or lacks a required attribute."""
    installed = version("ministack")
    if installed != SUPPORTED_VERSION:
        raise LocalError(
            f"ministack {installed} is installed, but local/ supports only {SUPPORTED_VERSION}."
            " Run ./inv to install it."
        )
    for module, names in _REQUIRED_ATTRIBUTES.items():
        for name in names:
            _check_attribute(module, name)


def replaces(module: ModuleType, *names: str) -> Callable[[_Function], _Function]:
    """Decorator for a function that replaces functions of a module; its first argument is the original.

    Raises LocalError if a function does not exist.
    """

    def replace(function: _Function) -> _Function:
        for name in names:
            _check_attribute(module, name)
            setattr(module, name, partial(function, getattr(module, name)))
        return function

    return replace


def _check_attribute(module: ModuleType, name: str) -> None:
    if not hasattr(module, name):
        raise LocalError(
            f"ministack {SUPPORTED_VERSION} lacks {module.__name__}.{name}, which local/ requires."
            " Run ./inv to reinstall it."
        )
