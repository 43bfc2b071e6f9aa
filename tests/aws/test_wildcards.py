"""The causes in shared/wildcards.py, compared with AWS's Service Authorization Reference."""

import json
import re
from collections.abc import Iterator

import botocore.session
import pytest

from shared.wildcards import EXCEPTIONS, Cause, WildcardException
from tests.aws import reference
from tests.aws.conftest import Programs


def find_actions(cause: Cause) -> list[str]:
    return sorted({action for entry in EXCEPTIONS if entry.cause is cause for action in entry.actions})


def list_allowances(programs: Programs) -> Iterator[tuple[str, str]]:
    """The actions that policies and boundaries of roles allow, each with its resource."""
    for program in programs.values():
        for resource in [
            *program.find_all("iam/rolePolicy:RolePolicy"),
            *program.find_all("iam/policy:Policy"),
        ]:
            for statement in json.loads(resource["policy"])["Statement"]:
                if statement["Effect"] == "Allow":
                    yield from (
                        (action, arn) for action in statement["Action"] for arn in statement["Resource"]
                    )


@pytest.mark.parametrize("action", find_actions(Cause.NO_CONTROL))
def test_C4_action_without_resource_control_has_no_resource_types(action: str) -> None:
    assert reference.resource_types(action) == {}


@pytest.mark.parametrize("action", find_actions(Cause.WHOLE_SERVICE))
def test_C4_action_on_all_resources_is_documented_as_such(action: str) -> None:
    service, _, name = action.partition(":")
    model = botocore.session.get_session().get_service_model(service).operation_model(name)
    text = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", model.documentation))
    assert re.search(rf"{action} permission that is scoped to \*", text)


def test_C4_every_other_action_has_resource_types(prod_and_signed: Programs) -> None:
    exempt = {*find_actions(Cause.NO_CONTROL), *find_actions(Cause.WHOLE_SERVICE)}
    actions = {
        action
        for action, _ in list_allowances(prod_and_signed)
        if action not in exempt and action.partition(":")[0] not in reference.INCOMPLETE
    }
    assert len(actions) > 100
    assert sorted(action for action in actions if not reference.resource_types(action)) == []


def test_C4_only_actions_without_resource_control_are_allowed_on_all_resources(
    prod_and_signed: Programs,
) -> None:
    exempt = {*find_actions(Cause.NO_CONTROL), *find_actions(Cause.WHOLE_SERVICE)}
    assert {action for action, arn in list_allowances(prod_and_signed) if arn == "*"} == exempt


@pytest.mark.parametrize(
    "exception",
    [entry for entry in EXCEPTIONS if entry.cause in (Cause.GENERATED_ID, Cause.PREFIX)],
    ids=lambda entry: f"{entry.actions[0]} {entry.resource}",
)
def test_C4_pattern_matches_resources_that_aws_checks_the_action_on(
    prod_and_signed: Programs, exception: WildcardException
) -> None:
    patterns = {
        arn
        for action, arn in list_allowances(prod_and_signed)
        if action in exception.actions and "*" in arn and re.fullmatch(exception.resource, arn)
    }
    assert patterns
    for action in exception.actions:
        if action.partition(":")[0] in reference.INCOMPLETE:
            continue
        formats = reference.arn_formats(action)
        assert any(matches_format(pattern, format_) for pattern in patterns for format_ in formats), action


@pytest.mark.parametrize(
    "exception",
    [entry for entry in EXCEPTIONS if entry.guards],
    ids=lambda entry: f"{entry.actions[0]} {entry.resource}",
)
def test_C4_guard_is_a_condition_key_of_each_action(exception: WildcardException) -> None:
    for action in exception.actions:
        if action.partition(":")[0] not in reference.INCOMPLETE:
            keys = {re.sub(r"\$\{TagKey\}|<key>", "layer", key) for key in reference.condition_keys(action)}
            assert keys & set(exception.guards), action


def matches_format(pattern: str, format_: str) -> bool:
    """Whether an ARN with wildcards can match a format such as `arn:${Partition}:sqs:${Region}:…`."""
    parts, format_parts = pattern.split(":", 5), re.sub(r"\$\{\w+\}", "0", format_).split(":", 5)
    kind = re.match(r"[A-Za-z-]*[:/]", format_parts[5])
    return parts[2] == format_parts[2] and (
        kind is None or parts[5] == "*" or parts[5].startswith(kind.group())
    )
