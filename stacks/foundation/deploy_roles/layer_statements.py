"""Permissions of CI's roles for the resources of the layers.

The statements combine the resources of a layer (layer_resources.py) with the actions for their types
(provider_actions.py). IAM is in iam_statements.py, Pulumi's state in state_statements.py.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import cast

import pulumi

from shared.arns import Arns
from shared.iam import Statement
from shared.permissions import Arn
from shared.projects import Project
from shared.wildcards import Conditions
from stacks.foundation.deploy_roles import layer_resources
from stacks.foundation.deploy_roles.layer_resources import KeyUse, OwnedResources, ResourceGroup
from stacks.foundation.deploy_roles.provider_actions import find_actions

# Names of functions, their log groups, alarms and dashboards.
_PIPELINE_NAME = re.compile(
    r"(?P<kind>:function:|:log-group:/aws/lambda/|:alarm:|:dashboard/)fraud-pipeline-.*"
)
_HAS_TAG = "aws:ResourceTag/layer"
_GETS_TAG = "aws:RequestTag/layer"


def deploy_statements(
    project: Project, arns: Arns, keys: Mapping[str, Arn], *, code_signing: bool = False
) -> list[Statement]:
    """Create, update, read and delete the resources of a layer. `keys`: the ARN of each key by purpose."""
    owned = layer_resources.find_owned_resources(project, arns, code_signing=code_signing)
    groups = [statement for group in owned.groups for statement in _group_statements(group, project.layer)]
    return [
        *_remove_covered(groups),
        *_unscoped_statements([owned], Survey="list", Alter="update_unscoped"),
        *_key_statements(owned, arns, keys),
    ]


def merge_deploy_statements(statements: Sequence[Statement]) -> list[Statement]:
    """Fewer and shorter statements that allow the same: the size of inline policies is limited.

    One statement holds all actions on the same resources, and one pattern both ARNs of a log group.
    """
    merged: list[Statement] = []
    for statement in (_map_arns(_shorten_arn, statement) for statement in statements):
        scope = (statement.resources, statement.conditions)
        index = next(
            (n for n, other in enumerate(merged) if (other.resources, other.conditions) == scope), -1
        )
        if index < 0:
            merged.append(statement)
        else:
            actions = sorted({*merged[index].actions, *statement.actions})
            merged[index] = replace(merged[index], actions=actions)
    return merged


def read_statements(
    projects: Iterable[Project], arns: Arns, keys: Mapping[str, Arn], *, code_signing: bool = False
) -> list[Statement]:
    """Read the configuration of all resources of the layers, but no data.

    Environment variables of functions and the rules of a bus are encrypted, so reading them needs their keys.
    One pattern covers all names that begin with the pipeline's name, because the size of inline policies is
    limited.
    """
    owned = {
        project.layer: layer_resources.find_owned_resources(project, arns, code_signing=code_signing)
        for project in projects
    }
    groups = [
        (layer, group)
        for layer, resources in owned.items()
        for group in resources.groups
        if find_actions(group.types, "read")
    ]
    tagged = [(layer, _read_group_statement(group, arns)) for layer, group in groups if group.tagged]
    return [
        *_merge_by_service(
            [_read_group_statement(group, arns) for _, group in groups if not group.tagged], {}, "LookAt"
        ),
        *(merged for service in _find_services(tagged) for merged in _merge_tagged(tagged, service)),
        *_unscoped_statements(owned.values(), Survey="list"),
        *_read_key_statements(owned.values(), arns, keys),
    ]


def deploy_boundary_statements(statements: Sequence[Statement], *layers: str) -> list[Statement]:
    """Shorter statements that allow at least the same: a boundary is one policy of limited size.

    Each action applies only to resources of its own service, so one statement can hold several services. An
    action on a resource of another service needs a statement of its own. Of the conditions, only those on the
    tag of the layer remain.
    """
    unscoped = [statement for statement in statements if _resource_arns(statement) == ["*"]]
    scoped = [statement for statement in statements if statement not in unscoped]
    tagged = [statement for statement in scoped if _tag_keys(statement)]
    crossing = [statement for statement in scoped if _crosses_services(statement)]
    tag_keys = sorted({key for statement in tagged for key in _tag_keys(statement)})
    return [
        *_merge_statements(
            [
                _map_arns(_shorten_arn, statement)
                for statement in scoped
                if statement not in tagged and statement not in crossing
            ],
            {},
        ),
        *_merge_statements(crossing, {}),
        *_merge_statements(tagged, {"StringEqualsIfExists": dict.fromkeys(tag_keys, layers)}),
        *_merge_statements([statement for statement in unscoped if not _tag_keys(statement)], {}),
        *_merge_statements(
            [statement for statement in unscoped if _tag_keys(statement)],
            {"StringEquals": {_GETS_TAG: layers}},
        ),
    ]


def omit_regions(statements: Iterable[Statement]) -> list[Statement]:
    """Shorter statements of a boundary, for every region. The role's own policy names the region."""
    return [_map_arns(_omit_region, statement) for statement in statements]


def read_boundary_statements(statements: Sequence[Statement], *layers: str) -> list[Statement]:
    """The boundary for read statements: all names of each kind, so that more layers do not enlarge it."""
    return deploy_boundary_statements(
        [
            statement if _tag_keys(statement) else _map_arns(_generalize_arn, statement)
            for statement in statements
        ],
        *layers,
    )


def _group_statements(group: ResourceGroup, layer: str) -> list[Statement]:
    def allow(
        sid: str, *kinds: str, arns: Sequence[Arn] = group.arns, conditions: Conditions | None = None
    ) -> Statement:
        return _make_statement(sid, find_actions(group.types, *kinds), arns, conditions)

    if not group.tagged and not group.create_arns:
        return [allow(group.name, *group.kinds)]
    gets_tag: Conditions = {"StringEquals": {_GETS_TAG: layer}}
    create = allow(
        f"Make{group.name}",
        "create",
        arns=group.create_arns or group.arns,
        conditions={**gets_tag, **group.create_conditions},
    )
    if not group.tagged:
        return [create, allow(group.name, "update", "read")]
    untagged: Conditions = {**gets_tag, "Null": {_HAS_TAG: "true"}}
    return [
        create,
        # A resource without the tag: one that was just created, or that AWS created along with it.
        allow(
            f"Claim{group.name}",
            "tag_on_create",
            arns=group.claim_arns or group.arns,
            conditions=untagged,
        ),
        allow(group.name, "update", "read", conditions={"StringEquals": {_HAS_TAG: layer}}),
    ]


def _remove_covered(statements: Sequence[Statement]) -> list[Statement]:
    """The statements whose actions another one does not allow on the same resources.

    Composite alarms have the names and most of the actions of alarms. The size of inline policies is limited.
    """

    def covers(other: Statement, statement: Statement) -> bool:
        same_scope = (other.resources, other.conditions) == (statement.resources, statement.conditions)
        return same_scope and set(other.actions) > set(statement.actions)

    return [
        statement for statement in statements if not any(covers(other, statement) for other in statements)
    ]


def _read_group_statement(group: ResourceGroup, arns: Arns) -> Statement:
    any_name = rf"\g<kind>{arns.names.role('*')}"
    resources = dict.fromkeys(
        re.sub(_PIPELINE_NAME, any_name, str(arn)) for arn in group.read_arns or group.arns
    )
    return _make_statement("", find_actions(group.types, "read"), list(resources))


def _find_services(statements: Iterable[tuple[str, Statement]]) -> list[str]:
    return list(dict.fromkeys(_service_of(statement) for _, statement in statements))


def _merge_tagged(statements: Sequence[tuple[str, Statement]], service: str) -> list[Statement]:
    """One statement for a service, restricted to the tags of the layers with resources in it."""
    members = [(layer, statement) for layer, statement in statements if _service_of(statement) == service]
    layers = list(dict.fromkeys(layer for layer, _ in members))
    return _merge_by_service(
        [statement for _, statement in members], {"StringEquals": {_HAS_TAG: layers}}, "LookAtTagged"
    )


def _service_of(statement: Statement) -> str:
    return statement.actions[0].partition(":")[0]


def _unscoped_statements(owned: Iterable[OwnedResources], **kinds: str) -> list[Statement]:
    """Actions that AWS does not check against a resource. `kinds`: the kind of actions by statement ID."""
    groups = [group for resources in owned for group in resources.groups]
    actions = {
        sid: sorted({action for group in groups for action in find_actions(group.types, kind)})
        for sid, kind in kinds.items()
    }
    return [_make_statement(sid, names, ["*"]) for sid, names in actions.items() if names]


def _key_statements(owned: OwnedResources, arns: Arns, keys: Mapping[str, Arn]) -> list[Statement]:
    """Use the keys through the services that encrypt with them, and in no other way."""
    uses = [
        _key_statement(f"Use{_key_use_name(use)}", use.actions, keys[use.purpose], arns.service(use.service))
        for use in owned.keys
    ]
    grants = [
        _key_statement(
            f"Grant{_key_use_name(use)}",
            ["kms:CreateGrant"],
            keys[use.purpose],
            arns.service(use.service),
            {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        )
        for use in owned.keys
        if use.grants
    ]
    return [*uses, *grants]


def _read_key_statements(
    owned: Iterable[OwnedResources], arns: Arns, keys: Mapping[str, Arn]
) -> list[Statement]:
    uses = dict.fromkeys(use for resources in owned for use in resources.keys if use.to_read)
    return [
        _key_statement(
            f"ReadWith{_key_use_name(use)}", ["kms:Decrypt"], keys[use.purpose], arns.service(use.service)
        )
        for use in uses
    ]


def _key_use_name(use: KeyUse) -> str:
    return f"{use.purpose.capitalize()}KeyThrough{use.service.capitalize()}"


def _key_statement(
    sid: str, actions: Sequence[str], key: Arn, service: str, conditions: Conditions | None = None
) -> Statement:
    return _make_statement(
        sid, actions, [key], {"StringEquals": {"kms:ViaService": service}, **(conditions or {})}
    )


def _make_statement(
    sid: str, actions: Sequence[str], resources: Sequence[Arn], conditions: Conditions | None = None
) -> Statement:
    return Statement(sid=sid, actions=actions, resources=resources, conditions=conditions or {})


def _map_arns(convert: Callable[[Arn], Arn], statement: Statement) -> Statement:
    """The statement with converted ARNs, each of them once."""
    return replace(statement, resources=list(dict.fromkeys(map(convert, _resource_arns(statement)))))


def _shorten_arn(arn: Arn) -> Arn:
    """One pattern for both ARNs of a log group, and one for the aliases of all keys."""
    if not isinstance(arn, str):
        return arn
    return re.sub(r"(:alias/fraud-)[a-z]+", r"\1*", re.sub(r"(:log-group:[^:*]+)(:\*)?$", r"\1*", arn))


def _omit_region(arn: Arn) -> Arn:
    def omit(text: str) -> str:
        return re.sub(r"^(arn:[^:]+:[^:]+:)[^:]+(:\d+:)", r"\1*\2", text)

    return omit(arn) if isinstance(arn, str) else pulumi.Output.all(arn).apply(lambda arns: omit(arns[0]))


def _generalize_arn(arn: Arn) -> Arn:
    """A pattern for all names of the same kind, such as `function:*`. An Output is returned unchanged."""
    if not isinstance(arn, str) or arn == "*":
        return arn
    *owner, resource = arn.split(":", 5)
    if resource.startswith("/"):
        return arn
    kind = re.match(r"[a-z-]+[:/]", resource)
    return ":".join([*owner, f"{kind.group() if kind else ''}*"])


def _tag_keys(statement: Statement) -> set[str]:
    """The condition keys on tags that a statement tests."""
    return {_HAS_TAG, _GETS_TAG} & {key for test in statement.conditions.values() for key in test}


def _crosses_services(statement: Statement) -> bool:
    """Whether a statement allows actions of a service on resources of another one."""
    services = {arn.split(":")[2] for arn in _resource_arns(statement) if isinstance(arn, str) and arn != "*"}
    return bool(services - {_service_of(statement)})


def _merge_by_service(
    statements: Sequence[Statement], conditions: Conditions, sid: str = ""
) -> list[Statement]:
    """One statement for each service. Its ID is `sid` and the service."""
    services: dict[str, list[Statement]] = {}
    for statement in statements:
        services.setdefault(_service_of(statement), []).append(statement)
    return [
        merged
        for service, members in services.items()
        for merged in _merge_statements(members, conditions, f"{sid}{service.capitalize()}" if sid else "")
    ]


def _merge_statements(
    statements: Sequence[Statement], conditions: Conditions, sid: str = ""
) -> list[Statement]:
    """One statement for all, or none if there are no actions."""
    actions = {action for statement in statements for action in statement.actions}
    # An Output is equal only to itself.
    resources = {
        arn if isinstance(arn, str) else id(arn): arn
        for statement in statements
        for arn in _resource_arns(statement)
    }
    return [_make_statement(sid, sorted(actions), list(resources.values()), conditions)] if actions else []


def _resource_arns(statement: Statement) -> list[Arn]:
    return list(cast(Sequence[Arn], statement.resources))
