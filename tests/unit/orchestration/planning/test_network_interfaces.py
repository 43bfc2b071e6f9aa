from typing import Any, cast

import pytest

from orchestration.planning.network_interfaces import LIMIT_SECONDS, NetworkInterfaces, delay_notice
from orchestration.pulumi.results import Step
from terminal.errors import PartialFailureError, UserError
from tests.unit.orchestration.planning.fake_network import GROUP, FakeNetwork, interface

COMMAND = "invoke destroy --env prod --layer edge"


def create_interfaces(network: FakeNetwork) -> NetworkInterfaces:
    client = cast(Any, network)
    return NetworkInterfaces(client, client, network.pause)


def test_wait_ends_when_lambda_has_deleted_its_interfaces(capsys: pytest.CaptureFixture[str]) -> None:
    network = FakeNetwork([interface(1), interface(2)])
    create_interfaces(network).wait_until_gone(GROUP, COMMAND)
    assert network.slept == network.pauses
    shown = capsys.readouterr().err
    assert "45 minutes" in shown
    assert COMMAND in shown


def test_without_an_interface_there_is_no_wait(capsys: pytest.CaptureFixture[str]) -> None:
    others = [interface(1, group="sg-endpoints"), interface(2, Description="VPC Endpoint Interface vpce-1")]
    network = FakeNetwork(others)
    create_interfaces(network).wait_until_gone(GROUP, COMMAND)
    assert (network.slept, network.interfaces) == (0, others)
    assert capsys.readouterr().err == ""


def test_there_is_no_wait_for_interfaces_that_another_function_uses(
    capsys: pytest.CaptureFixture[str],
) -> None:
    network = FakeNetwork([interface(1)], functions=["fraud-notify"])
    create_interfaces(network).wait_until_gone(GROUP, COMMAND)
    assert network.slept == 0
    assert "fraud-notify" in capsys.readouterr().err


def test_interface_that_lambda_released_is_deleted() -> None:
    network = FakeNetwork([interface(1, status="available")])
    create_interfaces(network).wait_until_gone(GROUP, COMMAND)
    assert (network.slept, network.interfaces) == (0, [])


def test_role_without_permission_to_delete_waits_for_lambda() -> None:
    network = FakeNetwork([interface(1, status="available"), interface(2)], may_delete=False)
    with pytest.raises(PartialFailureError) as refused:
        create_interfaces(network).wait_until_gone(GROUP, COMMAND)
    assert "eni-1" in refused.value.message
    assert "eni-2" not in refused.value.message
    assert COMMAND in refused.value.hint


def test_wait_has_a_limit_and_shows_its_progress(capsys: pytest.CaptureFixture[str]) -> None:
    network = FakeNetwork([interface(1)], pauses=LIMIT_SECONDS)
    with pytest.raises(PartialFailureError):
        create_interfaces(network).wait_until_gone(GROUP, COMMAND)
    assert "after 10 min" in capsys.readouterr().err


def test_credentials_without_permission_to_read_are_refused() -> None:
    with pytest.raises(UserError) as refused:
        create_interfaces(FakeNetwork(may_look=False)).ids(GROUP)
    assert "describe_network_interfaces" in refused.value.message


@pytest.mark.parametrize("operation", ["replace", "delete"])
@pytest.mark.parametrize("type_", ["ec2/subnet:Subnet", "ec2/securityGroup:SecurityGroup", "ec2/vpc:Vpc"])
def test_plan_that_deletes_part_of_the_network_takes_long(operation: str, type_: str) -> None:
    notice = delay_notice([Step(operation, f"aws:{type_}", "private-1"), Step("update", "x", "y")])
    assert "45 minutes" in notice
    assert "private-1" in notice
    assert "\n" not in notice


def test_plan_that_keeps_the_network_has_no_notice() -> None:
    steps = [Step("update", "aws:ec2/subnet:Subnet", "private-1"), Step("delete", "aws:sqs/queue:Queue", "q")]
    assert delay_notice(steps) == ""
