"""Network interfaces of Lambda in the private subnets. They outlive functions by up to 45 minutes.

Functions with the same security group and subnets share interfaces. Lambda needs the execution role of the
function that created an interface to delete it. Until then, its subnet and security group cannot be deleted:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.exceptions import ClientError

from orchestration.pulumi.results import Step
from terminal.aws_errors import translate_aws_errors
from terminal.errors import PartialFailureError
from terminal.output import print_message, progress_console

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_lambda import LambdaClient

MAX_MINUTES = 45
# AWS documents 45 minutes as the usual maximum, but guarantees no limit.
LIMIT_SECONDS = 75 * 60
POLL_SECONDS = 15
REPORT_SECONDS = 5 * 60
# Begins the description of every interface that Lambda creates. The provider searches for it, too.
_DESCRIPTION = "AWS Lambda VPC ENI"
_HELD_TYPES = ("aws:ec2/subnet:Subnet", "aws:ec2/securityGroup:SecurityGroup", "aws:ec2/vpc:Vpc")

# Reasons for a slow deletion by resource type, for the progress display.
SLOW_DELETIONS = dict.fromkeys(
    _HELD_TYPES,
    f"up to {MAX_MINUTES} minutes, until Lambda has deleted its network interfaces. Functions of other layers"
    " that use them must be deployed or destroyed first.",
)

Pause = Callable[[float], None]


def _deletes_network(step: Step) -> bool:
    return step.type in _HELD_TYPES and step.operation in ("replace", "delete")


def delay_notice(steps: Iterable[Step]) -> str:
    """Return a sentence about the time that a plan takes; empty if it deletes no part of the network."""
    names = ", ".join(sorted(step.resource for step in steps if _deletes_network(step)))
    if not names:
        return ""
    return (
        f"This may take up to {MAX_MINUTES} minutes: {names} cannot be deleted before Lambda has deleted its"
        " network interfaces, which functions may still use. If functions of other layers use them, follow"
        " docs/runbooks/replacing-the-network.md."
    )


class NetworkInterfaces:
    """Network interfaces of Lambda in one account and region. `pause` sleeps. Methods raise UserError."""

    def __init__(self, ec2: "EC2Client", lambda_: "LambdaClient", pause: Pause = time.sleep) -> None:
        self._ec2 = ec2
        self._lambda = lambda_
        self._pause = pause

    @classmethod
    def from_region(cls, region: str) -> Self:
        """Use the user's credentials."""
        session = boto3.Session(region_name=region)
        return cls(session.client("ec2"), session.client("lambda"))

    def users(self, group: str) -> list[str]:
        """Return the names of the functions that use the security group."""
        with translate_aws_errors():
            pages = self._lambda.get_paginator("list_functions").paginate()
            functions = [function for page in pages for function in page["Functions"]]
        return sorted(
            function["FunctionName"]
            for function in functions
            if group in function.get("VpcConfig", {}).get("SecurityGroupIds", ())
        )

    def ids(self, group: str) -> list[str]:
        """Return the interfaces with the security group."""
        with translate_aws_errors():
            return sorted(interface["NetworkInterfaceId"] for interface in self._find(group))

    def wait_until_gone(self, group: str, command: str) -> None:
        """Wait until no interface is left. Return at once if another function still uses the group.

        `command` continues after an interruption. Raises PartialFailureError after `LIMIT_SECONDS`.
        """
        if not self.ids(group):
            return
        if users := self.users(group):
            print_message(f"Lambda keeps its network interfaces, because {', '.join(users)} uses them.")
            return
        self._delete_released(group)
        remaining = self.ids(group)
        if not remaining:
            return
        print_message(
            f"Waiting until Lambda has deleted {len(remaining)} network interfaces of {group}, up to"
            f" {MAX_MINUTES} minutes. Ctrl-C stops the wait. To continue: {command}"
        )
        with progress_console.status("") as live:
            for seconds in range(0, LIMIT_SECONDS, POLL_SECONDS):
                progress = f"{len(remaining)} network interfaces left after {seconds // 60} min"
                live.update(progress)
                if seconds and seconds % REPORT_SECONDS == 0 and not progress_console.is_terminal:
                    print_message(progress)
                self._pause(POLL_SECONDS)
                self._delete_released(group)
                remaining = self.ids(group)
                if not remaining:
                    return
        raise PartialFailureError(
            f"Lambda did not delete the network interfaces {', '.join(remaining)} within"
            f" {LIMIT_SECONDS // 60} minutes.",
            f"To continue: {command}",
        )

    def _delete_released(self, group: str) -> None:
        # Lambda cannot delete an interface without the role that created it. Some deploy roles cannot either.
        with translate_aws_errors():
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
                # The embedded AWS ignores the filters.
                groups = [entry["GroupId"] for entry in interface.get("Groups", ())]
                if group in groups and interface.get("Description", "").startswith(_DESCRIPTION):
                    yield dict(interface)
