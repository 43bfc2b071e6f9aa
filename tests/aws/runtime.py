"""The requests of each role at run time: by the code of a function, by Lambda, by the pipe, by API Gateway.

A new call in the code of a function needs an entry in `CODE_CALLS`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.aws.policies import Request
from tests.aws.stores import Stores
from tests.stacks.mocked_aws import ACCOUNT, arn
from tests.stacks.recording import RecordedProgram, RecordedResource


@dataclass(frozen=True)
class CodeCall:
    """An operation that the code of a function calls, with its IAM action and store.

    `attributes`: the attributes of the item that an update names. `leading_key`: its partition key.
    """

    operation: str
    action: str
    store: str
    in_transaction: bool = False
    attributes: tuple[str, ...] = ()
    leading_key: str = ""


def _transactional_write(action: str, table: str) -> CodeCall:
    return CodeCall("dynamodb.transact_write_items", f"dynamodb:{action}", table, in_transaction=True)


MERCHANT, CATEGORY, DEVICE, ADDRESS = "merchant#1a2b", "category#1a2b", "device#1a2b", "address#1a2b"
TRANSACTIONS, PROFILES = arn("dynamodb", "table/transactions"), arn("dynamodb", "table/profiles")
_CLAIM_ATTRIBUTES = ("transaction_id", "timestamp", "alert_claim", "alert_claim_until", "alerted_at")
_READ_PROFILES = CodeCall("dynamodb.batch_get_item", "dynamodb:BatchGetItem", PROFILES)

CODE_CALLS: Mapping[str, tuple[CodeCall, ...]] = {
    "api": (CodeCall("dynamodb.put_item", "dynamodb:PutItem", TRANSACTIONS),),
    "fraud": (
        _READ_PROFILES,
        _transactional_write("UpdateItem", PROFILES),
        _transactional_write("UpdateItem", TRANSACTIONS),
        CodeCall(
            "dynamodb.update_item",
            "dynamodb:UpdateItem",
            PROFILES,
            attributes=("subject", "part", "expires_at", "07"),
            leading_key=DEVICE,
        ),
        CodeCall(
            "dynamodb.update_item",
            "dynamodb:UpdateItem",
            PROFILES,
            attributes=("subject", "part", "expires_at", "07"),
            leading_key=ADDRESS,
        ),
        CodeCall("sqs.send_message", "sqs:SendMessage", arn("sqs", "suspicious")),
        CodeCall("sqs.send_message", "sqs:SendMessage", arn("sqs", "fraud-retry")),
        CodeCall("sqs.send_message", "sqs:SendMessage", arn("sqs", "fraud-failures")),
    ),
    "labels": (
        CodeCall("dynamodb.get_item", "dynamodb:GetItem", TRANSACTIONS),
        _READ_PROFILES,
        _transactional_write("UpdateItem", PROFILES),
        _transactional_write("UpdateItem", TRANSACTIONS),
    ),
    "merchants": (
        CodeCall("dynamodb.batch_get_item", "dynamodb:BatchGetItem", PROFILES, leading_key=MERCHANT),
        CodeCall(
            "dynamodb.update_item",
            "dynamodb:UpdateItem",
            PROFILES,
            attributes=("subject", "part", "state", "activity", "format", "version", "expires_at", "counted"),
            leading_key=MERCHANT,
        ),
        CodeCall("dynamodb.batch_get_item", "dynamodb:BatchGetItem", PROFILES, leading_key=CATEGORY),
        CodeCall(
            "dynamodb.update_item",
            "dynamodb:UpdateItem",
            PROFILES,
            attributes=("subject", "part", "state", "format", "version", "expires_at", "counted"),
            leading_key=CATEGORY,
        ),
    ),
    "notify": (
        CodeCall("dynamodb.get_item", "dynamodb:GetItem", PROFILES),
        CodeCall("dynamodb.query", "dynamodb:Query", PROFILES),
        CodeCall(
            "dynamodb.update_item",
            "dynamodb:UpdateItem",
            TRANSACTIONS,
            attributes=_CLAIM_ATTRIBUTES,
        ),
        CodeCall(
            "dynamodb.update_item",
            "dynamodb:UpdateItem",
            TRANSACTIONS,
            attributes=(*_CLAIM_ATTRIBUTES, "alert_id"),
        ),
        CodeCall("sns.publish", "sns:Publish", arn("sns", "fraud-alerts")),
    ),
}

# Lambda's actions on a queue that invokes a function.
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
_POLL = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
# The actions of a pipe, and of Lambda, on a stream.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-dynamodb.html
# https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
_FOLLOW = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
_JOIN = ("ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface")
_ADDRESSES = ("ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses")


def code_requests(call: CodeCall, function: str, stores: Stores) -> Iterator[Request]:
    """A call in the code of a function, with its requests to KMS."""
    context: dict[str, str | tuple[str, ...]] = {
        "lambda:SourceFunctionArn": arn("lambda", f"function:fraud-pipeline-{function}")
    }
    if call.in_transaction:
        context["dynamodb:EnclosingOperation"] = ("TransactWriteItems",)
    if call.attributes:
        context["dynamodb:Attributes"] = call.attributes
    if call.leading_key:
        context["dynamodb:LeadingKeys"] = (call.leading_key,)
    return stores.requests(call.action, call.store, context)


def lambda_requests(function: RecordedResource) -> Iterator[Request]:
    """Lambda's requests with the role of a function: logs, traces, environment, network."""
    name = function["name"]
    group = arn("logs", f"log-group:{function['loggingConfig']['logGroup']}")
    yield Request("logs:CreateLogStream", f"{group}:log-stream:2026/01/01/[$LATEST]1a2b")
    yield Request("logs:PutLogEvents", f"{group}:log-stream:2026/01/01/[$LATEST]1a2b")
    yield Request("xray:PutTraceSegments", "*")
    yield Request("xray:PutTelemetryRecords", "*")
    # AWS documents the encryption context of this request, and not that it comes through a service.
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
    function_arn = arn("lambda", f"function:{name}")
    context = {"kms:EncryptionContext:aws:lambda:FunctionArn": function_arn}
    yield Request("kms:Decrypt", function["kmsKeyArn"], context)
    yield from _network_requests(function)


def _network_requests(function: RecordedResource) -> Iterator[Request]:
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


def event_source_requests(
    function: RecordedResource, programs: Mapping[str, RecordedProgram], stores: Stores
) -> Iterator[Request]:
    """Lambda's requests with the role of a function for its event sources and its failure destinations."""
    function_names = (function["name"], arn("lambda", f"function:{function['name']}"))
    for program in programs.values():
        for mapping in program.find_all("lambda/eventSourceMapping:EventSourceMapping"):
            if mapping["functionName"] in function_names:
                source = mapping["eventSourceArn"]
                if source.split(":")[2] == "dynamodb":
                    yield from _stream_requests(source, stores)
                    continue
                for action in _POLL:
                    yield from stores.requests(action, source, {})
        for config in program.find_all("lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"):
            if config["functionName"] in function_names:
                for destination in config["destinationConfig"].values():
                    action = _send_action(destination["destination"])
                    yield from stores.requests(action, destination["destination"], {})


def pipe_requests(pipe: RecordedResource, stores: Stores) -> Iterator[Request]:
    """A pipe's requests: read the stream, send to the target, send failures."""
    yield from _stream_requests(pipe["source"], stores)
    dead_letters = pipe["sourceParameters"]["dynamodbStreamParameters"]["deadLetterConfig"]["arn"]
    for destination in (pipe["target"], dead_letters):
        yield from stores.requests(_send_action(destination), destination, {})


def _stream_requests(stream: str, stores: Stores) -> Iterator[Request]:
    for action in _FOLLOW:
        yield from stores.requests(action, stream, {})
    yield Request("dynamodb:ListStreams", "*")


def gateway_log_requests() -> Iterator[Request]:
    """API Gateway's requests with the logging role."""
    group = arn("logs", "log-group:/aws/apigateway/fraud-transactions")
    yield Request("logs:DescribeLogGroups", "*")
    for action in ("logs:CreateLogGroup", "logs:DescribeLogStreams", "logs:FilterLogEvents"):
        yield Request(action, group)
    for action in ("logs:CreateLogStream", "logs:PutLogEvents", "logs:GetLogEvents"):
        yield Request(action, f"{group}:log-stream:1a2b")


def _send_action(destination: str) -> str:
    """The action for sending to a queue, topic or bus."""
    actions = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "events": "events:PutEvents"}
    return actions[destination.split(":")[2]]


def role_name(arn_of_role: str) -> str:
    """The name of a role."""
    return arn_of_role.removeprefix(f"arn:aws:iam::{ACCOUNT}:role/")
