"""Resources for the tests of the emulator's hops, made by boto3 with names of their own."""

import io
import json
import zipfile
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import uuid4

from local.embedded import EmbeddedAws
from tests.waiting import wait_for

# Sends what it gets to the queue it is told, except that `fail` in the event makes it raise.
ECHO = """
import json, os, boto3
sqs = boto3.client("sqs")
def handler(event, context):
    print("called")
    sqs.send_message(QueueUrl=os.environ["CALLS"], MessageBody=json.dumps(event))
    if json.dumps(event).find('"fail"') >= 0:
        raise RuntimeError("as asked")
    return {"done": True}
"""


Json = dict[str, Any]


def name(role: str) -> str:
    """A name that no other test has."""
    return f"{role}-{uuid4().hex[:8]}"


@dataclass
class World:
    """The embedded AWS with the clients and resources that these tests need."""

    aws: EmbeddedAws
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self.aws.client(service)
        return self._clients[service]

    @cached_property
    def account(self) -> str:
        return str(self.client("sts").get_caller_identity()["Account"])

    def role(self, service: str, *statements: dict[str, Any], condition: dict[str, Any] | None = None) -> str:
        """The ARN of a role that a service may assume, with these permissions."""
        iam, made = self.client("iam"), name("role")
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        if condition:
            trust["Condition"] = condition
        arn = iam.create_role(RoleName=made, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=made, PolicyName="inline", PolicyDocument=document(*statements))
        return str(arn)

    def queue(self) -> "Queue":
        sqs = self.client("sqs")
        url = sqs.create_queue(QueueName=name("queue"))["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return Queue(sqs, url, arn)

    def table(self) -> "Table":
        dynamodb, made = self.client("dynamodb"), name("table")
        described = dynamodb.create_table(
            TableName=made,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )["TableDescription"]
        return Table(dynamodb, made, described["LatestStreamArn"])

    def bus(self) -> str:
        """The ARN of an event bus."""
        return str(self.client("events").create_event_bus(Name=name("bus"))["EventBusArn"])

    def bus_to_queue(self, bus: str) -> "Queue":
        """A queue that gets every event of a bus."""
        queue, events = self.queue(), self.client("events")
        rule, bus_name = name("all"), bus.rpartition("/")[2]
        pattern = json.dumps({"source": [{"exists": True}]})
        events.put_rule(Name=rule, EventBusName=bus_name, EventPattern=pattern)
        events.put_targets(Rule=rule, EventBusName=bus_name, Targets=[{"Id": "queue", "Arn": queue.arn}])
        return queue

    def pipe(
        self, table: "Table", bus: str, *, dead_letters: "Queue | None" = None, stream: Json | None = None,
        pattern: Json | None = None, template: str | None = None, event_bus: Json | None = None,
        statements: list[Json] | None = None, role: str | None = None,
    ) -> str:  # fmt: skip
        """The name of a running pipe with a role that is just allowed to do its work."""
        if statements is None:
            statements = pipe_permissions(table, bus, dead_letters)
        parameters = {"StartingPosition": "TRIM_HORIZON", **(stream or {})}
        if dead_letters:
            parameters["DeadLetterConfig"] = {"Arn": dead_letters.arn}
        source: dict[str, Any] = {"DynamoDBStreamParameters": parameters}
        if pattern:
            source["FilterCriteria"] = {"Filters": [{"Pattern": json.dumps(pattern)}]}
        target: dict[str, Any] = {"EventBridgeEventBusParameters": event_bus or {}}
        if template:
            target["InputTemplate"] = template
        made = name("pipe")
        self.client("pipes").create_pipe(
            Name=made, Source=table.stream, Target=bus, SourceParameters=source, TargetParameters=target,
            RoleArn=role or self.role("pipes.amazonaws.com", *statements),
        )  # fmt: skip
        return made

    def function(
        self, calls: "Queue", *, code: str = ECHO, extra: tuple[dict[str, Any], ...] = (), **more: Any
    ) -> str:
        """The ARN of a function that sends its events to `calls`."""
        send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": calls.arn}
        made = self.client("lambda").create_function(
            FunctionName=name("function"), Runtime="python3.11", Handler="index.handler", Timeout=20,
            Role=self.role("lambda.amazonaws.com", send, *extra), Code={"ZipFile": zipped(code)},
            Environment={"Variables": {"CALLS": calls.url}}, **more,
        )  # fmt: skip
        self.client("lambda").get_waiter("function_active_v2").wait(
            FunctionName=made["FunctionName"], WaiterConfig={"Delay": 0.1, "MaxAttempts": 100}
        )
        return str(made["FunctionArn"])

    def rule_to_function(self, bus: str, function: str, *, permitted: bool = True, **target: Any) -> str:
        """The ARN of a rule that sends every event of a bus to a function."""
        events, rule, bus_name = self.client("events"), name("rule"), bus.rpartition("/")[2]
        pattern = json.dumps({"source": [{"exists": True}]})
        arn = events.put_rule(Name=rule, EventBusName=bus_name, EventPattern=pattern)["RuleArn"]
        events.put_targets(Rule=rule, EventBusName=bus_name, Targets=[{"Id": "f", "Arn": function, **target}])
        if permitted:
            self.client("lambda").add_permission(
                FunctionName=function, StatementId="rule", Action="lambda:InvokeFunction",
                Principal="events.amazonaws.com", SourceArn=arn,
            )  # fmt: skip
        return str(arn)

    def put(self, bus: str, *details: dict[str, Any]) -> None:
        """Put events on a bus."""
        for start in range(0, len(details), 10):
            answer = self.client("events").put_events(
                Entries=[
                    {
                        "EventBusName": bus,
                        "Source": "test",
                        "DetailType": "Test",
                        "Detail": json.dumps(detail),
                    }
                    for detail in details[start : start + 10]
                ]
            )
            assert answer["FailedEntryCount"] == 0


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def zipped(code: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.py", code)
    return content.getvalue()


def pipe_permissions(table: "Table", bus: str, dead_letters: "Queue | None") -> list[dict[str, Any]]:
    read = [
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
    ]
    statements = [
        {"Effect": "Allow", "Action": read, "Resource": table.stream},
        {"Effect": "Allow", "Action": "events:PutEvents", "Resource": bus},
    ]
    if dead_letters:
        statements.append({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": dead_letters.arn})
    return statements


@dataclass
class Queue:
    """A queue, read by the test."""

    sqs: Any
    url: str
    arn: str

    def allow(self, service: str) -> None:
        """Let an AWS service send to it."""
        policy = document(
            {
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": "sqs:SendMessage",
                "Resource": self.arn,
            }
        )
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})

    def receive(self, count: int, *, seconds: float = 15.0) -> list[dict[str, Any]]:
        """So many messages, which are then gone; bodies parsed as JSON under `json`."""
        got: list[dict[str, Any]] = []

        def enough() -> bool:
            answer = self.sqs.receive_message(
                QueueUrl=self.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=0
            )
            for message in answer.get("Messages", []):
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
                got.append({**message, "json": json.loads(message["Body"])})
            return len(got) >= count

        wait_for(enough, seconds=seconds, what=f"{count} messages")
        return got

    def length(self) -> int:
        names = ["ApproximateNumberOfMessages"]
        answer = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)
        return int(answer["Attributes"][names[0]])


@dataclass
class Table:
    """A table with a stream."""

    dynamodb: Any
    name: str
    stream: str

    def put(self, key: str, **attributes: Any) -> None:
        item = {"id": {"S": key}, **attributes}
        self.dynamodb.put_item(TableName=self.name, Item=item)
