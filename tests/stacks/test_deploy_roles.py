"""What the roles of CI may do: all that deploying their layer takes, and nothing with what is another's."""

from collections.abc import Iterator

import pytest

from shared.projects import PROJECTS
from stacks.foundation.deploy_roles.provider_actions import CALLS
from tests.stacks.conftest import Programs
from tests.stacks.evaluation import LAYERS, PURPOSES, RecordedRole, boundary_arn, calls, deployers, role_arn
from tests.stacks.mocked_aws import ACCOUNT, REGION, arn

Roles = dict[str, RecordedRole]

STATE = f"arn:aws:s3:::fraud-pipeline-state-{ACCOUNT}-{REGION}"
# What has a name, by layer: its type, and its ARN.
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
    alarm = arn("cloudwatch", f"alarm:fraud-pipeline-{layer}-errors")
    dashboard = f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/fraud-pipeline-{layer}-overview"
    resources += [
        ("cloudwatch/metricAlarm:MetricAlarm", alarm),
        ("cloudwatch/dashboard:Dashboard", dashboard),
    ]
# Where AWS makes up the ids: whose it is, the type, the resource.
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


def named() -> Iterator[tuple[str, str, str]]:
    for layer, resources in NAMED.items():
        yield from ((layer, type_, resource) for type_, resource in resources)


def test_every_type_that_a_stack_uses_has_its_calls_listed_and_no_other_has(prod: Programs) -> None:
    used = {each.type.removeprefix("aws:") for program in prod.values() for each in program.resources}
    assert {type_ for type_ in used if not type_.startswith("fraud:")} == set(CALLS)


@pytest.mark.parametrize(("layer", "type_", "resource"), list(named()))
def test_a_layers_role_makes_changes_looks_at_and_deletes_what_has_a_name(
    roles: Roles, layer: str, type_: str, resource: str
) -> None:
    role = roles[f"deploy-{layer}"]
    assert [a for a in calls(type_, "make", "change", "look") if not role.may(a, resource)] == []
    assert [a for a in calls(type_, "survey", "alter") if not role.may(a, "*")] == []


@pytest.mark.parametrize(("layer", "type_", "resource"), list(named()))
def test_no_other_layers_role_does_any_of_that(roles: Roles, layer: str, type_: str, resource: str) -> None:
    for other in LAYERS:
        if other != layer:
            role = roles[f"deploy-{other}"]
            assert [a for a in calls(type_, "make", "change", "look") if role.may(a, resource)] == []
            assert [a for a in calls(type_, "make", "change", "look") if role.might(a, resource)] == []


@pytest.mark.parametrize(("layer", "type_", "resource"), TAGGED)
def test_where_aws_makes_up_ids_the_layers_tag_decides(
    roles: Roles, layer: str, type_: str, resource: str
) -> None:
    actions = calls(type_, "change", "look")
    for name, role in deployers(roles).items():
        allowed = [a for a in actions if role.may(a, resource, aws__ResourceTag_layer=layer)]
        assert allowed == (actions if name == layer else []), name
        assert [a for a in actions if role.may(a, resource)] == []
        assert [a for a in actions if role.might(a, resource, aws__ResourceTag_layer="other")] == []


@pytest.mark.parametrize(
    ("layer", "action", "resource"),
    [
        ("foundation", "ec2:CreateVpc", arn("ec2", "vpc/vpc-1")),
        ("foundation", "ec2:CreateVpcEndpoint", arn("ec2", "vpc-endpoint/vpce-1")),
        ("foundation", "kms:CreateKey", "*"),
        ("edge", "apigateway:POST", f"arn:aws:apigateway:{REGION}::/restapis"),
    ],
)
def test_what_gets_an_id_must_get_the_layers_tag(
    roles: Roles, layer: str, action: str, resource: str
) -> None:
    role = roles[f"deploy-{layer}"]
    assert role.may(action, resource, aws__RequestTag_layer=layer)
    assert not role.may(action, resource, aws__RequestTag_layer="data")
    assert not role.may(action, resource)


@pytest.mark.parametrize(
    ("layer", "action", "resource"),
    [
        ("foundation", "ec2:CreateTags", arn("ec2", "security-group/sg-default")),
        ("foundation", "kms:TagResource", arn("kms", "key/1a2b")),
        ("edge", "apigateway:PUT", f"arn:aws:apigateway:{REGION}::/tags/arn%3Aaws"),
    ],
)
def test_no_role_claims_what_is_another_layers(roles: Roles, layer: str, action: str, resource: str) -> None:
    role = roles[f"deploy-{layer}"]
    assert role.may(action, resource, aws__RequestTag_layer=layer)
    assert not role.is_given(action, resource, aws__RequestTag_layer=layer, aws__ResourceTag_layer="data")
    assert not role.might(action, resource, aws__RequestTag_layer=layer, aws__ResourceTag_layer="data")


def test_a_mapping_is_made_for_the_layers_own_function_only(roles: Roles) -> None:
    def may(function: str) -> bool:
        return roles["deploy-processing"].may(
            "lambda:CreateEventSourceMapping",
            "*",
            aws__RequestTag_layer="processing",
            lambda__FunctionArn=arn("lambda", f"function:fraud-pipeline-{function}"),
        )

    assert may("notify")
    assert not may("api")


@pytest.mark.parametrize("layer", LAYERS)
def test_a_role_keeps_its_own_state_and_reads_that_of_its_neighbours(roles: Roles, layer: str) -> None:
    role = roles[f"deploy-{layer}"]
    for folder in (
        ".pulumi/stacks",
        ".pulumi/history",
        ".pulumi/backups",
        ".pulumi/locks/organization",
        "backups",
    ):
        file = f"{STATE}/{folder}/fraud-{layer}/prod.json"
        assert role.may("s3:PutObject", file)
        assert role.may("s3:DeleteObject", file)
        for other in LAYERS:
            if other != layer:
                assert not role.might("s3:PutObject", file.replace(f"fraud-{layer}", f"fraud-{other}"))
    neighbours = {
        other: role.may("s3:GetObject", f"{STATE}/.pulumi/stacks/fraud-{other}/prod.json") for other in LAYERS
    }
    reads = {project.layer: {project.layer, *project.depends_on} for project in PROJECTS}
    assert neighbours == {other: other in reads[layer] or layer in reads[other] for other in LAYERS}
    assert role.may("s3:GetObject", f"{STATE}/.pulumi/meta.yaml")
    assert role.may("s3:ListBucket", STATE)
    assert not role.may("s3:PutObject", f"{STATE}/.pulumi/meta.yaml")


@pytest.mark.parametrize("layer", LAYERS)
def test_a_role_uses_the_key_of_the_state_and_no_other_key_by_itself(roles: Roles, layer: str) -> None:
    role, key = roles[f"deploy-{layer}"], arn("kms", "key/state")
    assert role.may("kms:Decrypt", key, kms__ResourceAliases="alias/fraud-pipeline-state")
    assert not role.may("kms:Decrypt", key, kms__ResourceAliases="alias/fraud-data")
    assert not role.may("kms:Decrypt", arn("kms", "key/data"))
    assert not role.may("kms:ScheduleKeyDeletion", key, kms__ResourceAliases="alias/fraud-pipeline-state")


@pytest.mark.parametrize(
    ("layer", "key", "service"),
    [
        ("data", "data", "dynamodb"),
        ("data", "profiles", "dynamodb"),
        ("processing", "function", "lambda"),
        ("edge", "function", "lambda"),
    ],
)
def test_a_role_hands_a_key_to_the_service_that_encrypts_with_it(
    roles: Roles, layer: str, key: str, service: str
) -> None:
    role, through = roles[f"deploy-{layer}"], {"kms__ViaService": f"{service}.{REGION}.amazonaws.com"}
    assert role.may("kms:Encrypt", arn("kms", f"key/{key}"), **through)
    assert role.may("kms:CreateGrant", arn("kms", f"key/{key}"), kms__GrantIsForAWSResource="true", **through)
    assert not role.may("kms:CreateGrant", arn("kms", f"key/{key}"), **through)
    assert not role.may("kms:Encrypt", arn("kms", "key/logs"), **through)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_no_role_reads_or_writes_what_the_pipeline_stores(roles: Roles, purpose: str) -> None:
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
        assert not role.might(action, resource), action


def test_the_role_that_looks_looks_at_everything_and_changes_nothing(roles: Roles) -> None:
    role = roles["read"]
    resources = [*named(), *TAGGED]
    for layer, type_, resource in resources:
        keys = {"aws__ResourceTag_layer": layer, "aws__RequestTag_layer": layer}
        assert [a for a in calls(type_, "look") if not role.may(a, resource, **keys)] == [], resource
        changes = set(calls(type_, "make", "change", "claim")) - set(calls(type_, "look"))
        assert [a for a in changes if role.might(a, resource, **keys)] == [], resource
    for type_ in CALLS:
        assert [a for a in calls(type_, "survey") if not role.may(a, "*")] == []
    for layer in LAYERS:
        file = f"{STATE}/.pulumi/stacks/fraud-{layer}/prod.json"
        assert role.may("s3:GetObject", file)
        assert not role.might("s3:PutObject", file)
    assert role.may("iam:GetRolePolicy", role_arn("fraud"))
    assert not role.might(
        "iam:PutRolePolicy", role_arn("fraud"), iam__PermissionsBoundary=boundary_arn("fraud")
    )


def test_the_rules_of_the_encrypted_bus_are_made_and_read_with_its_key(roles: Roles) -> None:
    key, through = arn("kms", "key/data"), {"kms__ViaService": f"events.{REGION}.amazonaws.com"}
    make = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"]
    make += ["kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:DescribeKey"]
    assert [a for a in make if not roles["deploy-processing"].may(a, key, **through)] == []
    assert [a for a in make if roles["read"].may(a, key, **through)] == ["kms:Decrypt", "kms:DescribeKey"]
    for layer in ("foundation", "data", "edge"):
        assert [a for a in make if roles[f"deploy-{layer}"].may(a, key, **through)] == []


@pytest.mark.parametrize("layer", LAYERS)
def test_composite_alarms_are_made_with_the_layers_tag_and_changed_under_its_names(
    roles: Roles, layer: str
) -> None:
    # CloudWatch takes PutCompositeAlarm on all alarms or on none.
    for name, role in deployers(roles).items():
        assert role.may("cloudwatch:PutCompositeAlarm", "*", aws__RequestTag_layer=layer) == (name == layer)
        assert not role.might("cloudwatch:PutCompositeAlarm", "*")
        alarm = arn("cloudwatch", f"alarm:fraud-pipeline-{layer}-burn-rate")
        assert role.may("cloudwatch:DeleteAlarms", alarm) == (name == layer)
        assert role.might("cloudwatch:DeleteAlarms", alarm) == (name == layer)


def test_foundations_role_removes_the_interfaces_that_lambda_leaves_in_its_network(roles: Roles) -> None:
    interface, vpc = arn("ec2", "network-interface/eni-1"), arn("ec2", "vpc/vpc-id")
    for action in ("ec2:DetachNetworkInterface", "ec2:DeleteNetworkInterface"):
        assert roles["deploy-foundation"].may(action, interface, ec2__Vpc=vpc)
        assert not roles["deploy-foundation"].might(action, interface, ec2__Vpc=arn("ec2", "vpc/other"))
        assert not roles["deploy-foundation"].might(action, interface)
        assert not roles["deploy-edge"].might(action, interface, ec2__Vpc=vpc)
