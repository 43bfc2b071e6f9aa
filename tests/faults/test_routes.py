"""Interruptions between the table and the fraud function."""

from orchestration.layers import select_layers
from orchestration.planning.deployer import Deployer
from orchestration.planning.runner import DeployOptions
from orchestration.session import EnvironmentSession
from tests.e2e import faults
from tests.faults.fault_scenario import NAMES, FaultScenario


def test_stopped_pipe_continues_at_its_position(scenario: FaultScenario) -> None:
    pipes = scenario.client("pipes")
    pipes.stop_pipe(Name=NAMES.pipe)
    try:
        scenario.post()
        scenario.wait_until_unhealthy(f"pipe {NAMES.pipe}")
    finally:
        pipes.start_pipe(Name=NAMES.pipe)
    scenario.wait_until_healthy()
    scenario.expect_nothing_lost()


def test_disabled_rule_loses_events_that_replay_finds(scenario: FaultScenario) -> None:
    with faults.disable_rule(scenario.pipeline):
        scenario.post()
        scenario.wait_until_unhealthy(f"rule {NAMES.rule}", "transactions")
    assert scenario.replay() == 0
    scenario.wait_until_healthy()
    scenario.expect_nothing_lost()


def test_deleted_bus_is_deployed_again(scenario: FaultScenario) -> None:
    events, deployed = scenario.client("events"), scenario.pipeline.deployed
    events.remove_targets(Rule=NAMES.rule, EventBusName=NAMES.bus, Ids=["fraud"])
    events.delete_rule(Name=NAMES.rule, EventBusName=NAMES.bus)
    events.delete_event_bus(Name=NAMES.bus)
    try:
        scenario.post()
        scenario.wait_until_unhealthy(f"bus {NAMES.bus}")
    finally:
        environment = deployed.environment
        engine = EnvironmentSession(environment).open_engine(changing=True)
        options = DeployOptions(ask_first=False, refresh=True)
        Deployer(environment, engine, _fail_on_question, options=options).deploy(
            select_layers(["processing"])
        )
    # Events for the missing bus are lost.
    assert scenario.replay() == 0
    scenario.wait_until_healthy()
    scenario.expect_nothing_lost()


def _fail_on_question(question: str, _word: str) -> None:
    raise AssertionError(question)
