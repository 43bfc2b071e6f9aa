from typing import Any, cast

import pytest

from orchestration.planning.network_interfaces import LIMIT_SECONDS, NetworkInterfaces, delay_notice
from orchestration.pulumi.results import Step
from terminal.errors import PartlyDoneError, UserError
from tests.unit.orchestration.planning.fake_network import GROUP, FakeNetwork, interface

COMMAND = "invoke destroy --env prod --layer edge"


def interfaces(network: FakeNetwork) -> NetworkInterfaces:
    client = cast(Any, network)
    return NetworkInterfaces(client, client, network.pause)


def test_the_wait_ends_when_lambda_has_deleted_its_interfaces(capsys: pytest.CaptureFixture[str]) -> None:
    network = FakeNetwork([interface(1), interface(2)])
    interfaces(network).wait_until_gone(GROUP, COMMAND)
    assert network.slept == network.pauses
    shown = capsys.readouterr().err
    assert "45 minutes" in shown
    assert COMMAND in shown


def test_nothing_is_waited_for_where_there_is_no_interface(capsys: pytest.CaptureFixture[str]) -> None:
    others = [interface(1, group="sg-endpoints"), interface(2, Description="VPC Endpoint Interface vpce-1")]
    network = FakeNetwork(others)
    interfaces(network).wait_until_gone(GROUP, COMMAND)
    assert (network.slept, network.interfaces) == (0, others)
    assert capsys.readouterr().err == ""


def test_interfaces_that_another_function_uses_are_not_waited_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    network = FakeNetwork([interface(1)], functions=["fraud-notify"])
    interfaces(network).wait_until_gone(GROUP, COMMAND)
    assert network.slept == 0
    assert "fraud-notify" in capsys.readouterr().err


def test_an_interface_that_lambda_released_is_deleted() -> None:
    network = FakeNetwork([interface(1, status="available")])
    interfaces(network).wait_until_gone(GROUP, COMMAND)
    assert (network.slept, network.interfaces) == (0, [])


def test_a_role_that_may_not_delete_interfaces_waits_for_lambda() -> None:
    network = FakeNetwork([interface(1, status="available"), interface(2)], may_delete=False)
    with pytest.raises(PartlyDoneError, match="eni-1") as refused:
        interfaces(network).wait_until_gone(GROUP, COMMAND)
    assert "eni-2" not in refused.value.message
    assert COMMAND in refused.value.hint


def test_the_wait_has_a_limit_and_shows_progress_meanwhile(capsys: pytest.CaptureFixture[str]) -> None:
    network = FakeNetwork([interface(1)], pauses=LIMIT_SECONDS)
    with pytest.raises(PartlyDoneError):
        interfaces(network).wait_until_gone(GROUP, COMMAND)
    assert "1 network interfaces left after 10 min" in capsys.readouterr().err


def test_credentials_that_may_not_look_are_refused() -> None:
    with pytest.raises(UserError, match="describe_network_interfaces"):
        interfaces(FakeNetwork(may_look=False)).ids(GROUP)


@pytest.mark.parametrize("operation", ["replace", "delete"])
@pytest.mark.parametrize("type_", ["ec2/subnet:Subnet", "ec2/securityGroup:SecurityGroup", "ec2/vpc:Vpc"])
def test_a_plan_that_deletes_part_of_the_network_takes_long(operation: str, type_: str) -> None:
    notice = delay_notice([Step(operation, f"aws:{type_}", "private-1"), Step("update", "x", "y")])
    assert "45 minutes" in notice
    assert "private-1" in notice
    assert "\n" not in notice


def test_a_plan_that_keeps_the_network_takes_no_longer() -> None:
    steps = [Step("update", "aws:ec2/subnet:Subnet", "private-1"), Step("delete", "aws:sqs/queue:Queue", "q")]
    assert delay_notice(steps) == ""
