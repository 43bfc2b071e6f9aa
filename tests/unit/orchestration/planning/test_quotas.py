from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from orchestration.environments import find_environment
from orchestration.layers import LAYERS, select_layers
from orchestration.planning.quotas import (
    FUNCTION,
    PROJECT_TAG,
    AccountQuotas,
    check_quotas,
    required_quotas,
    reserved_concurrency,
)
from orchestration.pulumi import mocked_program
from stacks.foundation.deploy_roles.roles import QUOTAS
from terminal.errors import UserError

# Defaults of an account in use; a new one has less.
DEFAULTS = {"L-F678F1CE": 5.0, "L-29B6F2EB": 50.0, "L-9FEE3D26": 250.0, "L-8A5B8E43": 10000.0}
DECLARED = [
    (FUNCTION, {"reservedConcurrentExecutions": 100.0}),
    (FUNCTION, {"reservedConcurrentExecutions": 200.0}),
    ("aws:ec2/vpc:Vpc", {}),
    ("aws:ec2/subnet:Subnet", {}),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": "Interface"}),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": "Gateway"}),
    ("aws:apigateway/methodSettings:MethodSettings", {"settings": {"throttlingRateLimit": 1000.0}}),
]


@dataclass
class FakeAccount:
    """Fake clients of Service Quotas, Lambda and EC2. `applied` are the quotas that were changed."""

    concurrency: int = 1000
    applied: dict[str, float] = field(default_factory=dict)
    vpcs: list[dict[str, Any]] = field(default_factory=list)
    denied: bool = False

    def get_account_settings(self) -> dict[str, Any]:
        return {"AccountLimit": {"ConcurrentExecutions": self.concurrency}}

    def get_service_quota(self, *, ServiceCode: str, QuotaCode: str) -> dict[str, Any]:  # noqa: N803
        assert ServiceCode
        if self.denied:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetServiceQuota")
        if QuotaCode not in self.applied:
            raise ClientError({"Error": {"Code": "NoSuchResourceException"}}, "GetServiceQuota")
        return {"Quota": {"Value": self.applied[QuotaCode]}}

    def get_aws_default_service_quota(self, *, ServiceCode: str, QuotaCode: str) -> dict[str, Any]:  # noqa: N803
        assert ServiceCode
        return {"Quota": {"Value": DEFAULTS[QuotaCode]}}

    def get_paginator(self, operation: str) -> "FakeAccount":
        assert operation == "describe_vpcs"
        return self

    def paginate(self) -> Iterator[dict[str, Any]]:
        yield {"Vpcs": self.vpcs}


def create_quotas(fake: FakeAccount) -> AccountQuotas:
    client = cast(Any, fake)
    return AccountQuotas("us-east-1", client, client, client)


def test_new_account_lacks_concurrency_and_the_command_requests_it() -> None:
    shortage = create_quotas(FakeAccount(concurrency=10)).concurrency_shortage(DECLARED)
    assert shortage is not None
    assert (shortage.limit, shortage.quota.needed, shortage.certain) == (10, 400, True)
    assert shortage.command == (
        "aws service-quotas request-service-quota-increase --region us-east-1 --service-code lambda"
        " --quota-code L-B99A9384 --desired-value 400"
    )


def test_sufficient_quotas_are_no_shortage() -> None:
    assert create_quotas(FakeAccount(concurrency=400)).concurrency_shortage(DECLARED) is None
    assert create_quotas(FakeAccount()).shortages(DECLARED) == []


def test_every_quota_is_compared_with_the_declared_resources() -> None:
    tight = FakeAccount(
        applied={"L-29B6F2EB": 0.0, "L-9FEE3D26": 0.0, "L-8A5B8E43": 900.0, "L-F678F1CE": 0.0}
    )
    found = {shortage.quota.code for shortage in create_quotas(tight).shortages(DECLARED)}
    assert found == {quota.code for quota in required_quotas(DECLARED)} == DEFAULTS.keys()


def test_read_role_may_read_the_quotas() -> None:
    assert {f"{quota.service}/{quota.code}" for quota in required_quotas(DECLARED)} == set(QUOTAS)


def test_only_vpcs_of_others_are_added_to_the_needed_vpcs() -> None:
    ours = {"Tags": [{"Key": "project", "Value": PROJECT_TAG}]}
    full = FakeAccount(vpcs=[{}] * 5)
    [shortage] = create_quotas(full).shortages(DECLARED)
    assert (shortage.quota.code, shortage.quota.needed, shortage.certain) == ("L-F678F1CE", 6, False)
    assert create_quotas(FakeAccount(vpcs=[*[{}] * 4, ours])).shortages(DECLARED) == []


@pytest.mark.parametrize(("env", "reserved"), [("dev", 500), ("prod", 700)])
def test_programs_reserve_the_documented_concurrency(env: str, reserved: int) -> None:
    declared = [
        entry
        for layer in LAYERS
        for entry in mocked_program.list_declared_resources(find_environment(env), layer)
    ]
    assert reserved_concurrency(declared) == reserved
    assert all(quota.needed > 0 for quota in required_quotas(declared))


def test_deployment_of_functions_that_is_certain_to_fail_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    small = create_quotas(FakeAccount(concurrency=10))
    with pytest.raises(UserError) as refused:
        check_quotas(find_environment("dev"), small, refuse=True)
    assert "--desired-value 600" in refused.value.hint
    check_quotas(find_environment("dev"), small, refuse=True, layers=select_layers(["data"]))
    check_quotas(find_environment("dev"), small)
    assert capsys.readouterr().err.count("--quota-code L-B99A9384") == 1


def test_quotas_that_cannot_be_read_are_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    check_quotas(find_environment("dev"), create_quotas(FakeAccount(denied=True)))
    assert "AccessDenied" in capsys.readouterr().err
