"""What holds data is neither deleted nor replaced, where the settings say so."""

import pytest

from tests.stacks.conftest import Programs
from tests.stacks.recording import Recorded, run_layers

STATEFUL = {"kms/key:Key": 4, "dynamodb/table:Table": 2, "sqs/queue:Queue": 5, "sns/topic:Topic": 1}


def stateful(programs: Programs) -> list[Recorded]:
    return [each for program in programs.values() for type_ in STATEFUL for each in program.all(type_)]


def test_keys_table_queues_and_topic_are_protected_and_retained_in_prod(prod: Programs) -> None:
    found = stateful(prod)
    assert len(found) >= sum(STATEFUL.values())
    assert [each.name for each in found if not (each.protect and each.retain)] == []


def test_nothing_else_is_protected(prod: Programs) -> None:
    kept = {
        each.type for program in prod.values() for each in program.resources if each.protect or each.retain
    }
    assert kept == {f"aws:{type_}" for type_ in STATEFUL}


def test_nothing_is_protected_in_local(local: Programs) -> None:
    assert [each.name for each in stateful(local) if each.protect or each.retain] == []


@pytest.mark.parametrize("layer", ["foundation", "data", "processing"])
def test_the_setting_of_each_layer_is_its_own(layer: str) -> None:
    programs = run_layers("prod", {f"fraud-{layer}:deletionProtection": "false"})
    unprotected = {
        name for name, program in programs.items() for each in stateful({name: program}) if not each.protect
    }
    assert unprotected == {layer}
