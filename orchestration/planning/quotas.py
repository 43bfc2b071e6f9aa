"""AWS quotas that the layers depend on, compared with what the programs and settings declare.

Only quotas that a new or shared account can run into are checked. Others, such as KMS keys, IAM roles, tables
or event source mappings, allow at least a hundred times what the layers declare.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from orchestration.environments import Environment
from orchestration.layers import LAYERS, Layer
from orchestration.pulumi import mocked_program
from terminal.errors import UserError
from terminal.output import say

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_lambda import LambdaClient

FUNCTION = "aws:lambda/function:Function"
# Lambda refuses a reservation that leaves less than this to functions without one.
UNRESERVED = 100
PROJECT_TAG = "fraud-pipeline"

Declared = Sequence[tuple[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class Quota:
    """One quota by its codes in Service Quotas, with what the layers need of it."""

    service: str
    code: str
    name: str
    needed: int


@dataclass(frozen=True)
class Shortage:
    """A quota that is too small. `certain` if a deployment must fail because of it."""

    quota: Quota
    limit: int
    region: str
    certain: bool = False

    @property
    def sentence(self) -> str:
        return f"{self.quota.name}: the account allows {self.limit}, and the layers need {self.quota.needed}."

    @property
    def command(self) -> str:
        """The command that requests the quota which is needed."""
        return (
            f"aws service-quotas request-service-quota-increase --region {self.region}"
            f" --service-code {self.quota.service} --quota-code {self.quota.code}"
            f" --desired-value {self.quota.needed}"
        )


def reserved_concurrency(declared: Declared) -> int:
    """The concurrent executions that all functions reserve together."""
    return sum(int(inputs["reservedConcurrentExecutions"]) for kind, inputs in declared if kind == FUNCTION)


def quotas(declared: Declared, other_vpcs: int = 0) -> list[Quota]:
    """What the declared resources need, besides Lambda's concurrency. `other_vpcs` are not the pipeline's."""
    counts = {
        kind: sum(1 for found, _ in declared if found == kind)
        for kind in ("aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet")
    }
    interfaces = sum(inputs.get("vpcEndpointType") == "Interface" for _, inputs in declared)
    rates = [
        float(inputs.get("settings", {}).get("throttlingRateLimit") or 0)
        for kind, inputs in declared
        if kind == "aws:apigateway/methodSettings:MethodSettings"
    ]
    return [
        Quota("vpc", "L-F678F1CE", "VPCs per Region", counts["aws:ec2/vpc:Vpc"] + other_vpcs),
        Quota("vpc", "L-29B6F2EB", "Interface VPC endpoints per VPC", interfaces),
        Quota("lambda", "L-9FEE3D26", "Network interfaces per VPC", counts["aws:ec2/subnet:Subnet"]),
        Quota("apigateway", "L-8A5B8E43", "Requests per second of all APIs", round(sum(rates))),
    ]


class AccountQuotas:
    """The quotas of one account and region. Methods raise botocore's errors."""

    def __init__(
        # Any: the stubs of Service Quotas are no dependency.
        self,
        region: str,
        quotas: Any,
        lambda_: "LambdaClient",
        ec2: "EC2Client",
    ) -> None:
        self._region = region
        self._quotas = quotas
        self._lambda = lambda_
        self._ec2 = ec2

    @classmethod
    def in_region(cls, region: str) -> Self:
        """Those that the user's credentials can read."""
        session = boto3.Session(region_name=region)
        return cls(region, session.client("service-quotas"), session.client("lambda"), session.client("ec2"))

    def concurrency_shortage(self, declared: Declared) -> Shortage | None:
        """Lambda's own answer; a reservation that exceeds it fails."""
        needed = reserved_concurrency(declared) + UNRESERVED
        limit = self._lambda.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
        quota = Quota("lambda", "L-B99A9384", "Concurrent executions", needed)
        return Shortage(quota, limit, self._region, certain=True) if limit < needed else None

    def shortages(self, declared: Declared) -> list[Shortage]:
        """The other quotas that are too small."""
        compared = [(quota, self._limit(quota)) for quota in quotas(declared, self._other_vpcs())]
        return [Shortage(quota, limit, self._region) for quota, limit in compared if limit < quota.needed]

    def _limit(self, quota: Quota) -> int:
        codes = {"ServiceCode": quota.service, "QuotaCode": quota.code}
        try:
            found = self._quotas.get_service_quota(**codes)["Quota"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchResourceException":
                raise
            # AWS gives the default value where none was ever changed.
            found = self._quotas.get_aws_default_service_quota(**codes)["Quota"]
        return int(found["Value"])

    def _other_vpcs(self) -> int:
        pages = self._ec2.get_paginator("describe_vpcs").paginate()
        tags = [vpc.get("Tags", []) for page in pages for vpc in page["Vpcs"]]
        ours = {"Key": "project", "Value": PROJECT_TAG}
        return sum(ours not in found for found in tags)


def check_quotas(
    environment: Environment,
    account: AccountQuotas,
    *,
    refuse: bool = False,
    layers: Iterable[Layer] = LAYERS,
) -> None:
    """Warn of quotas that are too small for all layers.

    With `refuse`, only raises UserError if a deployment of `layers` is certain to fail.
    """
    if refuse and not any(layer.functions for layer in layers):
        return
    declared = [entry for layer in LAYERS for entry in mocked_program.declared(environment, layer)]
    found: list[Shortage] = []
    try:
        if shortage := account.concurrency_shortage(declared):
            found.append(shortage)
        # Roles that deploy may not read the others, which fail no deployment by themselves.
        found += [] if refuse else account.shortages(declared)
    except (ClientError, BotoCoreError) as error:
        say(f"Not all quotas were checked: {' '.join(str(error).split())}")
    for shortage in found:
        if refuse and shortage.certain:
            raise UserError(
                f"{shortage.sentence} Functions cannot reserve their concurrency.",
                f"Nothing was changed. Raise the quota first: {shortage.command}",
            )
        say(f"warning: {shortage.sentence} Raise it: {shortage.command}")
