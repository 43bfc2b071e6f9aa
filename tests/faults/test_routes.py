"""The way from the table to the fraud function is cut, and repaired."""

from orchestration import engines
from orchestration.layers import select
from orchestration.planning.deployer import Deployer, Ways
from tests.e2e import faults
from tests.faults.bench import NAMES, Bench


def test_stopped_pipe_carries_on_where_it_stopped(bench: Bench) -> None:
    pipes = bench.client("pipes")
    pipes.stop_pipe(Name=NAMES.pipe)
    try:
        bench.post()
        bench.wait_red(f"pipe {NAMES.pipe}")
    finally:
        pipes.start_pipe(Name=NAMES.pipe)
    bench.wait_green()
    bench.expect_nothing_lost()


def test_disabled_rule_loses_events_that_replay_finds(bench: Bench) -> None:
    with faults.rule_disabled(bench.pipeline):
        bench.post()
        bench.wait_red(f"rule {NAMES.rule}", "transactions")
    assert bench.replay() == 0
    bench.wait_green()
    bench.expect_nothing_lost()


def test_bus_that_was_deleted_by_hand_is_deployed_again(bench: Bench) -> None:
    events, deployed = bench.client("events"), bench.pipeline.deployed
    events.remove_targets(Rule=NAMES.rule, EventBusName=NAMES.bus, Ids=["fraud"])
    events.delete_rule(Name=NAMES.rule, EventBusName=NAMES.bus)
    events.delete_event_bus(Name=NAMES.bus)
    try:
        bench.post()
        bench.wait_red(f"bus {NAMES.bus}")
    finally:
        environment = deployed.environment
        engine = engines.open_engine(environment, changing=True)
        ways = Ways(plan_first=False, refresh=True)
        Deployer(environment, engine, _never_asked, ways=ways).deploy(select(["processing"]))
    # What the pipe put on no bus is lost there.
    assert bench.replay() == 0
    bench.wait_green()
    bench.expect_nothing_lost()


def _never_asked(question: str, _word: str) -> None:
    raise AssertionError(question)
