from operations.review.access import read_rule_ids


def test_rule_ids_are_those_of_the_rules_that_the_environment_deploys() -> None:
    ids = read_rule_ids("local")
    assert ids
    assert len(ids) == len(set(ids))
