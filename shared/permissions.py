"""The permissions of functions and the pipe. Each function is named for the action that it allows.

table_permissions.py contains the permissions on tables. Foundation passes ARNs built from names, for the
boundaries. The other layers pass the ARNs of their resources, for the roles.
"""

from collections.abc import Sequence

import pulumi

from shared.arns import Arns
from shared.iam import Statement

Arn = pulumi.Input[str]

READ_WITH_KEY = ("kms:Decrypt", "kms:DescribeKey")
WRITE_WITH_KEY = (
    *READ_WITH_KEY,
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
SEND_WITH_KEY = ("kms:Decrypt", "kms:GenerateDataKey")

_MAKE_INTERFACE = "ec2:CreateNetworkInterface"
_CHANGE_INTERFACE = (
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
_DESCRIBE_NETWORK = ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")


def run_function(
    arns: Arns,
    function: str,
    *,
    log_group: Arn,
    key: Arn,
    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
    security_group_id: pulumi.Input[str],
) -> list[Statement]:
    """The permissions of every function: logs, traces, environment variables and network."""
    return [
        write_logs(log_group),
        send_traces(),
        decrypt_environment(key, arns.function(function)),
        *join_network(arns, subnet_ids, security_group_id),
        deny_network_to_code(arns.function(function)),
    ]


def write_logs(log_group: Arn) -> Statement:
    """Write to one log group. Only the stack creates the group."""
    return Statement(
        sid="WriteLogs",
        actions=["logs:CreateLogStream", "logs:PutLogEvents"],
        resources=[pulumi.Output.concat(log_group, ":*")],
    )


def write_gateway_logs(arns: Arns) -> list[Statement]:
    """Write the logs of every API of the account and region. API Gateway accepts no narrower role.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
    """
    return [
        Statement(
            sid="WriteGatewayLogs",
            actions=[
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
                "logs:GetLogEvents",
                "logs:FilterLogEvents",
            ],
            resources=[arns.regional("logs", "*")],
        ),
        Statement(sid="FindGatewayLogs", actions=["logs:DescribeLogGroups"], resources=["*"]),
    ]


def invoke_routes(routes: Sequence[Arn]) -> Statement:
    """Invoke routes of the API."""
    return Statement(sid="InvokeRoutes", actions=["execute-api:Invoke"], resources=routes)


def send_traces() -> Statement:
    return Statement(
        sid="SendTraces",
        actions=["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
        resources=["*"],
    )


def join_network(
    arns: Arns, subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]], security_group_id: pulumi.Input[str]
) -> list[Statement]:
    """Connect a function to the VPC. Lambda uses the role of the function for this."""
    interfaces = arns.regional("ec2", "network-interface/*")
    resources = pulumi.Output.all(subnet_ids, security_group_id).apply(
        lambda ids: [
            *(arns.regional("ec2", f"subnet/{subnet}") for subnet in ids[0]),
            arns.regional("ec2", f"security-group/{ids[1]}"),
            interfaces,
        ]
    )
    return [
        Statement(sid="MakeInterfaces", actions=[_MAKE_INTERFACE], resources=resources),
        Statement(sid="ChangeInterfaces", actions=_CHANGE_INTERFACE, resources=[interfaces]),
        Statement(sid="DescribeNetwork", actions=_DESCRIBE_NETWORK, resources=["*"]),
    ]


def deny_network_to_code(function: Arn) -> Statement:
    """Deny the network permissions to the function's own code. Only Lambda itself needs them.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    """
    return Statement(
        sid="KeepCodeOffNetwork",
        effect="Deny",
        actions=[_MAKE_INTERFACE, *_CHANGE_INTERFACE, *_DESCRIBE_NETWORK, "ec2:DetachNetworkInterface"],
        resources=["*"],
        conditions={"ArnEquals": {"lambda:SourceFunctionArn": function}},
    )


def decrypt_environment(key: Arn, function: Arn) -> Statement:
    """Decrypt the environment variables of one function."""
    return Statement(
        sid="DecryptEnvironment",
        actions=["kms:Decrypt"],
        resources=[key],
        conditions={"StringEquals": {"kms:EncryptionContext:aws:lambda:FunctionArn": function}},
    )


def send_messages(arns: Arns, queues: Sequence[Arn], key: Arn) -> list[Statement]:
    """Send messages to queues."""
    return [
        Statement(sid="SendMessages", actions=["sqs:SendMessage"], resources=queues),
        use_key("SendMessagesEncrypted", SEND_WITH_KEY, key, arns.service("sqs")),
    ]


def send_failures(arns: Arns, queues: Sequence[Arn], key: Arn) -> list[Statement]:
    """Send failed events to retry and failure queues, which have their own key."""
    return [
        Statement(sid="KeepFailures", actions=["sqs:SendMessage"], resources=queues),
        use_key("KeepFailuresEncrypted", SEND_WITH_KEY, key, arns.service("sqs")),
    ]


def consume_messages(arns: Arns, queue: Arn, key: Arn) -> list[Statement]:
    """Read and delete messages. Lambda uses the role of the function that the queue invokes."""
    return [
        consume_plain_messages(queue),
        use_key("ConsumeMessagesEncrypted", ["kms:Decrypt"], key, arns.service("sqs")),
    ]


def consume_plain_messages(queue: Arn) -> Statement:
    """Read and delete messages, for a role that another statement permits to decrypt them."""
    return Statement(
        sid="ConsumeMessages",
        actions=["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        resources=[queue],
    )


def publish_messages(arns: Arns, topic: Arn, key: Arn) -> list[Statement]:
    """Publish messages to one topic."""
    return [
        Statement(sid="Publish", actions=["sns:Publish"], resources=[topic]),
        use_key("PublishEncrypted", SEND_WITH_KEY, key, arns.service("sns")),
    ]


def put_events(arns: Arns, bus: Arn, key: Arn) -> list[Statement]:
    """Put events on one bus.

    EventBridge encrypts the events with its own permission. AWS does not document whether the sender needs
    the key too, so the sender has the permission.
    """
    return [
        Statement(sid="PutEvents", actions=["events:PutEvents"], resources=[bus]),
        use_key("PutEventsEncrypted", SEND_WITH_KEY, key, arns.service("events")),
    ]


def use_key(sid: str, actions: Sequence[str], key: Arn, service: str) -> Statement:
    """Use a key through one service, such as `sqs.<region>.amazonaws.com`."""
    return Statement(
        sid=sid,
        actions=actions,
        resources=[key],
        conditions={"StringEquals": {"kms:ViaService": service}},
    )
