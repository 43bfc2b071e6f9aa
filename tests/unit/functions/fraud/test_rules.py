from typing import Any

import pytest

from functions.fraud.rules import RulesError, RuleSet


def _rule(**changes: Any) -> dict[str, Any]:
    rule = {"id": "over", "weight": 0.5, "reason": "Over {limit}", "amount_over": {"USD": 100}} | changes
    return {name: value for name, value in rule.items() if value is not None}


def _data(*rules: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"threshold": 0.5, "rules": list(rules)} | changes


def test_rules_come_back_from_their_json() -> None:
    condition = {"country": {"not_in": ["US", "GB"]}, "channel": ["atm"]}
    rules = RuleSet.from_data(_data(_rule(when=condition), block_list={"accounts": ["a", "b", "c"]}))
    assert RuleSet.from_json(rules.to_json()) == rules


def test_same_rules_are_the_same_bytes() -> None:
    one = RuleSet.from_data(_data(block_list={"accounts": [str(number) for number in range(50)]}))
    other = RuleSet.from_data(_data(block_list={"accounts": [str(number) for number in reversed(range(50))]}))
    assert one.to_json() == other.to_json()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "Expected `object`"),
        ({}, "threshold"),
        (_data(rulez=[]), "unknown field `rulez`"),
        (_data(threshold=0), r"> 0.0 - at `\$.threshold`"),
        (_data(threshold=1.1), r"<= 1.0 - at `\$.threshold`"),
        (_data(threshold=float("nan")), r"at `\$.threshold`"),
        (_data(_rule(), _rule()), "each id is used once, .*: over"),
        (_data(_rule(id="block-list")), "each id is used once, .*: block-list"),
        (_data(_rule(id="Over limit")), r"at `\$.rules\[0\].id`"),
        (_data(_rule(weight=0)), r"at `\$.rules\[0\].weight`"),
        (_data(_rule(weight=1.5)), r"at `\$.rules\[0\].weight`"),
        (_data(_rule(weight=0.4)), "do not reach the threshold"),
        (_data(_rule(amount_over={"EURO": 1})), "rule 'over': amount_over has 'EURO'"),
        (_data(_rule(amount_over={"USD": 0})), "rule 'over': the limit for USD must be greater than 0"),
        (_data(_rule(amount_over={"USD": "NaN"})), "the limit for USD must be greater than 0"),
        (_data(_rule(amount_over={"USD": "much"})), r"decimal .*at `\$.rules\[0\].amount_over"),
        (_data(_rule(amount_over=None, reason="x")), "rule 'over' has no condition"),
        (_data(_rule(when={"colour": ["red"]})), "unknown field 'colour'; possible are channel, country"),
        (_data(_rule(when={"account_id": ["a"]})), "unknown field 'account_id'"),
        (_data(_rule(when={"country": []})), "the condition on country lists no values"),
        (_data(_rule(when={"country": ["UK", "US"]})), "no transaction can have the country UK"),
        (_data(_rule(when={"country": {"not_in": ["UK"]}})), "no transaction can have the country UK"),
        (_data(_rule(when={"channel": ["phone"]})), "no transaction can have the channel phone"),
        (
            _data(_rule(when={"country": {"outside": ["US"]}})),
            "unknown field `outside`|required field `not_in`",
        ),
        (
            _data(_rule(reason="{account_id}")),
            "reason cannot have {account_id}; possible are amount, channel",
        ),
        (_data(_rule(reason="{amount.real}")), "reason cannot have {amount.real}"),
        (_data(_rule(reason="{amount:>9}")), "reason cannot have {amount}"),
        (_data(_rule(reason="{}")), "reason cannot have {}"),
        (_data(_rule(reason="100 {")), "a brace without its partner"),
        (_data(_rule(reason="")), r"at `\$.rules\[0\].reason`"),
        (_data(_rule(reason="two\nlines")), r"at `\$.rules\[0\].reason`"),
        (_data(_rule(amount_over=None, when={"channel": ["atm"]})), "reason cannot have {limit}"),
        (_data(block_list={"reason": "{limit}"}), "block_list: reason cannot have {limit}"),
        (_data(block_list={"accounts": ["a b"]}), r"at `\$.block_list.accounts"),
        (
            _data(block_list={"merchants": ["m"]}, allow_list={"merchants": ["m"]}),
            "merchants on the block list and the allow list: m",
        ),
    ],
)
def test_bad_rules_are_refused_saying_where_and_why(data: object, message: str) -> None:
    with pytest.raises(RulesError, match=message):
        RuleSet.from_data(data)


@pytest.mark.parametrize(("field", "value"), [("country", False), ("merchant_category", 5967)])
def test_value_that_yaml_took_for_no_text_is_explained(field: str, value: object) -> None:
    with pytest.raises(RulesError, match="put them in quotes"):
        RuleSet.from_data(_data(_rule(when={field: [value]})))


@pytest.mark.parametrize("data", [b"", b"{", b'{"threshold": 2}'])
def test_bad_json_is_refused(data: bytes) -> None:
    with pytest.raises(RulesError):
        RuleSet.from_json(data)
