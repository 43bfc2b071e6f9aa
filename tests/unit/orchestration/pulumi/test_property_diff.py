import json

from orchestration.pulumi.property_diff import Change, between


def test_a_single_value_is_named_with_both_sides() -> None:
    old, new = {"delaySeconds": 0, "timeoutSeconds": 360}, {"delaySeconds": 9, "timeoutSeconds": 45}
    assert between(old, new, ["timeoutSeconds"]) == [Change("timeoutSeconds", 360, 45)]


def test_of_a_map_only_what_differs_is_named() -> None:
    old, new = {"tags": {"layer": "data", "gone": "1"}}, {"tags": {"layer": "data", "by.hand": "2"}}
    assert between(old, new, ["tags"]) == [
        Change('tags["by.hand"]', None, "2"),
        Change("tags.gone", "1", None),
    ]


def test_a_path_may_point_into_lists_and_at_names_with_dots() -> None:
    old = {"rules": [{"ports": [1, 2], "tags": {"a.b": 1}}]}
    new = {"rules": [{"ports": [1, 3], "tags": {"a.b": 2}}]}
    assert between(old, new, ["rules[0].ports[1]", 'rules[0].tags["a.b"]']) == [
        Change("rules[0].ports[1]", 2, 3),
        Change('rules[0].tags["a.b"]', 1, 2),
    ]


def test_lists_of_single_values_are_shown_whole() -> None:
    assert between({"ids": ["a", "b"]}, {"ids": ["b"]}, ["ids"]) == [Change("ids", ["a", "b"], ["b"])]


def test_in_lists_of_blocks_the_block_that_differs_is_named() -> None:
    old, new = {"rules": [{"port": 1}]}, {"rules": [{"port": 2}, {"port": 3}]}
    assert between(old, new, ["rules"]) == [
        Change("rules[0].port", 1, 2),
        Change("rules[1]", None, {"port": 3}),
    ]


def test_a_document_kept_as_text_is_compared_by_what_it_says() -> None:
    old = {"policy": json.dumps({"Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage"}]})}
    new = {"policy": json.dumps({"Statement": [{"Action": "sqs:*", "Effect": "Allow"}]}, indent=2)}
    assert between(old, new, ["policy"]) == [Change("policy.Statement[0].Action", "sqs:SendMessage", "sqs:*")]


def test_a_secret_is_named_and_not_shown() -> None:
    assert between({"token": "[secret]"}, {"token": "open"}, ["token"]) == [Change("token", secret=True)]
    assert between({"token": "open"}, {"token": "[secret]"}, ["token"]) == [Change("token", secret=True)]
    assert between({"token": "[secret]"}, {"token": "[secret]"}, ["token"]) == [Change("token", secret=True)]


def test_a_marked_secret_is_not_shown_either() -> None:
    marked = {
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        "ciphertext": "[secret]",
    }
    assert between({"token": marked}, {"token": "open"}, ["token"]) == [Change("token", secret=True)]
    assert between({"tokens": {"a": marked}}, {"tokens": {}}, ["tokens"]) == [Change("tokens.a", secret=True)]


def test_what_is_inside_of_a_secret_is_not_shown() -> None:
    old, new = {"variables": "[secret]"}, {"variables": {"TOKEN": "open"}}
    assert between(old, new, ["variables.TOKEN"]) == [Change("variables.TOKEN", secret=True)]


def test_what_was_added_beside_a_secret_is_not_shown_either() -> None:
    old = {"variables": {"TOKEN": "[secret]", "TABLE": "transactions"}}
    new = {"variables": {"TOKEN": "[secret]", "TABLE": "other", "SECOND_TOKEN": "open"}}
    hidden, shown = (
        Change("variables.SECOND_TOKEN", secret=True),
        Change("variables.TABLE", "transactions", "other"),
    )
    assert between(old, new, ["variables"]) == [hidden, shown]
    assert between(old, new, ["variables.SECOND_TOKEN"]) == [hidden]


def test_the_engines_own_notes_are_left_out() -> None:
    old, new = {"tags": {"__defaults": []}}, {"tags": {"__defaults": ["name"], "by": "hand"}}
    assert between(old, new, ["tags"]) == [Change("tags.by", None, "hand")]
