"""Protection of stateful resources against deletion and replacement."""

import pytest

from tests.stacks.conftest import Programs
from tests.stacks.recording import RecordedResource, run_layers

STATEFUL = {"kms/key:Key": 4, "dynamodb/table:Table": 2, "sqs/queue:Queue": 5, "sns/topic:Topic": 1}


def find_stateful(programs: Programs) -> list[RecordedResource]:
    return [
        resource
        for program in programs.values()
        for type_ in STATEFUL
        for resource in program.find_all(type_)
    ]


def test_stateful_resources_are_protected_and_retained_in_prod(prod: Programs) -> None:
    resources = find_stateful(prod)
    assert len(resources) >= sum(STATEFUL.values())
    assert [resource.name for resource in resources if not (resource.protect and resource.retain)] == []


def test_only_stateful_resources_are_protected(prod: Programs) -> None:
    protected = {
        resource.type
        for program in prod.values()
        for resource in program.resources
        if resource.protect or resource.retain
    }
    assert protected == {f"aws:{type_}" for type_ in STATEFUL}


def test_local_resources_are_not_protected(local: Programs) -> None:
    assert [resource.name for resource in find_stateful(local) if resource.protect or resource.retain] == []


@pytest.mark.parametrize("layer", ["foundation", "data", "processing"])
def test_protection_is_a_setting_of_each_layer(layer: str) -> None:
    programs = run_layers("prod", {f"fraud-{layer}:deletionProtection": "false"})
    unprotected = {
        name
        for name, program in programs.items()
        for resource in find_stateful({name: program})
        if not resource.protect
    }
    assert unprotected == {layer}
