"""Each wildcard has the cause that shared/wildcards.py states, by AWS's Service Authorization Reference."""

import json
import re
from collections.abc import Iterator

import botocore.session
import pytest

from shared.wildcards import EXCEPTIONS, Cause, WildcardException
from tests.aws import reference
from tests.aws.conftest import Programs


def actions(cause: Cause) -> list[str]:
    return sorted({action for each in EXCEPTIONS if each.cause is cause for action in each.actions})


def allowances(prod: Programs) -> Iterator[tuple[str, str]]:
    """Every action that a role's policy or boundary allows, and on what."""
    for program in prod.values():
        for resource in [*program.all("iam/rolePolicy:RolePolicy"), *program.all("iam/policy:Policy")]:
            for statement in json.loads(resource["policy"])["Statement"]:
                if statement["Effect"] == "Allow":
                    yield from (
                        (action, arn) for action in statement["Action"] for arn in statement["Resource"]
                    )


@pytest.mark.parametrize("action", actions(Cause.NO_CONTROL))
def test_C4_an_action_without_control_is_checked_on_no_resource(action: str) -> None:
    assert reference.resource_types(action) == {}


@pytest.mark.parametrize("action", actions(Cause.WHOLE_SERVICE))
def test_C4_an_action_on_all_or_none_is_documented_as_such(action: str) -> None:
    service, _, name = action.partition(":")
    model = botocore.session.get_session().get_service_model(service).operation_model(name)
    text = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", model.documentation))
    assert re.search(rf"{action} permission that is scoped to \*", text)


def test_C4_every_other_action_is_checked_on_resources(prod: Programs) -> None:
    exempt = {*actions(Cause.NO_CONTROL), *actions(Cause.WHOLE_SERVICE)}
    known = {
        action
        for action, _ in allowances(prod)
        if action not in exempt and action.partition(":")[0] not in reference.INCOMPLETE
    }
    assert len(known) > 100
    assert sorted(action for action in known if not reference.resource_types(action)) == []


def test_C4_a_wildcard_alone_is_allowed_for_those_actions_only(prod: Programs) -> None:
    exempt = {*actions(Cause.NO_CONTROL), *actions(Cause.WHOLE_SERVICE)}
    assert {action for action, arn in allowances(prod) if arn == "*"} == exempt


@pytest.mark.parametrize(
    "exception",
    [each for each in EXCEPTIONS if each.cause in (Cause.MADE_UP_ID, Cause.PREFIX)],
    ids=lambda each: f"{each.actions[0]} {each.resource}",
)
def test_C4_a_pattern_stands_for_resources_that_aws_checks_the_action_on(
    prod: Programs, exception: WildcardException
) -> None:
    patterns = {
        arn
        for action, arn in allowances(prod)
        if action in exception.actions and "*" in arn and re.fullmatch(exception.resource, arn)
    }
    assert patterns
    for action in exception.actions:
        if action.partition(":")[0] in reference.INCOMPLETE:
            continue
        formats = reference.arn_formats(action)
        assert any(is_of_kind(pattern, format_) for pattern in patterns for format_ in formats), action


@pytest.mark.parametrize(
    "exception",
    [each for each in EXCEPTIONS if each.guards],
    ids=lambda each: f"{each.actions[0]} {each.resource}",
)
def test_C4_the_guard_of_a_wildcard_is_a_condition_key_of_each_action(exception: WildcardException) -> None:
    for action in exception.actions:
        if action.partition(":")[0] not in reference.INCOMPLETE:
            keys = {re.sub(r"\$\{TagKey\}|<key>", "layer", key) for key in reference.condition_keys(action)}
            assert keys & set(exception.guards), action


def is_of_kind(pattern: str, format_: str) -> bool:
    """Whether an ARN with wildcards can be one of a format such as `arn:${Partition}:sqs:${Region}:…`."""
    owner, own = pattern.split(":", 5), re.sub(r"\$\{\w+\}", "0", format_).split(":", 5)
    kind = re.match(r"[A-Za-z-]*[:/]", own[5])
    return owner[2] == own[2] and (kind is None or owner[5] == "*" or owner[5].startswith(kind.group()))
