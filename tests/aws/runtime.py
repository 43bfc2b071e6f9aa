"""The requests that each role makes while the pipeline runs: by a function's code, by Lambda, by the pipe.

A call that a function's code begins to make needs an entry in `CODE_CALLS`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.aws.deployments import key_request
from tests.aws.policies import Request
from tests.aws.stores import Stores
from tests.stacks.mocked_aws import ACCOUNT, arn
from tests.stacks.recording import Program, Recorded


@dataclass(frozen=True)
class CodeCall:
    """An operation that a function's code calls, the action that IAM checks for it, and on which store.

    `attributes`: those of the item that an update names.
    """

    operation: str
    action: str
    store: str
    in_transaction: bool = False
    attributes: tuple[str, ...] = ()


def _write(action: str, table: str) -> CodeCall:
    return CodeCall("dynamodb.transact_write_items", f"dynamodb:{action}", table, in_transaction=True)


TRANSACTIONS, PROFILES = arn("dynamodb", "table/transactions"), arn("dynamodb", "table/profiles")
_READ_PROFILES = CodeCall("dynamodb.batch_get_item", "dynamodb:BatchGetItem", PROFILES)

CODE_CALLS: Mapping[str, tuple[CodeCall, ...]] = {
    "api": (_write("PutItem", TRANSACTIONS),),
    "fraud": (
        _READ_PROFILES,
        _write("UpdateItem", PROFILES),
        _write("UpdateItem", TRANSACTIONS),
        CodeCall("sqs.send_message", "sqs:SendMessage", arn("sqs", "suspicious")),
        CodeCall("sqs.send_message", "sqs:SendMessage", arn("sqs", "fraud-failures")),
    ),
    "labels": (
        CodeCall("dynamodb.get_item", "dynamodb:GetItem", TRANSACTIONS),
        _READ_PROFILES,
        _write("UpdateItem", PROFILES),
        _write("UpdateItem", TRANSACTIONS),
    ),
    "notify": (
        CodeCall("dynamodb.get_item", "dynamodb:GetItem", PROFILES),
        CodeCall(
            "dynamodb.update_item",
            "dynamodb:UpdateItem",
            TRANSACTIONS,
            attributes=("transaction_id", "timestamp", "alert_claim", "alert_claim_until", "alerted_at"),
        ),
        CodeCall("sns.publish", "sns:Publish", arn("sns", "fraud-alerts")),
    ),
}

# What Lambda does with a queue that invokes a function.
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
_POLL = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
# What a pipe does with a stream. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-dynamodb.html
_FOLLOW = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
_JOIN = ("ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface")
_ADDRESSES = ("ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses")


def requests_of_code(call: CodeCall, function: str, stores: Stores) -> Iterator[Request]:
    """A call of a function's code, and what KMS is asked for it."""
    context: dict[str, str | tuple[str, ...]] = {
        "lambda:SourceFunctionArn": arn("lambda", f"function:fraud-pipeline-{function}")
    }
    if call.in_transaction:
        context["dynamodb:EnclosingOperation"] = ("TransactWriteItems",)
    if call.attributes:
        context["dynamodb:Attributes"] = call.attributes
    return stores.requests(call.action, call.store, context)


def requests_of_lambda(function: Recorded) -> Iterator[Request]:
    """What Lambda does with a function's role to run it: logs, traces, environment, network."""
    name = function["name"]
    group = arn("logs", f"log-group:{function['loggingConfig']['logGroup']}")
    yield Request("logs:CreateLogStream", f"{group}:log-stream:2026/01/01/[$LATEST]1a2b")
    yield Request("logs:PutLogEvents", f"{group}:log-stream:2026/01/01/[$LATEST]1a2b")
    yield Request("xray:PutTraceSegments", "*")
    yield Request("xray:PutTelemetryRecords", "*")
    own = arn("lambda", f"function:{name}")
    yield key_request("kms:Decrypt", function["kmsKeyArn"], "lambda", {"aws:lambda:FunctionArn": own})
    yield from _requests_of_network(function)


def _requests_of_network(function: Recorded) -> Iterator[Request]:
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    interface = arn("ec2", "network-interface/eni-1")
    for action in (*_JOIN, *_ADDRESSES):
        yield Request(action, interface)
    for group in function["vpcConfig"]["securityGroupIds"]:
        yield Request("ec2:CreateNetworkInterface", arn("ec2", f"security-group/{group}"))
    for subnet in function["vpcConfig"]["subnetIds"]:
        yield Request("ec2:CreateNetworkInterface", arn("ec2", f"subnet/{subnet}"))
    yield Request("ec2:DescribeNetworkInterfaces", "*")
    yield Request("ec2:DescribeSubnets", "*")


def requests_of_invocations(
    function: Recorded, programs: Mapping[str, Program], stores: Stores
) -> Iterator[Request]:
    """What Lambda does with a function's role for queues that invoke it, and for what it fails on."""
    own = (function["name"], arn("lambda", f"function:{function['name']}"))
    for program in programs.values():
        for mapping in program.all("lambda/eventSourceMapping:EventSourceMapping"):
            if mapping["functionName"] in own:
                for action in _POLL:
                    yield from stores.requests(action, mapping["eventSourceArn"], {})
        for config in program.all("lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"):
            if config["functionName"] in own:
                for destination in config["destinationConfig"].values():
                    action = _action_to_send(destination["destination"])
                    yield from stores.requests(action, destination["destination"], {})


def requests_of_pipe(pipe: Recorded, stores: Stores) -> Iterator[Request]:
    """What a pipe does with its role: follow the stream, send to the target, keep what fails."""
    for action in _FOLLOW:
        yield from stores.requests(action, pipe["source"], {})
    yield Request("dynamodb:ListStreams", "*")
    dead_letters = pipe["sourceParameters"]["dynamodbStreamParameters"]["deadLetterConfig"]["arn"]
    for destination in (pipe["target"], dead_letters):
        yield from stores.requests(_action_to_send(destination), destination, {})


def requests_of_gateway_logs() -> Iterator[Request]:
    """What API Gateway does with the account's logging role."""
    group = arn("logs", "log-group:/aws/apigateway/fraud-transactions")
    yield Request("logs:DescribeLogGroups", "*")
    for action in ("logs:CreateLogGroup", "logs:DescribeLogStreams", "logs:FilterLogEvents"):
        yield Request(action, group)
    for action in ("logs:CreateLogStream", "logs:PutLogEvents", "logs:GetLogEvents"):
        yield Request(action, f"{group}:log-stream:1a2b")


def _action_to_send(destination: str) -> str:
    """The action that sends to a queue, a topic or a bus."""
    actions = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "events": "events:PutEvents"}
    return actions[destination.split(":")[2]]


def role_of(arn_of_role: str) -> str:
    """The name of a role."""
    return arn_of_role.removeprefix(f"arn:aws:iam::{ACCOUNT}:role/")
