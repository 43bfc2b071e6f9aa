"""What the engine's state tells of what a stack saw of others."""

from orchestration.planning.compatibility import seen_outputs
from tests.engine.orchestration.toy_stacks import FIRST, SECOND, ToyStacks


def test_S3_the_state_keeps_what_a_stack_saw_of_another_at_its_last_update(stacks: ToyStacks) -> None:
    engine, projects = stacks.engine(), {FIRST.project: FIRST.name}
    engine.up(FIRST)
    engine.up(SECOND)
    resources = engine.exported(SECOND)["resources"]
    assert seen_outputs(resources, projects) == {"first": {"thing": "thing"}}
