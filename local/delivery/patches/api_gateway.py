"""Patch of API Gateway: a failed function returns the API's INTEGRATION_FAILURE response, not Lambda's."""

import contextvars
from typing import Any

from ministack.services import apigateway_v1  # type: ignore[import-untyped]

from local.delivery.patches.ministack import replaces

# True if the function of the current request failed or was throttled.
_function_failed: contextvars.ContextVar[bool] = contextvars.ContextVar("function_failed", default=False)


def return_integration_failures() -> None:
    """Return INTEGRATION_FAILURE when the function of a proxy integration fails or is throttled."""

    @replaces(apigateway_v1, "_lambda_proxy_response")
    def lambda_proxy_response(original: Any, result: dict[str, Any]) -> Any:
        _function_failed.set(bool(result.get("throttle") or result.get("error")))
        return original(result)

    @replaces(apigateway_v1, "_invoke_lambda_proxy_v1")
    async def invoke_lambda_proxy(original: Any, *args: Any, **kwargs: Any) -> Any:
        token = _function_failed.set(False)
        try:
            response = await original(*args, **kwargs)
            if _function_failed.get():
                return apigateway_v1._gw_error("INTEGRATION_FAILURE", "Internal server error")
            return response
        finally:
            _function_failed.reset(token)
