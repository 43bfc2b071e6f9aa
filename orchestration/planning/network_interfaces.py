"""The network interfaces that Lambda keeps in the private subnets, up to 45 minutes longer than functions.

Functions with the same security group and subnets share them. Lambda deletes them with the execution role of
the function that created them, so roles must outlive them; and they hold their subnets and security groups:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.exceptions import ClientError

from orchestration.pulumi.results import Step
from terminal.aws_errors import told_to_users
from terminal.errors import PartlyDoneError
from terminal.output import progress_console, say

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_lambda import LambdaClient

MAX_MINUTES = 45
# AWS gives 45 minutes as the usual maximum, not as a promise.
LIMIT_SECONDS = 75 * 60
POLL_SECONDS = 15
REPORT_SECONDS = 5 * 60
# Lambda writes this into every interface that it makes, and the provider looks for it, too.
_DESCRIPTION = "AWS Lambda VPC ENI"
_HELD_TYPES = ("aws:ec2/subnet:Subnet", "aws:ec2/securityGroup:SecurityGroup", "aws:ec2/vpc:Vpc")

# For a progress display: the reason why such a resource is deleted slowly.
SLOW = dict.fromkeys(
    _HELD_TYPES,
    f"up to {MAX_MINUTES} minutes, until Lambda has deleted its network interfaces. Functions of other layers"
    " that use them must be deployed or destroyed first.",
)

Pause = Callable[[float], None]


def is_held(step: Step) -> bool:
    """Whether the step deletes a resource that Lambda's interfaces hold."""
    return step.type in _HELD_TYPES and step.operation in ("replace", "delete")


def delay_notice(steps: Iterable[Step]) -> str:
    """One line about the time that the steps of a plan take; empty if they delete no subnet or group."""
    names = ", ".join(sorted(step.resource for step in steps if is_held(step)))
    if not names:
        return ""
    return (
        f"This may take up to {MAX_MINUTES} minutes: Lambda's network interfaces hold {names}, until no"
        " function uses them and Lambda has deleted them. Where functions of other layers use them, follow"
        " docs/runbooks/replacing-the-network.md."
    )


class NetworkInterfaces:
    """Lambda's interfaces in one account and region. `pause` sleeps. Every method raises `UserError`."""

    def __init__(self, ec2: "EC2Client", lambda_: "LambdaClient", pause: Pause = time.sleep) -> None:
        self._ec2 = ec2
        self._lambda = lambda_
        self._pause = pause

    @classmethod
    def in_region(cls, region: str) -> Self:
        """Those that the user's credentials can see."""
        session = boto3.Session(region_name=region)
        return cls(session.client("ec2"), session.client("lambda"))

    def users(self, group: str) -> list[str]:
        """The functions that use the security group, by name."""
        with told_to_users():
            pages = self._lambda.get_paginator("list_functions").paginate()
            functions = [function for page in pages for function in page["Functions"]]
        return sorted(
            function["FunctionName"]
            for function in functions
            if group in function.get("VpcConfig", {}).get("SecurityGroupIds", ())
        )

    def ids(self, group: str) -> list[str]:
        """The interfaces with the security group."""
        with told_to_users():
            return sorted(interface["NetworkInterfaceId"] for interface in self._find(group))

    def wait_until_gone(self, group: str, command: str) -> None:
        """Return when no interface is left, or at once if another function still uses the group.

        `command` continues after an interruption. Raises PartlyDoneError after `LIMIT_SECONDS`.
        """
        left = self.ids(group)
        if not left:
            return
        if users := self.users(group):
            say(f"Lambda keeps its network interfaces: {', '.join(users)} still uses them.")
            return
        self._delete_released(group)
        left = self.ids(group)
        if not left:
            return
        say(
            f"Waiting until Lambda has deleted {len(left)} network interfaces of {group}: up to {MAX_MINUTES}"
            f" minutes. Ctrl-C stops the wait; to continue: {command}"
        )
        with progress_console.status("") as live:
            for seconds in range(0, LIMIT_SECONDS, POLL_SECONDS):
                progress = f"{len(left)} network interfaces left after {seconds // 60} min"
                live.update(progress)
                if seconds and seconds % REPORT_SECONDS == 0 and not progress_console.is_terminal:
                    say(progress)
                self._pause(POLL_SECONDS)
                self._delete_released(group)
                left = self.ids(group)
                if not left:
                    return
        raise PartlyDoneError(
            f"Lambda still has the network interfaces {', '.join(left)} after {LIMIT_SECONDS // 60} minutes.",
            f"To continue: {command}",
        )

    def _delete_released(self, group: str) -> None:
        # Lambda cannot delete one whose creator's role is gone. Not every deploy role may.
        with told_to_users():
            released = [entry for entry in self._find(group) if entry.get("Status") == "available"]
        for interface in released:
            with suppress(ClientError):
                self._ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])

    def _find(self, group: str) -> Iterator[dict[str, Any]]:
        filters: Any = [
            {"Name": "group-id", "Values": [group]},
            {"Name": "description", "Values": [f"{_DESCRIPTION}*"]},
        ]
        for page in self._ec2.get_paginator("describe_network_interfaces").paginate(Filters=filters):
            for interface in page["NetworkInterfaces"]:
                # The embedded AWS ignores filters.
                groups = [entry["GroupId"] for entry in interface.get("Groups", ())]
                if group in groups and interface.get("Description", "").startswith(_DESCRIPTION):
                    yield dict(interface)
