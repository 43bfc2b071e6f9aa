"""Fake EC2 and Lambda clients of an account in which Lambda deletes its interfaces after some time."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

GROUP = "sg-functions"


def interface(number: int, *, group: str = GROUP, status: str = "in-use", **changed: Any) -> dict[str, Any]:
    return {
        "NetworkInterfaceId": f"eni-{number}",
        "Description": f"AWS Lambda VPC ENI-api-{number}",
        "Groups": [{"GroupId": group}],
        "Status": status,
        **changed,
    }


@dataclass
class FakeNetwork:
    """`functions` use GROUP. Lambda deletes the interfaces in use after `pauses` calls of `pause`."""

    interfaces: list[dict[str, Any]] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    pauses: int = 3
    slept: int = 0
    may_delete: bool = True
    may_look: bool = True
    interrupted: bool = False

    def pause(self, seconds: float) -> None:
        assert seconds > 0
        if self.interrupted:
            raise KeyboardInterrupt
        self.slept += 1
        if self.slept == self.pauses:
            self.interfaces = [entry for entry in self.interfaces if entry["Status"] != "in-use"]

    def get_paginator(self, operation: str) -> Any:
        if not self.may_look:
            raise denied(operation)
        return {"describe_network_interfaces": _Interfaces(self), "list_functions": _Functions(self)}[
            operation
        ]

    def delete_network_interface(self, *, NetworkInterfaceId: str) -> None:  # noqa: N803
        if not self.may_delete:
            raise denied("DeleteNetworkInterface")
        self.interfaces = [
            entry for entry in self.interfaces if entry["NetworkInterfaceId"] != NetworkInterfaceId
        ]


def denied(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": "no"}}, operation)


@dataclass
class _Interfaces:
    network: FakeNetwork

    def paginate(self, *, Filters: Any) -> Iterator[dict[str, Any]]:  # noqa: N803
        assert {entry["Name"] for entry in Filters} == {"group-id", "description"}
        for entry in self.network.interfaces:
            yield {"NetworkInterfaces": [entry]}


@dataclass
class _Functions:
    network: FakeNetwork

    def paginate(self) -> Iterator[dict[str, Any]]:
        yield {"Functions": [{"FunctionName": "outside"}]}
        for name in self.network.functions:
            yield {"Functions": [{"FunctionName": name, "VpcConfig": {"SecurityGroupIds": [GROUP]}}]}
