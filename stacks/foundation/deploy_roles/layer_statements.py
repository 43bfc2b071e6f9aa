"""What the role that deploys a layer may do with AWS, and what the one that only looks.

Made from what layers hold (deploy_holdings.py) and what calls that takes (deploy_calls.py). IAM is
deploy_iam.py's, Pulumi's state deploy_state.py's.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import cast

import pulumi

from shared.arns import Arns
from shared.iam import Statement
from shared.projects import Project
from shared.wildcards import Conditions
from stacks.foundation.deploy_roles import layer_resources
from stacks.foundation.deploy_roles.layer_resources import Held, Holdings, KeyUse
from stacks.foundation.deploy_roles.provider_actions import CALLS

Arn = pulumi.Input[str]

# Names of functions, their log groups, alarms and dashboards.
_OF_PIPELINE = re.compile(
    r"(?P<kind>:function:|:log-group:/aws/lambda/|:alarm:|:dashboard/)fraud-pipeline-.*"
)
_HAS_TAG = "aws:ResourceTag/layer"
_GETS_TAG = "aws:RequestTag/layer"
_USE_KEY = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
_READ_WITH_KEY = ("kms:Decrypt", "kms:DescribeKey")


def deploy(project: Project, arns: Arns, keys: Mapping[str, Arn]) -> list[Statement]:
    """Make, change, look at and delete what the layer holds. `keys`: the ARN of each purpose's key."""
    holdings = layer_resources.of(project, arns)
    return [
        *(each for held in holdings.held for each in _make_and_change(held, project.layer)),
        *_anywhere([holdings], Survey="survey", Alter="alter"),
        *_use_keys(holdings, arns, keys),
    ]


def look(projects: Iterable[Project], arns: Arns, keys: Mapping[str, Arn]) -> list[Statement]:
    """Look at what all of the layers hold, but not into it.

    Functions' variables and the rules of a bus are encrypted, so that reading them takes their keys. Names
    that begin with the pipeline's are one pattern, because inline policies are limited, too.
    """
    all_holdings = [layer_resources.of(project, arns) for project in projects]
    layers = [project.layer for project in projects]
    held = [each for holdings in all_holdings for each in holdings.held if _actions(each, "look")]
    return [
        *_merge_services([_look_at(each, arns) for each in held if not each.tagged], {}, "LookAt"),
        *_merge_services(
            [_look_at(each, arns) for each in held if each.tagged],
            {"StringEquals": {_HAS_TAG: layers}},
            "LookAtTagged",
        ),
        *_anywhere(all_holdings, Survey="survey"),
        *_read_with_keys(all_holdings, arns, keys),
    ]


def at_most(statements: Sequence[Statement], *layers: str) -> list[Statement]:
    """What a boundary says of these, shorter: one policy must hold it all.

    An action meets the resources of its own service only, so that all services are put together. Of the
    conditions, the tag of the layer is left.
    """
    anywhere = [each for each in statements if _resources(each) == ["*"]]
    rest = [each for each in statements if each not in anywhere]
    makes = [each for each in anywhere if _tags(each)]
    tagged = [each for each in rest if _tags(each)]
    tests = dict.fromkeys(sorted({key for each in tagged for key in _tags(each)}), layers)
    return [
        *_merge(_shorten([each for each in rest if not _tags(each)]), {}),
        *_merge(tagged, {"StringEqualsIfExists": tests}),
        *_merge([each for each in anywhere if not _tags(each)], {}),
        *_merge(makes, {"StringEquals": {_GETS_TAG: layers}}),
    ]


def _shorten(statements: Sequence[Statement]) -> list[Statement]:
    return [
        replace(each, resources=list(dict.fromkeys(map(_short_name, _resources(each)))))
        for each in statements
    ]


def _short_name(arn: Arn) -> Arn:
    """One pattern for both ARNs of a log group, and one for the aliases of all keys."""
    if not isinstance(arn, str):
        return arn
    return re.sub(r"(:alias/fraud-)[a-z]+", r"\1*", re.sub(r"(:log-group:[^:*]+)(:\*)?$", r"\1*", arn))


def look_at_most(statements: Sequence[Statement], *layers: str) -> list[Statement]:
    """What a boundary says of looking, in as many words for however many layers: all names of each kind."""
    return at_most([each if _tags(each) else _any_names(each) for each in statements], *layers)


def _any_names(statement: Statement) -> Statement:
    resources = dict.fromkeys(map(_any_name, _resources(statement)))
    return replace(statement, resources=list(resources))


def _any_name(arn: Arn) -> Arn:
    """All names of the kind of a resource, such as `function:*`. An ARN not known yet is not changed."""
    if not isinstance(arn, str) or arn == "*":
        return arn
    *owner, resource = arn.split(":", 5)
    if resource.startswith("/"):
        return arn
    kind = re.match(r"[a-z-]+[:/]", resource)
    return ":".join([*owner, f"{kind.group() if kind else ''}*"])


def _tags(statement: Statement) -> set[str]:
    """The condition keys on tags that a statement tests."""
    return {_HAS_TAG, _GETS_TAG} & {key for test in statement.conditions.values() for key in test}


def _merge_services(
    statements: Sequence[Statement], conditions: Conditions, sid: str = ""
) -> list[Statement]:
    """One statement for each service, named `sid` and the service."""
    services: dict[str, list[Statement]] = {}
    for each in statements:
        services.setdefault(each.actions[0].partition(":")[0], []).append(each)
    return [
        merged
        for service, its in services.items()
        for merged in _merge(its, conditions, f"{sid}{service.capitalize()}" if sid else "")
    ]


def _merge(statements: Sequence[Statement], conditions: Conditions, sid: str = "") -> list[Statement]:
    """One statement for all, or none for none."""
    actions = {action for each in statements for action in each.actions}
    # An Output is only equal to itself.
    resources = {
        arn if isinstance(arn, str) else id(arn): arn for each in statements for arn in _resources(each)
    }
    return [_statement(sid, sorted(actions), list(resources.values()), conditions)] if actions else []


def _resources(statement: Statement) -> list[Arn]:
    return list(cast(Sequence[Arn], statement.resources))


def _make_and_change(held: Held, layer: str) -> list[Statement]:
    if not held.tagged and not held.made_at:
        return [_statement(held.name, _actions(held, "make", "change", "look"), held.arns)]
    gets_tag: Conditions = {"StringEquals": {_GETS_TAG: layer}}
    make = _statement(
        f"Make{held.name}", _actions(held, "make"), held.made_at or held.arns, {**gets_tag, **held.made_if}
    )
    if not held.tagged:
        return [make, _statement(held.name, _actions(held, "change", "look"), held.arns)]
    return [
        make,
        # What has no tag yet: the resource that was just made, or that AWS made with it.
        _statement(
            f"Claim{held.name}", _actions(held, "claim"), held.arns, {**gets_tag, "Null": {_HAS_TAG: "true"}}
        ),
        _statement(held.name, _actions(held, "change", "look"), held.arns, _tagged(held, layer)),
    ]


def _look_at(held: Held, arns: Arns) -> Statement:
    anything = rf"\g<kind>{arns.names.role('*')}"
    resources = dict.fromkeys(re.sub(_OF_PIPELINE, anything, str(arn)) for arn in held.look_at or held.arns)
    return _statement("", _actions(held, "look"), list(resources))


def _tagged(held: Held, layer: str) -> Conditions:
    return {"StringEquals": {_HAS_TAG: layer}} if held.tagged else {}


def _anywhere(all_holdings: Iterable[Holdings], **kinds: str) -> list[Statement]:
    """What AWS checks on no resource."""
    held = [each for holdings in all_holdings for each in holdings.held]
    actions = {sid: sorted({a for each in held for a in _actions(each, kind)}) for sid, kind in kinds.items()}
    return [_statement(sid, found, ["*"]) for sid, found in actions.items() if found]


def _use_keys(holdings: Holdings, arns: Arns, keys: Mapping[str, Arn]) -> list[Statement]:
    """Hand the keys to the services that encrypt with them; nothing can be decrypted but through these."""
    uses = [
        _through(f"Use{_key_name(use)}", _USE_KEY, keys[use.purpose], arns.service(use.service))
        for use in holdings.keys
    ]
    grants = [
        _through(
            f"Grant{_key_name(use)}",
            ["kms:CreateGrant"],
            keys[use.purpose],
            arns.service(use.service),
            {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        )
        for use in holdings.keys
        if use.grants
    ]
    return [*uses, *grants]


def _read_with_keys(all_holdings: Iterable[Holdings], arns: Arns, keys: Mapping[str, Arn]) -> list[Statement]:
    uses = dict.fromkeys(use for holdings in all_holdings for use in holdings.keys if use.to_read)
    return [
        _through(f"ReadWith{_key_name(use)}", _READ_WITH_KEY, keys[use.purpose], arns.service(use.service))
        for use in uses
    ]


def _key_name(use: KeyUse) -> str:
    return f"{use.purpose.capitalize()}KeyThrough{use.service.capitalize()}"


def _through(
    sid: str, actions: Sequence[str], key: Arn, via: str, others: Conditions | None = None
) -> Statement:
    return _statement(sid, actions, [key], {"StringEquals": {"kms:ViaService": via}, **(others or {})})


def _actions(held: Held, *kinds: str) -> list[str]:
    return sorted({action for type_ in held.types for kind in kinds for action in CALLS[type_].of(kind)})


def _statement(
    sid: str, actions: Sequence[str], resources: Sequence[Arn], conditions: Conditions | None = None
) -> Statement:
    return Statement(sid=sid, actions=actions, resources=resources, conditions=conditions or {})
