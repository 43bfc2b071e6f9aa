"""What a program that loads a contract gets, under Pulumi's mocks."""

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from shared.contracts import RESERVED, ContractError, DataOutputs, EdgeOutputs, export, load, placeholders
from tests.stacks.recording import record

DATA = "organization/fraud-data/test"
EDGE = EdgeOutputs(**dict.fromkeys(EdgeOutputs.names(), "x"))


def outputs_of(
    declare: Callable[[], None],
    *,
    given: dict[str, Any] | None = None,
    stand_ins: frozenset[str] = frozenset(),
    preview: bool = False,
) -> dict[str, Any]:
    """What a program exports where data gives `given`."""
    token = placeholders.set(stand_ins)
    try:
        return record(declare, references={DATA: given or {}}, preview=preview).outputs
    finally:
        placeholders.reset(token)


def use_table() -> None:
    data = load(DataOutputs)
    pulumi.export("table", data.table_name)
    pulumi.export("queue", data.suspicious_queue_url)
    export(EDGE, reads=[data])


def test_S3_only_what_is_used_is_exported_as_used() -> None:
    found = outputs_of(use_table, given={"table_name": "t", "suspicious_queue_url": "q"})
    assert found[RESERVED]["reads"] == {"data": {"suspicious_queue_url": "text", "table_name": "text"}}


def test_S3_a_field_that_is_used_after_export_would_be_unknown_and_is_refused() -> None:
    def late() -> None:
        data = load(DataOutputs)
        export(EDGE, reads=[data])
        pulumi.export("table", data.table_name)

    with pytest.raises(ContractError, match="table_name is used after export"):
        outputs_of(late, given={"table_name": "t"})


def test_a_loaded_contract_has_the_fields_of_its_class_only() -> None:
    with pytest.raises(AttributeError, match="DataOutputs has no no_such_field"):
        outputs_of(lambda: getattr(load(DataOutputs), "no_such_field"))  # noqa: B009


def test_S3_in_a_preview_placeholders_stand_in_for_a_layer_that_was_never_deployed() -> None:
    found = outputs_of(use_table, stand_ins=frozenset({"data"}), preview=True)
    assert (found["table"], found["queue"]) == (
        "PLACEHOLDER-data-table_name",
        "https://placeholder.invalid/PLACEHOLDER/data/suspicious_queue_url",
    )
    assert set(found[RESERVED]["reads"]["data"]) == {"table_name", "suspicious_queue_url"}


def test_S3_in_a_preview_a_placeholder_stands_in_for_one_field_that_is_still_to_come() -> None:
    stand_ins = frozenset({"data.table_name"})
    found = outputs_of(use_table, given={"suspicious_queue_url": "q"}, stand_ins=stand_ins, preview=True)
    assert (found["table"], found["queue"]) == ("PLACEHOLDER-data-table_name", "q")


@pytest.mark.parametrize("stand_in", ["data", "data.table_name"])
def test_S3_placeholders_never_reach_an_update(stand_in: str) -> None:
    with pytest.raises(ContractError, match="placeholders of fraud-data are for previews only"):
        outputs_of(use_table, stand_ins=frozenset({stand_in}))


def test_placeholders_of_another_layer_do_not_matter() -> None:
    given = {"table_name": "t", "suspicious_queue_url": "q"}
    assert (
        outputs_of(use_table, given=given, stand_ins=frozenset({"foundation", "table_name"}))["table"] == "t"
    )
