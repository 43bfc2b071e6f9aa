"""Whether neighbours fit, on outputs as stacks have them."""

from typing import Any

import pytest

from orchestration.planning.compatibility import (
    Declared,
    Problem,
    Stale,
    broken,
    gives_of,
    missing,
    of_outputs,
    refusal_of_broken,
    refusal_of_missing,
    seen_outputs,
    stale,
)
from shared.contracts import DataOutputs

DATA = {"table_name": "t", "days": 30.0, "contracts": {"gives": {"table_name": "text", "days": "number"}}}
EDGE = Declared({"api_url": "text"}, {"data": {"table_name": "text", "days": "number"}})
GIVES = {"table_name": "text", "days": "number"}


def test_a_stack_declares_what_it_gives_and_uses() -> None:
    outputs = {
        "api_url": "u",
        "contracts": {"gives": {"api_url": "text"}, "reads": {"data": GIVES}},
    }
    assert of_outputs(outputs) == Declared({"api_url": "text"}, {"data": GIVES})


def test_of_a_stack_that_declares_nothing_the_values_tell_what_it_gives_and_it_may_use_all() -> None:
    assert of_outputs({"table_name": "t", "days": 30.0, "subnets": []}) == Declared(
        {"table_name": "text", "days": "number", "subnets": "list of text"}, None
    )


@pytest.mark.parametrize("reserved", [None, "text", {}, {"gives": None}])
def test_a_declaration_that_is_cut_short_is_read(reserved: Any) -> None:
    assert not of_outputs({"contracts": reserved}).gives


def test_S3_a_layer_that_gives_what_others_use_breaks_nothing() -> None:
    assert broken("data", GIVES, {"edge": EDGE}) == []


def test_S3_adding_an_output_is_free() -> None:
    assert broken("data", {**GIVES, "more": "text"}, {"edge": EDGE}) == []


def test_S3_removing_an_output_that_is_used_names_field_and_consumer() -> None:
    assert broken("data", {"days": "number"}, {"edge": EDGE}) == [
        Problem("data", "table_name", "edge", "text", None)
    ]


def test_S3_retyping_an_output_that_is_used_tells_both_types() -> None:
    assert broken("data", {**GIVES, "days": "text"}, {"edge": EDGE}) == [
        Problem("data", "days", "edge", "number", "text")
    ]


def test_S3_removing_an_output_that_nobody_uses_is_free() -> None:
    unused = Declared({}, {"data": {"days": "number"}})
    assert broken("data", {"days": "number"}, {"edge": unused, "foreign": Declared({}, {})}) == []


def test_S3_a_consumer_that_does_not_tell_uses_everything_that_is_deployed() -> None:
    old = of_outputs({"api_url": "u"})
    assert broken("data", {"days": "number"}, {"edge": old}, given=GIVES) == [
        Problem("data", "table_name", "edge", "text", None)
    ]


def test_S3_what_upstream_gives_is_not_missing() -> None:
    assert missing("edge", {"data": {"days": "number"}}, {"data": DATA}) == []


@pytest.mark.parametrize(
    ("field", "wanted", "found"),
    [("days", "text", "number"), ("topic", "text", None), ("days", "number", None)],
)
def test_S3_what_upstream_lacks_or_has_in_another_type_is_missing(
    field: str, wanted: str, found: str | None
) -> None:
    given = {"data": DATA} if field == "topic" or found else {}
    assert missing("edge", {"data": {field: wanted}}, given) == [
        Problem("data", field, "edge", wanted, found)
    ]


def test_S3_upstream_that_declares_nothing_is_judged_by_its_values() -> None:
    old = {"data": {"table_name": "t", "days": "thirty"}}
    assert missing("edge", {"data": GIVES}, old) == [Problem("data", "days", "edge", "number", "text")]


def test_S3_what_a_layer_would_give_is_its_contract() -> None:
    assert gives_of(DataOutputs)["retention_days"] == "number"


def test_S3_a_used_value_that_changed_makes_a_consumer_stale() -> None:
    seen = {"data": {"table_name": "t", "days": 7.0, "topic": "a"}}
    now = {"data": {"table_name": "t", "days": 30, "topic": "b"}}
    assert stale("edge", seen, now, {"data": GIVES}) == [Stale("data", "days", "edge")]


def test_S3_values_that_are_equal_or_gone_make_nothing_stale() -> None:
    seen = {"data": {"table_name": "t", "days": 7.0}}
    assert stale("edge", seen, {"data": {"table_name": "t", "days": 7}}, {"data": GIVES}) == []
    assert stale("edge", seen, {"data": {}}, {"data": GIVES}) == []
    assert stale("edge", {}, {"data": DATA}, {"data": GIVES}) == []


def test_S3_an_output_that_was_added_and_a_secret_make_nothing_stale() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:x"}
    assert stale("edge", {"data": {"days": secret}}, {"data": DATA}, {"data": GIVES}) == []


def test_S3_an_output_that_is_used_and_was_taken_away_makes_a_consumer_stale() -> None:
    seen, now = {"data": {"table_name": "t", "days": 7}}, {"data": {"table_name": "t"}}
    assert stale("edge", seen, now, {"data": GIVES}) == [Stale("data", "days", "edge")]


def test_S3_what_a_stack_saw_of_others_is_found_in_its_state() -> None:
    resources = [
        {"type": "pulumi:pulumi:Stack", "outputs": {"name": "organization/fraud-data/prod"}},
        {
            "type": "pulumi:pulumi:StackReference",
            "outputs": {"name": "organization/fraud-data/prod", "outputs": {"table_name": "t"}},
        },
        {"type": "pulumi:pulumi:StackReference", "outputs": {"name": "organization/other/prod"}},
        {"type": "pulumi:pulumi:StackReference"},
    ]
    assert seen_outputs(resources, {"fraud-data": "data"}) == {"data": {"table_name": "t"}}


def test_S3_the_refusal_of_a_break_names_consumer_and_field_and_what_to_do() -> None:
    refused = refusal_of_broken(
        [
            Problem("data", "topic", "processing", "text", None),
            Problem("data", "days", "edge", "number", "text"),
        ]
    )
    assert refused.message == (
        "data would no longer give topic, which processing uses as text;"
        " give days as text, which edge uses as number."
    )
    assert refused.hint == "Keep them, or first deploy processing and edge without using them."


def test_S3_the_refusal_of_a_break_names_all_consumers_of_a_field() -> None:
    refused = refusal_of_broken([Problem("data", "days", name, "number", None) for name in ("edge", "more")])
    assert refused.message == "data would no longer give days, which edge and more use as number."
    assert refused.hint == "Keep it, or first deploy edge and more without using it."


def test_S3_the_refusal_of_what_is_missing_names_the_layer_to_deploy() -> None:
    refused = refusal_of_missing([Problem("data", "topic", "edge", "text", None)], "prod")
    assert refused.message == "edge uses topic as text, which data does not give in 'prod'."
    assert refused.hint == (
        "First deploy data from code that gives it: invoke deploy --env prod --layer data"
    )
