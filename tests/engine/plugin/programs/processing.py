"""Pipes, buses, rules, functions and their triggers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.engine.plugin.programs.code import zip_code
from tests.engine.plugin.programs.documents import policy_json, to_json, trust_policy_json
from tests.engine.plugin.programs.variant import Client, Group, Variant

# The settings of the mapping of a stream after its change.
_STREAM_SETTINGS = {
    "StartingPosition": "TRIM_HORIZON",
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": 0,
    "ParallelizationFactor": 1,
    "TumblingWindowInSeconds": 0,
    "BisectBatchOnFunctionError": False,
    "MaximumRetryAttempts": 7,
    "MaximumRecordAgeInSeconds": 3600,
}


def _declare_resources(variant: Variant, folder: Path) -> None:
    changed = variant is Variant.CHANGED
    key = aws.kms.Key("processing-key", deletion_window_in_days=7)
    other = aws.kms.Key("other-processing-key", deletion_window_in_days=7)
    failures = aws.sqs.Queue("failures", name="plugin-test-failures")
    bus = aws.cloudwatch.EventBus(
        "bus",
        name="plugin-test",
        description=None if changed else "Transactions",
        kms_key_identifier=None if changed else key.arn,
        dead_letter_config=None if changed else {"arn": failures.arn},
        tags={"Layer": "changed" if changed else "test"},
    )
    table = _declare_pipe(variant, bus, failures)
    role = aws.iam.Role(
        "function-role",
        name="plugin-test-function",
        assume_role_policy=trust_policy_json("lambda.amazonaws.com", variant),
    )
    send = {"Effect": "Allow", "Action": ["sqs:*"], "Resource": ["*"]}
    permissions = aws.iam.RolePolicy(
        "function-permissions", role=role.name, name="send", policy=policy_json(send, variant=variant)
    )
    function = _declare_function(variant, folder, role, other if changed else key, permissions)
    _declare_calls(variant, bus, function, failures, permissions)
    _declare_stream_mapping(variant, table, function, failures, permissions)


def _declare_pipe(
    variant: Variant, bus: aws.cloudwatch.EventBus, failures: aws.sqs.Queue
) -> aws.dynamodb.Table:
    changed = variant is Variant.CHANGED
    table = aws.dynamodb.Table(
        "streamed",
        name="plugin-test-streamed",
        billing_mode="PAY_PER_REQUEST",
        hash_key="id",
        attributes=[{"name": "id", "type": "S"}],
        stream_enabled=True,
        stream_view_type="NEW_IMAGE",
    )
    role = aws.iam.Role(
        "pipe-role",
        name="plugin-test-pipe",
        assume_role_policy=trust_policy_json("pipes.amazonaws.com", variant),
    )
    aws.pipes.Pipe(
        "pipe",
        name="plugin-test",
        role_arn=role.arn,
        source=table.stream_arn,
        target=bus.arn,
        desired_state="STOPPED",
        description=None if changed else "From the table to the bus",
        source_parameters={
            "filter_criteria": {"filters": [{"pattern": to_json({"eventName": ["INSERT"]}, variant)}]},
            "dynamodb_stream_parameters": {
                "starting_position": "LATEST",
                "batch_size": 5 if changed else 10,
                "maximum_retry_attempts": 5,
                "maximum_record_age_in_seconds": 3600,
                "on_partial_batch_item_failure": "AUTOMATIC_BISECT",
                "dead_letter_config": {"arn": failures.arn},
            },
        },
        target_parameters={
            "eventbridge_event_bus_parameters": {"source": "fraud", "detail_type": "Inserted"},
            "input_template": '{"event_name": <$.eventName>}',
        },
        tags={"Layer": "changed" if changed else "test"},
    )
    return table


def _declare_stream_mapping(
    variant: Variant,
    table: aws.dynamodb.Table,
    function: aws.lambda_.Function,
    failures: aws.sqs.Queue,
    permissions: aws.iam.RolePolicy,
) -> None:
    changed = variant is Variant.CHANGED
    aws.lambda_.EventSourceMapping(
        "stream-mapping",
        event_source_arn=table.stream_arn,
        function_name=function.arn,
        enabled=False,
        starting_position="TRIM_HORIZON",
        batch_size=None if variant is Variant.EQUIVALENT else 100,
        maximum_batching_window_in_seconds=None if changed else 300,
        parallelization_factor=None if variant is Variant.EQUIVALENT else 1,
        tumbling_window_in_seconds=None if changed else 900,
        bisect_batch_on_function_error=None if changed else True,
        maximum_retry_attempts=7 if changed else None,
        maximum_record_age_in_seconds=3600,
        function_response_types=["ReportBatchItemFailures"],
        destination_config={"on_failure": {"destination_arn": failures.arn}},
        filter_criteria={"filters": [{"pattern": to_json({"eventName": ["INSERT"]}, variant)}]},
        opts=pulumi.ResourceOptions(depends_on=[permissions]),
    )


def _declare_function(
    variant: Variant, folder: Path, role: aws.iam.Role, key: aws.kms.Key, permissions: aws.iam.RolePolicy
) -> aws.lambda_.Function:
    changed = variant is Variant.CHANGED
    group = aws.cloudwatch.LogGroup(
        "logs",
        name="/aws/lambda/plugin-test",
        retention_in_days=None if changed else 7,
        kms_key_id=key.arn,
        tags={"Layer": "changed" if changed else "test"},
    )
    vpc = aws.ec2.Vpc("function-vpc", cidr_block="10.30.0.0/16")
    subnet = aws.ec2.Subnet("function-subnet", vpc_id=vpc.id, cidr_block="10.30.0.0/24")
    closed = aws.ec2.SecurityGroup("closed", name="plugin-test-closed", vpc_id=vpc.id)
    name = "again" if variant is Variant.EQUIVALENT else "code"
    return aws.lambda_.Function(
        "function",
        name="plugin-test",
        role=role.arn,
        runtime="python3.11",
        handler="handler.handle",
        code=pulumi.FileArchive(zip_code(folder, version=2 if changed else 1, name=name)),
        architectures=["x86_64"],
        memory_size=256,
        timeout=None if changed else 30,
        environment={"variables": {"QUEUE_URL": "x", **({} if changed else {"OLD": "y"})}},
        kms_key_arn=None if changed else key.arn,
        reserved_concurrent_executions=None if changed else 100,
        tracing_config={"mode": "Active"},
        vpc_config=None if changed else {"subnet_ids": [subnet.id], "security_group_ids": [closed.id]},
        logging_config={"log_format": "JSON", "log_group": group.name},
        tags={"Layer": "changed" if changed else "test"},
        opts=pulumi.ResourceOptions(depends_on=[permissions]),
    )


def _declare_calls(
    variant: Variant,
    bus: aws.cloudwatch.EventBus,
    function: aws.lambda_.Function,
    failures: aws.sqs.Queue,
    permissions: aws.iam.RolePolicy,
) -> None:
    changed = variant is Variant.CHANGED
    pattern = {"source": ["fraud"], "detail-type": ["Inserted", "Changed"] if changed else ["Inserted"]}
    rule = aws.cloudwatch.EventRule(
        "rule",
        name="plugin-test",
        event_bus_name=bus.name,
        event_pattern=to_json(pattern, variant),
        description=None if changed else "New transactions",
        tags={"Layer": "test"},
    )
    aws.cloudwatch.EventTarget(
        "target",
        rule=rule.name,
        event_bus_name=bus.name,
        target_id="function",
        arn=function.arn,
        retry_policy={"maximum_retry_attempts": 3 if changed else 185, "maximum_event_age_in_seconds": 3600},
        dead_letter_config={"arn": failures.arn},
    )
    aws.lambda_.Permission(
        "permission",
        statement_id="AllowRule",
        action="lambda:InvokeFunction",
        function=function.name,
        principal="events.amazonaws.com",
        source_arn=rule.arn,
        source_account="000000000000" if changed else None,
    )
    aws.lambda_.FunctionEventInvokeConfig(
        "retries",
        function_name=function.name,
        maximum_retry_attempts=None if changed else 1,
        maximum_event_age_in_seconds=3600,
        destination_config={"on_failure": {"destination": failures.arn}},
    )
    source = aws.sqs.Queue("source", name="plugin-test-source", visibility_timeout_seconds=360)
    aws.lambda_.EventSourceMapping(
        "mapping",
        event_source_arn=source.arn,
        function_name=function.name if variant is Variant.FIRST else function.arn,
        batch_size=5 if changed else 10,
        maximum_batching_window_in_seconds=1,
        function_response_types=None if changed else ["ReportBatchItemFailures"],
        scaling_config=None if changed else {"maximum_concurrency": 5},
        opts=pulumi.ResourceOptions(depends_on=[permissions]),
    )


def _list_resources(client: Client) -> set[str]:
    events, functions = client("events"), client("lambda")
    return {
        *(bus["Arn"] for bus in events.list_event_buses()["EventBuses"]),
        *(pipe["Arn"] for pipe in client("pipes").list_pipes()["Pipes"]),
        *(group["arn"] for group in client("logs").describe_log_groups()["logGroups"]),
        *(entry["FunctionArn"] for entry in functions.list_functions()["Functions"]),
        *(entry["UUID"] for entry in functions.list_event_source_mappings()["EventSourceMappings"]),
    }


def _read_settings(client: Client, outputs: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    events, functions = client("events"), client("lambda")
    bus = events.describe_event_bus(Name="plugin-test")
    rule = events.describe_rule(Name="plugin-test", EventBusName="plugin-test")
    target = events.list_targets_by_rule(Rule="plugin-test", EventBusName="plugin-test")["Targets"][0]
    function = functions.get_function_configuration(FunctionName="plugin-test")
    reserved = functions.get_function_concurrency(FunctionName="plugin-test")
    statement = json.loads(functions.get_policy(FunctionName="plugin-test")["Policy"])["Statement"]
    retries = functions.get_function_event_invoke_config(FunctionName="plugin-test")
    mapping = functions.get_event_source_mapping(UUID=outputs("mapping")["uuid"])
    stream_mapping = functions.get_event_source_mapping(UUID=outputs("stream-mapping")["uuid"])
    groups = client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/plugin-test")["logGroups"]
    return {
        "bus": (bus.get("Description", ""), bus.get("KmsKeyIdentifier", ""), bus.get("DeadLetterConfig", {})),
        "rule": (rule.get("Description", ""), json.loads(rule["EventPattern"])["detail-type"]),
        "target": target["RetryPolicy"]["MaximumRetryAttempts"],
        "code": function["CodeSha256"] == outputs("function")["codeSha256"],
        "timeout": function["Timeout"],
        "keys": (
            function.get("KMSKeyArn", ""),
            groups[0]["kmsKeyId"] == outputs("other-processing-key")["arn"],
        ),
        "environment": function["Environment"]["Variables"],
        "vpc": function["VpcConfig"]["SubnetIds"],
        "reserved": reserved.get("ReservedConcurrentExecutions"),
        "permission": len(statement),
        "account": statement[0]["Condition"]["StringEquals"],
        "retries": retries["MaximumRetryAttempts"],
        "mapping": (mapping["BatchSize"], mapping["FunctionResponseTypes"], mapping.get("ScalingConfig", {})),
        "stream mapping": {name: stream_mapping.get(name) for name in _STREAM_SETTINGS},
        "retention": groups[0].get("retentionInDays"),
        "pipe": client("pipes").describe_pipe(Name="plugin-test")["Description"],
    }


GROUP = Group(
    program=_declare_resources,
    types=frozenset(
        {
            "aws:kms/key:Key",
            "aws:iam/role:Role",
            "aws:iam/rolePolicy:RolePolicy",
            "aws:sqs/queue:Queue",
            "aws:dynamodb/table:Table",
            "aws:ec2/vpc:Vpc",
            "aws:ec2/subnet:Subnet",
            "aws:ec2/securityGroup:SecurityGroup",
            "aws:cloudwatch/eventBus:EventBus",
            "aws:cloudwatch/eventRule:EventRule",
            "aws:cloudwatch/eventTarget:EventTarget",
            "aws:cloudwatch/logGroup:LogGroup",
            "aws:pipes/pipe:Pipe",
            "aws:lambda/function:Function",
            "aws:lambda/permission:Permission",
            "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
            "aws:lambda/eventSourceMapping:EventSourceMapping",
        }
    ),
    changes={
        "bus": "update",
        "pipe": "update",
        "logs": "update",
        "function": "update",
        "rule": "update",
        "target": "update",
        "permission": "replace",
        "retries": "update",
        "mapping": "update",
        "stream-mapping": "update",
    },
    list_resources=_list_resources,
    read_settings=_read_settings,
    expected_settings={
        "bus": ("", "", {}),
        "rule": ("", ["Inserted", "Changed"]),
        "target": 3,
        "code": True,
        "timeout": 3,
        "keys": ("", True),
        "environment": {"QUEUE_URL": "x"},
        "vpc": [],
        "reserved": None,
        "permission": 1,
        "account": {"AWS:SourceAccount": "000000000000"},
        "retries": 2,
        "mapping": (5, [], {}),
        "stream mapping": _STREAM_SETTINGS,
        "retention": None,
        "pipe": "Managed by Pulumi",
    },
)
