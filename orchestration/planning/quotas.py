"""AWS quotas of an account, compared with what the layers' programs declare.

Only the quotas that a new or shared account can reach are checked. The quotas of KMS keys, IAM roles, tables
and event source mappings, for example, are at least a hundred times what the layers declare.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from orchestration.environments import Environment
from orchestration.layers import LAYERS, Layer
from orchestration.pulumi import mocked_program
from terminal.errors import UserError
from terminal.output import print_message

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_lambda import LambdaClient

FUNCTION = "aws:lambda/function:Function"
# Lambda refuses a reservation that leaves fewer executions to functions without a reservation.
UNRESERVED = 100
PROJECT_TAG = "fraud-pipeline"

DeclaredResources = Sequence[tuple[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class Quota:
    """A quota with its codes in Service Quotas. `needed` is the value that the layers need."""

    service: str
    code: str
    name: str
    needed: int


@dataclass(frozen=True)
class Shortage:
    """A quota that is too small. `certain`: a deployment fails because of it."""

    quota: Quota
    limit: int
    region: str
    certain: bool = False

    @property
    def sentence(self) -> str:
        return f"{self.quota.name}: the account allows {self.limit}, and the layers need {self.quota.needed}."

    @property
    def command(self) -> str:
        """The command that requests the needed value."""
        return (
            f"aws service-quotas request-service-quota-increase --region {self.region}"
            f" --service-code {self.quota.service} --quota-code {self.quota.code}"
            f" --desired-value {self.quota.needed}"
        )


def reserved_concurrency(declared: DeclaredResources) -> int:
    """Return the concurrent executions that all functions reserve together."""
    return sum(int(inputs["reservedConcurrentExecutions"]) for kind, inputs in declared if kind == FUNCTION)


def required_quotas(declared: DeclaredResources, other_vpcs: int = 0) -> list[Quota]:
    """Return the quotas that the resources need, except Lambda's concurrency.

    `other_vpcs` is the number of VPCs in the account that do not belong to the pipeline.
    """
    counts = Counter(kind for kind, _ in declared)
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
        self,
        region: str,
        quotas: Any,  # There are no type stubs for Service Quotas.
        lambda_: "LambdaClient",
        ec2: "EC2Client",
    ) -> None:
        self._region = region
        self._quotas = quotas
        self._lambda = lambda_
        self._ec2 = ec2

    @classmethod
    def from_region(cls, region: str) -> Self:
        """Use the user's credentials."""
        session = boto3.Session(region_name=region)
        return cls(region, session.client("service-quotas"), session.client("lambda"), session.client("ec2"))

    def concurrency_shortage(self, declared: DeclaredResources) -> Shortage | None:
        """Return a shortage of concurrent executions, whose limit Lambda reports itself."""
        needed = reserved_concurrency(declared) + UNRESERVED
        limit = self._lambda.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
        quota = Quota("lambda", "L-B99A9384", "Concurrent executions", needed)
        return Shortage(quota, limit, self._region, certain=True) if limit < needed else None

    def shortages(self, declared: DeclaredResources) -> list[Shortage]:
        """Return the other quotas that are too small."""
        quotas = required_quotas(declared, self._count_other_vpcs())
        limits = [(quota, self._read_limit(quota)) for quota in quotas]
        return [Shortage(quota, limit, self._region) for quota, limit in limits if limit < quota.needed]

    def _read_limit(self, quota: Quota) -> int:
        codes = {"ServiceCode": quota.service, "QuotaCode": quota.code}
        try:
            response = self._quotas.get_service_quota(**codes)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchResourceException":
                raise
            # A quota that was never changed has only a default value.
            response = self._quotas.get_aws_default_service_quota(**codes)
        return int(response["Quota"]["Value"])

    def _count_other_vpcs(self) -> int:
        pages = self._ec2.get_paginator("describe_vpcs").paginate()
        tags = [vpc.get("Tags", []) for page in pages for vpc in page["Vpcs"]]
        own_tag = {"Key": "project", "Value": PROJECT_TAG}
        return sum(own_tag not in vpc_tags for vpc_tags in tags)


def check_quotas(
    environment: Environment,
    account: AccountQuotas,
    *,
    refuse: bool = False,
    layers: Iterable[Layer] = LAYERS,
) -> None:
    """Print a warning for each quota that is too small for all layers.

    With `refuse`, raise UserError only if a deployment of `layers` is certain to fail.
    """
    if refuse and not any(layer.functions for layer in layers):
        return
    declared = [
        entry for layer in LAYERS for entry in mocked_program.list_declared_resources(environment, layer)
    ]
    shortages: list[Shortage] = []
    try:
        if shortage := account.concurrency_shortage(declared):
            shortages.append(shortage)
        # Deploy roles have no permission to read the other quotas, which are checked by a preview.
        shortages += [] if refuse else account.shortages(declared)
    except (ClientError, BotoCoreError) as error:
        print_message(f"Not all quotas were checked: {' '.join(str(error).split())}")
    for shortage in shortages:
        if refuse and shortage.certain:
            raise UserError(
                f"{shortage.sentence} Functions cannot reserve their concurrency.",
                f"Nothing was changed. Raise the quota first: {shortage.command}",
            )
        print_message(f"warning: {shortage.sentence} To raise it: {shortage.command}")
