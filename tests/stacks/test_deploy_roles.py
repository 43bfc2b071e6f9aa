"""The permissions of CI's roles: everything for their layer, and nothing for other layers."""

from collections.abc import Iterator

import pytest

from shared.projects import PROJECTS
from stacks.foundation.deploy_roles.provider_actions import PROVIDER_ACTIONS
from tests.stacks.conftest import Programs
from tests.stacks.evaluation import (
    LAYERS,
    PURPOSES,
    RecordedRole,
    boundary_arn,
    deploy_roles,
    find_actions,
    role_arn,
)
from tests.stacks.mocked_aws import ACCOUNT, REGION, arn

Roles = dict[str, RecordedRole]

STATE = f"arn:aws:s3:::fraud-pipeline-state-{ACCOUNT}-{REGION}"
# Resources with a name, by layer: type and ARN.
NAMED = {
    "data": [
        ("dynamodb/table:Table", arn("dynamodb", "table/transactions")),
        ("dynamodb/table:Table", arn("dynamodb", "table/profiles")),
        ("sqs/queue:Queue", arn("sqs", "suspicious")),
        ("sqs/queue:Queue", arn("sqs", "suspicious-dlq")),
        ("sns/topic:Topic", arn("sns", "fraud-alerts")),
    ],
    "processing": [
        ("cloudwatch/eventBus:EventBus", arn("events", "event-bus/fraud-transactions")),
        ("cloudwatch/eventRule:EventRule", arn("events", "rule/fraud-transactions/transaction-inserted")),
        ("cloudwatch/eventTarget:EventTarget", arn("events", "rule/fraud-transactions/transaction-inserted")),
        ("sqs/queue:Queue", arn("sqs", "pipe-failures")),
        ("sqs/queue:Queue", arn("sqs", "events-failures")),
        ("sqs/queue:Queue", arn("sqs", "fraud-failures")),
        ("pipes/pipe:Pipe", arn("pipes", "pipe/transactions-to-bus")),
        ("lambda/function:Function", arn("lambda", "function:fraud-pipeline-fraud")),
        ("lambda/function:Function", arn("lambda", "function:fraud-pipeline-merchants")),
        ("lambda/function:Function", arn("lambda", "function:fraud-pipeline-notify")),
        ("cloudwatch/logGroup:LogGroup", arn("logs", "log-group:/aws/lambda/fraud-pipeline-notify")),
    ],
    "edge": [
        ("lambda/function:Function", arn("lambda", "function:fraud-pipeline-api")),
        ("lambda/function:Function", arn("lambda", "function:fraud-pipeline-labels")),
        ("cloudwatch/logGroup:LogGroup", arn("logs", "log-group:/aws/lambda/fraud-pipeline-labels")),
        ("cloudwatch/logGroup:LogGroup", arn("logs", "log-group:/aws/apigateway/fraud-transactions")),
        ("cloudwatch/logGroup:LogGroup", arn("logs", "log-group:/aws/apigateway/welcome")),
        ("apigateway/account:Account", f"arn:aws:apigateway:{REGION}::/account"),
    ],
    "foundation": [
        ("sns/topic:Topic", arn("sns", "fraud-operations")),
        ("cloudwatch/eventRule:EventRule", arn("events", "rule/fraud-key-state")),
        ("cloudwatch/eventTarget:EventTarget", arn("events", "rule/fraud-key-state")),
        ("budgets/budget:Budget", f"arn:aws:budgets::{ACCOUNT}:budget/fraud-pipeline"),
    ],
}
for layer, resources in NAMED.items():
    # Foundation has neither metric alarms nor dashboards.
    if layer == "foundation":
        continue
    alarm = arn("cloudwatch", f"alarm:fraud-pipeline-{layer}-errors")
    dashboard = f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/fraud-pipeline-{layer}-overview"
    resources += [
        ("cloudwatch/metricAlarm:MetricAlarm", alarm),
        ("cloudwatch/dashboard:Dashboard", dashboard),
    ]
# Resources with a generated ID: layer, type and ARN.
TAGGED = [
    ("foundation", "kms/key:Key", arn("kms", "key/1a2b")),
    ("foundation", "ec2/vpc:Vpc", arn("ec2", "vpc/vpc-1")),
    ("foundation", "ec2/subnet:Subnet", arn("ec2", "subnet/subnet-1")),
    ("foundation", "ec2/securityGroup:SecurityGroup", arn("ec2", "security-group/sg-1")),
    ("foundation", "ec2/vpcEndpoint:VpcEndpoint", arn("ec2", "vpc-endpoint/vpce-1")),
    ("processing", "lambda/eventSourceMapping:EventSourceMapping", arn("lambda", "event-source-mapping:1-2")),
    ("edge", "apigateway/restApi:RestApi", f"arn:aws:apigateway:{REGION}::/restapis/a1"),
    ("edge", "apigateway/method:Method", f"arn:aws:apigateway:{REGION}::/restapis/a1/resources/b2"),
]


def named_resources() -> Iterator[tuple[str, str, str]]:
    for layer, resources in NAMED.items():
        yield from ((layer, type_, resource) for type_, resource in resources)


def test_provider_actions_list_exactly_the_types_in_use(
    prod: Programs, guarded: Programs, signed: Programs
) -> None:
    used = {
        resource.type.removeprefix("aws:")
        for programs in (prod, guarded, signed)
        for program in programs.values()
        for resource in program.resources
    }
    assert {type_ for type_ in used if not type_.startswith("fraud:")} == set(PROVIDER_ACTIONS)


@pytest.mark.parametrize(("layer", "type_", "resource"), list(named_resources()))
def test_deploy_role_creates_updates_reads_and_deletes_named_resources(
    roles: Roles, layer: str, type_: str, resource: str
) -> None:
    role = roles[f"deploy-{layer}"]
    assert [a for a in find_actions(type_, "create", "update", "read") if not role.allows(a, resource)] == []
    assert [a for a in find_actions(type_, "list", "update_unscoped") if not role.allows(a, "*")] == []


@pytest.mark.parametrize(("layer", "type_", "resource"), list(named_resources()))
def test_no_other_deploy_role_creates_updates_or_reads_them(
    roles: Roles, layer: str, type_: str, resource: str
) -> None:
    for other_layer in LAYERS:
        if other_layer != layer:
            role = roles[f"deploy-{other_layer}"]
            assert [
                a for a in find_actions(type_, "create", "update", "read") if role.allows(a, resource)
            ] == []
            assert [
                a
                for a in find_actions(type_, "create", "update", "read")
                if role.boundary_allows(a, resource)
            ] == []


@pytest.mark.parametrize(("layer", "type_", "resource"), TAGGED)
def test_access_to_resources_with_generated_ids_depends_on_the_tag(
    roles: Roles, layer: str, type_: str, resource: str
) -> None:
    actions = find_actions(type_, "update", "read")
    for name, role in deploy_roles(roles).items():
        allowed = [a for a in actions if role.allows(a, resource, aws__ResourceTag_layer=layer)]
        assert allowed == (actions if name == layer else []), name
        assert [a for a in actions if role.allows(a, resource)] == []
        assert [a for a in actions if role.boundary_allows(a, resource, aws__ResourceTag_layer="other")] == []


@pytest.mark.parametrize(
    ("layer", "action", "resource"),
    [
        ("foundation", "ec2:CreateVpc", arn("ec2", "vpc/vpc-1")),
        ("foundation", "ec2:CreateVpcEndpoint", arn("ec2", "vpc-endpoint/vpce-1")),
        ("foundation", "kms:CreateKey", "*"),
        ("edge", "apigateway:POST", f"arn:aws:apigateway:{REGION}::/restapis"),
    ],
)
def test_new_resource_with_a_generated_id_must_get_the_tag_of_the_layer(
    roles: Roles, layer: str, action: str, resource: str
) -> None:
    role = roles[f"deploy-{layer}"]
    assert role.allows(action, resource, aws__RequestTag_layer=layer)
    assert not role.allows(action, resource, aws__RequestTag_layer="data")
    assert not role.allows(action, resource)


@pytest.mark.parametrize(
    ("layer", "action", "resource"),
    [
        ("foundation", "ec2:CreateTags", arn("ec2", "security-group/sg-default")),
        ("foundation", "kms:TagResource", arn("kms", "key/1a2b")),
        ("edge", "apigateway:PUT", f"arn:aws:apigateway:{REGION}::/tags/arn%3Aaws"),
    ],
)
def test_no_role_tags_resources_of_another_layer(
    roles: Roles, layer: str, action: str, resource: str
) -> None:
    role = roles[f"deploy-{layer}"]
    assert role.allows(action, resource, aws__RequestTag_layer=layer)
    assert not role.policy_allows(
        action, resource, aws__RequestTag_layer=layer, aws__ResourceTag_layer="data"
    )
    assert not role.boundary_allows(
        action, resource, aws__RequestTag_layer=layer, aws__ResourceTag_layer="data"
    )


def test_event_source_mapping_is_created_only_for_own_functions(roles: Roles) -> None:
    def can_create(function: str) -> bool:
        return roles["deploy-processing"].allows(
            "lambda:CreateEventSourceMapping",
            "*",
            aws__RequestTag_layer="processing",
            lambda__FunctionArn=arn("lambda", f"function:fraud-pipeline-{function}"),
        )

    assert can_create("fraud")
    assert can_create("merchants")
    assert can_create("notify")
    assert not can_create("api")


@pytest.mark.parametrize("layer", LAYERS)
def test_deploy_role_writes_its_own_state_and_reads_that_of_its_neighbors(roles: Roles, layer: str) -> None:
    role = roles[f"deploy-{layer}"]
    for folder in (
        ".pulumi/stacks",
        ".pulumi/history",
        ".pulumi/backups",
        ".pulumi/locks/organization",
        "backups",
    ):
        file = f"{STATE}/{folder}/fraud-{layer}/prod.json"
        assert role.allows("s3:PutObject", file)
        assert role.allows("s3:DeleteObject", file)
        for other_layer in LAYERS:
            if other_layer != layer:
                assert not role.boundary_allows(
                    "s3:PutObject", file.replace(f"fraud-{layer}", f"fraud-{other_layer}")
                )
    neighbors = {
        other_layer: role.allows("s3:GetObject", f"{STATE}/.pulumi/stacks/fraud-{other_layer}/prod.json")
        for other_layer in LAYERS
    }
    reads = {project.layer: {project.layer, *project.depends_on} for project in PROJECTS}
    assert neighbors == {
        other_layer: other_layer in reads[layer] or layer in reads[other_layer] for other_layer in LAYERS
    }
    assert role.allows("s3:GetObject", f"{STATE}/.pulumi/meta.yaml")
    assert role.allows("s3:ListBucket", STATE)
    assert not role.allows("s3:PutObject", f"{STATE}/.pulumi/meta.yaml")


@pytest.mark.parametrize("layer", LAYERS)
def test_deploy_role_uses_only_the_state_key_directly(roles: Roles, layer: str) -> None:
    role, key = roles[f"deploy-{layer}"], arn("kms", "key/state")
    assert role.allows("kms:Decrypt", key, kms__ResourceAliases="alias/fraud-pipeline-state")
    assert not role.allows("kms:Decrypt", key, kms__ResourceAliases="alias/fraud-data")
    assert not role.allows("kms:Decrypt", arn("kms", "key/data"))
    assert not role.allows("kms:ScheduleKeyDeletion", key, kms__ResourceAliases="alias/fraud-pipeline-state")


@pytest.mark.parametrize(
    ("layer", "key", "service"),
    [
        ("data", "data", "dynamodb"),
        ("data", "profiles", "dynamodb"),
        ("processing", "function", "lambda"),
        ("edge", "function", "lambda"),
    ],
)
def test_deploy_role_uses_keys_only_through_their_services(
    roles: Roles, layer: str, key: str, service: str
) -> None:
    role, through = roles[f"deploy-{layer}"], {"kms__ViaService": f"{service}.{REGION}.amazonaws.com"}
    assert role.allows("kms:Encrypt", arn("kms", f"key/{key}"), **through)
    assert role.allows(
        "kms:CreateGrant", arn("kms", f"key/{key}"), kms__GrantIsForAWSResource="true", **through
    )
    assert not role.allows("kms:CreateGrant", arn("kms", f"key/{key}"), **through)
    assert not role.allows("kms:Encrypt", arn("kms", "key/logs"), **through)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_no_role_accesses_the_data_of_the_pipeline(roles: Roles, purpose: str) -> None:
    role = roles[purpose]
    for action, resource in (
        ("dynamodb:GetItem", arn("dynamodb", "table/transactions")),
        ("dynamodb:Scan", arn("dynamodb", "table/transactions")),
        ("dynamodb:GetItem", arn("dynamodb", "table/profiles")),
        ("dynamodb:UpdateItem", arn("dynamodb", "table/profiles")),
        ("sqs:ReceiveMessage", arn("sqs", "suspicious")),
        ("sqs:SendMessage", arn("sqs", "suspicious")),
        ("sns:Publish", arn("sns", "fraud-alerts")),
        ("lambda:InvokeFunction", arn("lambda", "function:fraud-pipeline-api")),
        ("logs:GetLogEvents", arn("logs", "log-group:/aws/lambda/fraud-pipeline-api:*")),
        ("events:PutEvents", arn("events", "event-bus/fraud-transactions")),
    ):
        assert not role.boundary_allows(action, resource), action


def test_read_role_reads_everything_and_changes_nothing(roles: Roles) -> None:
    role = roles["read"]
    resources = [*named_resources(), *TAGGED]
    for layer, type_, resource in resources:
        keys = {"aws__ResourceTag_layer": layer, "aws__RequestTag_layer": layer}
        assert [a for a in find_actions(type_, "read") if not role.allows(a, resource, **keys)] == [], (
            resource
        )
        changes = set(find_actions(type_, "create", "update", "tag_on_create")) - set(
            find_actions(type_, "read")
        )
        assert [a for a in changes if role.boundary_allows(a, resource, **keys)] == [], resource
    for type_ in PROVIDER_ACTIONS:
        assert [a for a in find_actions(type_, "list") if not role.allows(a, "*")] == []
    for layer in LAYERS:
        file = f"{STATE}/.pulumi/stacks/fraud-{layer}/prod.json"
        assert role.allows("s3:GetObject", file)
        assert not role.boundary_allows("s3:PutObject", file)
    assert role.allows("iam:GetRolePolicy", role_arn("fraud"))
    assert not role.boundary_allows(
        "iam:PutRolePolicy", role_arn("fraud"), iam__PermissionsBoundary=boundary_arn("fraud")
    )


def test_rules_of_the_encrypted_bus_need_its_key(roles: Roles) -> None:
    key, through = arn("kms", "key/data"), {"kms__ViaService": f"events.{REGION}.amazonaws.com"}
    make = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"]
    make += ["kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:DescribeKey"]
    assert [a for a in make if not roles["deploy-processing"].allows(a, key, **through)] == []
    assert [a for a in make if roles["read"].allows(a, key, **through)] == ["kms:Decrypt"]
    for layer in ("foundation", "data", "edge"):
        assert [a for a in make if roles[f"deploy-{layer}"].allows(a, key, **through)] == []


@pytest.mark.parametrize("layer", ["processing", "edge"])
def test_composite_alarms_need_the_tag_and_the_name_of_the_layer(roles: Roles, layer: str) -> None:
    # CloudWatch checks PutCompositeAlarm only against all alarms.
    for name, role in deploy_roles(roles).items():
        assert role.allows("cloudwatch:PutCompositeAlarm", "*", aws__RequestTag_layer=layer) == (
            name == layer
        )
        assert not role.boundary_allows("cloudwatch:PutCompositeAlarm", "*")
        alarm = arn("cloudwatch", f"alarm:fraud-pipeline-{layer}-burn-rate")
        assert role.allows("cloudwatch:DeleteAlarms", alarm) == (name == layer)
        assert role.boundary_allows("cloudwatch:DeleteAlarms", alarm) == (name == layer)


def test_role_of_foundation_deletes_network_interfaces_only_in_its_network(roles: Roles) -> None:
    interface, vpc = arn("ec2", "network-interface/eni-1"), arn("ec2", "vpc/vpc-id")
    for action in ("ec2:DetachNetworkInterface", "ec2:DeleteNetworkInterface"):
        assert roles["deploy-foundation"].allows(action, interface, ec2__Vpc=vpc)
        assert not roles["deploy-foundation"].boundary_allows(
            action, interface, ec2__Vpc=arn("ec2", "vpc/other")
        )
        assert not roles["deploy-foundation"].boundary_allows(action, interface)
        assert not roles["deploy-edge"].boundary_allows(action, interface, ec2__Vpc=vpc)
