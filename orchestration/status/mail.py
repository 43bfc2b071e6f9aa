"""Check of the addresses that receive alerts, after a deployment and in the status."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from local.emulator import Emulator
from orchestration.environments import Environment
from orchestration.status.subscriptions import (
    RUNBOOK,
    SnsClients,
    Unconfirmed,
    declared_addresses,
    find_unconfirmed,
)
from terminal.aws_errors import translate_aws_errors
from terminal.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

# The status must not hang if AWS is unreachable.
_SNS_CONFIG = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 2})


@dataclass(frozen=True)
class MailCheck:
    """`unconfirmed` is None if SNS could not be called; `problem` has the reason."""

    unconfirmed: Sequence[Unconfirmed] | None = ()
    problem: str = ""

    @property
    def sentences(self) -> list[str]:
        """A line for each address, and the runbook; empty if every address is confirmed."""
        if self.unconfirmed is None:
            return [f"Subscriptions were not checked: {self.problem}"]
        lines = [f"{entry.topic}: {entry.address} is {entry.reason}." for entry in self.unconfirmed]
        return [*lines, f"These addresses receive no alerts. Runbook: {RUNBOOK}"] if lines else []

    def as_json(self) -> list[dict[str, str]] | None:
        """Return the addresses; None if SNS could not be called."""
        return None if self.unconfirmed is None else [entry.as_dict() for entry in self.unconfirmed]


def check_mail(
    environment: Environment, states: Iterable[Mapping[str, Any]], sns: SnsClients | None = None
) -> MailCheck:
    """Check the subscriptions in the exported states of layers. SNS is called only if there are any."""
    declared = declared_addresses(states)
    if not declared:
        return MailCheck()
    try:
        with translate_aws_errors():
            return MailCheck(find_unconfirmed(sns or _SnsClients(environment), declared))
    except UserError as error:
        return MailCheck(None, str(error))


class _SnsClients:
    """Creates SNS clients with the user's credentials, or for the embedded AWS."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def __call__(self, region: str) -> "SNSClient":
        if not self._environment.is_local:
            return boto3.Session(region_name=region).client("sns", config=_SNS_CONFIG)
        endpoint = Emulator(self._environment.state_folder).status()
        if endpoint is None:
            raise UserError("The embedded AWS is stopped.")
        client: SNSClient = endpoint.client("sns")
        return client
