"""The permissions that functions and the pipe need, each named for what it lets its role do.

Those on tables are in table_permissions.py.

Foundation writes the boundaries from them, with ARNs made from names; the other layers write the roles, with
the ARNs of the resources themselves.
"""

from collections.abc import Sequence

import pulumi

from shared.arns import Arns
from shared.iam import Statement

Arn = pulumi.Input[str]

_SEND_WITH_KEY = ("kms:Decrypt", "kms:GenerateDataKey")

_MAKE_INTERFACE = "ec2:CreateNetworkInterface"
_CHANGE_INTERFACE = (
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
_DESCRIBE_NETWORK = ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")


def of_every_function(
    arns: Arns,
    function: str,
    *,
    log_group: Arn,
    key: Arn,
    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
    security_group_id: pulumi.Input[str],
) -> list[Statement]:
    """What Lambda needs to run any function: its logs, traces, environment variables and network."""
    return [
        write_logs(log_group),
        send_traces(),
        decrypt_environment(key, arns.function(function)),
        *join_network(arns, subnet_ids, security_group_id),
        keep_code_off_network(arns.function(function)),
    ]


def write_logs(log_group: Arn) -> Statement:
    """Streams and lines in one log group; making the group is the stack's alone."""
    return Statement(
        sid="WriteLogs",
        actions=["logs:CreateLogStream", "logs:PutLogEvents"],
        resources=[pulumi.Output.concat(log_group, ":*")],
    )


def write_gateway_logs(arns: Arns) -> list[Statement]:
    """The logs of every API of the account and region: API Gateway takes no role that may do less.

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
            resources=[arns.of("logs", "*")],
        ),
        Statement(sid="FindGatewayLogs", actions=["logs:DescribeLogGroups"], resources=["*"]),
    ]


def send_traces() -> Statement:
    """Traces to X-Ray."""
    return Statement(
        sid="SendTraces",
        actions=["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
        resources=["*"],
    )


def join_network(
    arns: Arns, subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]], security_group_id: pulumi.Input[str]
) -> list[Statement]:
    """What Lambda does with the role of a function to run it in a VPC."""
    interfaces = arns.of("ec2", "network-interface/*")
    places = pulumi.Output.all(subnet_ids, security_group_id).apply(
        lambda ids: [
            *(arns.of("ec2", f"subnet/{subnet}") for subnet in ids[0]),
            arns.of("ec2", f"security-group/{ids[1]}"),
            interfaces,
        ]
    )
    return [
        Statement(sid="MakeInterfaces", actions=[_MAKE_INTERFACE], resources=places),
        Statement(sid="ChangeInterfaces", actions=_CHANGE_INTERFACE, resources=[interfaces]),
        Statement(sid="DescribeNetwork", actions=_DESCRIBE_NETWORK, resources=["*"]),
    ]


def keep_code_off_network(function: Arn) -> Statement:
    """Only Lambda itself needs `join_network`: deny it to calls that the function's own code makes.

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
    """The environment variables of one function."""
    return Statement(
        sid="DecryptEnvironment",
        actions=["kms:Decrypt"],
        resources=[key],
        conditions={"StringEquals": {"kms:EncryptionContext:aws:lambda:FunctionArn": function}},
    )


def send_messages(arns: Arns, queues: Sequence[Arn], key: Arn) -> list[Statement]:
    """Send to queues, and do nothing else with them."""
    return [
        Statement(sid="SendMessages", actions=["sqs:SendMessage"], resources=queues),
        use_key("SendMessagesEncrypted", _SEND_WITH_KEY, key, arns.service("sqs")),
    ]


def keep_failures(arns: Arns, queues: Sequence[Arn], key: Arn) -> list[Statement]:
    """Send what failed to retry and failure queues, which have a key of their own."""
    return [
        Statement(sid="KeepFailures", actions=["sqs:SendMessage"], resources=queues),
        use_key("KeepFailuresEncrypted", _SEND_WITH_KEY, key, arns.service("sqs")),
    ]


def consume_messages(arns: Arns, queue: Arn, key: Arn) -> list[Statement]:
    """What Lambda does with the role of a function that a queue invokes."""
    return [
        Statement(
            sid="ConsumeMessages",
            actions=["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
            resources=[queue],
        ),
        use_key("ConsumeMessagesEncrypted", ["kms:Decrypt"], key, arns.service("sqs")),
    ]


def publish(arns: Arns, topic: Arn, key: Arn) -> list[Statement]:
    """Publish to one topic."""
    return [
        Statement(sid="Publish", actions=["sns:Publish"], resources=[topic]),
        use_key("PublishEncrypted", _SEND_WITH_KEY, key, arns.service("sns")),
    ]


def put_events(arns: Arns, bus: Arn, key: Arn) -> list[Statement]:
    """Put events on one bus.

    EventBridge encrypts them with a permission of its own. AWS does not document whether the sender needs
    the key as well, so the sender has it.
    """
    return [
        Statement(sid="PutEvents", actions=["events:PutEvents"], resources=[bus]),
        use_key("PutEventsEncrypted", _SEND_WITH_KEY, key, arns.service("events")),
    ]


def use_key(sid: str, actions: Sequence[str], key: Arn, service: str) -> Statement:
    """Use a key through one service that encrypts with it, such as `sqs.<region>.amazonaws.com`."""
    return Statement(
        sid=sid,
        actions=actions,
        resources=[key],
        conditions={"StringEquals": {"kms:ViaService": service}},
    )
