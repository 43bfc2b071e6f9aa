import json

from orchestration.pulumi.property_diff import PropertyChange, diff_properties


def test_changed_value_is_reported_before_and_after() -> None:
    old, new = {"delaySeconds": 0, "timeoutSeconds": 360}, {"delaySeconds": 9, "timeoutSeconds": 45}
    assert diff_properties(old, new, ["timeoutSeconds"]) == [PropertyChange("timeoutSeconds", 360, 45)]


def test_only_the_changed_keys_of_a_map_are_reported() -> None:
    old, new = {"tags": {"layer": "data", "gone": "1"}}, {"tags": {"layer": "data", "by.hand": "2"}}
    assert diff_properties(old, new, ["tags"]) == [
        PropertyChange('tags["by.hand"]', None, "2"),
        PropertyChange("tags.gone", "1", None),
    ]


def test_path_can_have_list_indexes_and_names_with_dots() -> None:
    old = {"rules": [{"ports": [1, 2], "tags": {"a.b": 1}}]}
    new = {"rules": [{"ports": [1, 3], "tags": {"a.b": 2}}]}
    assert diff_properties(old, new, ["rules[0].ports[1]", 'rules[0].tags["a.b"]']) == [
        PropertyChange("rules[0].ports[1]", 2, 3),
        PropertyChange('rules[0].tags["a.b"]', 1, 2),
    ]


def test_list_of_scalars_is_reported_as_a_whole() -> None:
    assert diff_properties({"ids": ["a", "b"]}, {"ids": ["b"]}, ["ids"]) == [
        PropertyChange("ids", ["a", "b"], ["b"])
    ]


def test_only_the_changed_items_of_a_list_of_maps_are_reported() -> None:
    old, new = {"rules": [{"port": 1}]}, {"rules": [{"port": 2}, {"port": 3}]}
    assert diff_properties(old, new, ["rules"]) == [
        PropertyChange("rules[0].port", 1, 2),
        PropertyChange("rules[1]", None, {"port": 3}),
    ]


def test_json_in_a_string_is_compared_by_content() -> None:
    old = {"policy": json.dumps({"Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage"}]})}
    new = {"policy": json.dumps({"Statement": [{"Action": "sqs:*", "Effect": "Allow"}]}, indent=2)}
    assert diff_properties(old, new, ["policy"]) == [
        PropertyChange("policy.Statement[0].Action", "sqs:SendMessage", "sqs:*")
    ]


def test_value_of_a_secret_is_hidden() -> None:
    assert diff_properties({"token": "[secret]"}, {"token": "open"}, ["token"]) == [
        PropertyChange("token", secret=True)
    ]
    assert diff_properties({"token": "open"}, {"token": "[secret]"}, ["token"]) == [
        PropertyChange("token", secret=True)
    ]
    assert diff_properties({"token": "[secret]"}, {"token": "[secret]"}, ["token"]) == [
        PropertyChange("token", secret=True)
    ]


def test_value_of_an_encrypted_secret_is_hidden() -> None:
    marked = {
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        "ciphertext": "[secret]",
    }
    assert diff_properties({"token": marked}, {"token": "open"}, ["token"]) == [
        PropertyChange("token", secret=True)
    ]
    assert diff_properties({"tokens": {"a": marked}}, {"tokens": {}}, ["tokens"]) == [
        PropertyChange("tokens.a", secret=True)
    ]


def test_value_inside_a_secret_is_hidden() -> None:
    old, new = {"variables": "[secret]"}, {"variables": {"TOKEN": "open"}}
    assert diff_properties(old, new, ["variables.TOKEN"]) == [PropertyChange("variables.TOKEN", secret=True)]


def test_new_value_in_a_map_with_a_secret_is_hidden() -> None:
    old = {"variables": {"TOKEN": "[secret]", "TABLE": "transactions"}}
    new = {"variables": {"TOKEN": "[secret]", "TABLE": "other", "SECOND_TOKEN": "open"}}
    hidden, shown = (
        PropertyChange("variables.SECOND_TOKEN", secret=True),
        PropertyChange("variables.TABLE", "transactions", "other"),
    )
    assert diff_properties(old, new, ["variables"]) == [hidden, shown]
    assert diff_properties(old, new, ["variables.SECOND_TOKEN"]) == [hidden]


def test_metadata_of_the_engine_is_ignored() -> None:
    old, new = {"tags": {"__defaults": []}}, {"tags": {"__defaults": ["name"], "by": "hand"}}
    assert diff_properties(old, new, ["tags"]) == [PropertyChange("tags.by", None, "hand")]
