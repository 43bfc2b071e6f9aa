from orchestration.planning.compatibility import outputs_at_last_update
from tests.engine.orchestration.sample_stacks import FIRST, SECOND, SampleStacks


def test_S3_state_contains_the_upstream_outputs_at_the_last_update(stacks: SampleStacks) -> None:
    engine, projects = stacks.engine(), {FIRST.project: FIRST.name}
    engine.up(FIRST)
    engine.up(SECOND)
    resources = engine.export_deployment(SECOND)["resources"]
    assert outputs_at_last_update(resources, projects) == {"first": {"thing": "thing"}}
