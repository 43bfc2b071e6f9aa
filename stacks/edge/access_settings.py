"""The settings for access to the API: networks and accounts that may call it, and its consumers."""

import ipaddress
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Annotated

from msgspec import Meta, Struct

CONSUMER_LENGTH = 20
_CONSUMER = re.compile(rf"\A[a-z][a-z0-9-]{{0,{CONSUMER_LENGTH - 2}}}[a-z0-9]\Z")
_ACCOUNT_ID = r"\d{12}"
_PRINCIPAL = re.compile(
    rf"\A({_ACCOUNT_ID}|arn:aws[a-z-]*:iam::{_ACCOUNT_ID}:(role|user)/[\w+=,.@/-]{{1,512}})\Z", re.ASCII
)
_EXTERNAL_ID = re.compile(r"\A[\w+=,.@:/-]{2,1224}\Z", re.ASCII)

Texts = tuple[str, ...]
Consumers = Annotated[
    dict[str, Texts], Meta(description="an object with the list of routes of each consumer, by its name")
]
ConsumerPrincipals = Annotated[
    dict[str, Texts],
    Meta(description="an object with a list of account IDs, role ARNs or user ARNs by the consumer's name"),
]
ConsumerExternalIds = Annotated[
    dict[str, str], Meta(description="an object with an external ID by the consumer's name")
]


class CallerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The callers that the API's own policy admits, besides the permission that each of them needs.

    `accounts`: accounts besides the API's own. `vpc_endpoints`: with an entry, the API is private, and only
    these endpoints reach it. `address_ranges`: networks of the callers; without an entry, all addresses. A
    private API compares the address in the VPC.
    """

    accounts: Annotated[
        tuple[Annotated[str, Meta(pattern=rf"\A{_ACCOUNT_ID}\Z")], ...],
        Meta(max_length=50, description="a list of at most 50 account IDs, which are 12 digits in quotes"),
    ] = ()
    vpc_endpoints: Annotated[
        tuple[Annotated[str, Meta(pattern=r"\Avpce-[0-9a-f]{8,17}\Z")], ...],
        Meta(
            max_length=50,
            description="a list of at most 50 IDs of VPC endpoints, such as vpce-0123456789abcdef0",
        ),
    ] = ()
    address_ranges: Annotated[
        Texts,
        Meta(
            max_length=50,
            description="a list of at most 50 networks such as 203.0.113.0/24 or 2001:db8::/32",
        ),
    ] = ()


def check_callers(callers: CallerSettings) -> None:
    """Raise ValueError for an address range that is no network or admits every address."""
    for number, text in enumerate(callers.address_ranges):
        if not _is_limiting_network(text):
            raise ValueError(
                f"callers.addressRanges[{number}]: a network smaller than all addresses, with zeros after its"
                " prefix, such as 203.0.113.0/24 or 2001:db8::/32"
            )


def check_consumers(
    consumers: Mapping[str, Texts],
    principals: Mapping[str, Texts],
    external_ids: Mapping[str, str],
    paths: Collection[str],
) -> None:
    """Raise ValueError for the first invalid consumer. `paths`: the routes that the API has."""
    for problem in (
        *_check_routes(consumers, paths),
        *_check_names("consumerPrincipals", principals, consumers),
        *_check_principals(principals),
        *_check_names("consumerExternalIds", external_ids, consumers),
        *_check_external_ids(external_ids),
    ):
        raise ValueError(problem)


def _check_routes(consumers: Mapping[str, Texts], paths: Collection[str]) -> Iterator[str]:
    for name, routes in consumers.items():
        if not _CONSUMER.match(name):
            yield (
                f"consumers.{name}: a name of 2 to {CONSUMER_LENGTH} of a-z, 0-9 and '-' that begins with a"
                " letter and does not end with '-'"
            )
        if not routes or len(set(routes)) != len(routes) or not set(routes) <= set(paths):
            yield f"consumers.{name}: a list of different routes that the API has: {', '.join(paths)}"


def _check_names(setting: str, values: Mapping[str, object], consumers: Mapping[str, Texts]) -> Iterator[str]:
    for name in values:
        if name not in consumers:
            known = ", ".join(consumers) or "there are none"
            yield f"{setting}.{name}: the name of an entry in consumers ({known})"


def _check_principals(principals: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for name, values in principals.items():
        if not values or not all(map(_PRINCIPAL.match, values)):
            yield (
                f"consumerPrincipals.{name}: a list of account IDs and of ARNs of roles or users, such as"
                " arn:aws:iam::111122223333:role/checkout"
            )


def _check_external_ids(external_ids: Mapping[str, str]) -> Iterator[str]:
    for name, value in external_ids.items():
        if not _EXTERNAL_ID.match(value):
            yield f"consumerExternalIds.{name}: 2 to 1224 letters, digits and +=,.@:/-_"


def _is_limiting_network(text: str) -> bool:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        return False
    return "/" in text and network.prefixlen > 0
