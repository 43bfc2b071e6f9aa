"""Resources for the tests of the emulator, created by boto3 with unique names."""

import io
import json
import zipfile
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import uuid4

from local.embedded import EmbeddedAws
from tests.waiting import wait_for

# Sends every event to the queue in CALLS. An event that contains "fail" raises an error afterwards.
ECHO_CODE = """
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


def unique_name(role: str) -> str:
    """A name that no other test uses."""
    return f"{role}-{uuid4().hex[:8]}"


@dataclass
class EmulatorFixtures:
    """Clients and resources of an embedded AWS."""

    aws: EmbeddedAws
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self.aws.client(service)
        return self._clients[service]

    @cached_property
    def account(self) -> str:
        return str(self.client("sts").get_caller_identity()["Account"])

    def create_role(
        self, service: str, *statements: dict[str, Any], condition: dict[str, Any] | None = None
    ) -> str:
        """Create a role that a service can assume, with these permissions; returns its ARN."""
        iam, name = self.client("iam"), unique_name("role")
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        if condition:
            trust["Condition"] = condition
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy_document(trust))["Role"]["Arn"]
        if statements:
            iam.put_role_policy(
                RoleName=name, PolicyName="inline", PolicyDocument=policy_document(*statements)
            )
        return str(arn)

    def create_queue(self) -> "EmulatorQueue":
        sqs = self.client("sqs")
        url = sqs.create_queue(QueueName=unique_name("queue"))["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return EmulatorQueue(sqs, url, arn)

    def create_table(self) -> "EmulatorTable":
        dynamodb, name = self.client("dynamodb"), unique_name("table")
        description = dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )["TableDescription"]
        return EmulatorTable(dynamodb, name, description["LatestStreamArn"])

    def create_bus(self) -> str:
        """Create an event bus; returns its ARN."""
        return str(self.client("events").create_event_bus(Name=unique_name("bus"))["EventBusArn"])

    def create_bus_queue(self, bus: str) -> "EmulatorQueue":
        """Create a queue that receives every event of a bus."""
        queue, events = self.create_queue(), self.client("events")
        rule, bus_name = unique_name("all"), bus.rpartition("/")[2]
        pattern = json.dumps({"source": [{"exists": True}]})
        events.put_rule(Name=rule, EventBusName=bus_name, EventPattern=pattern)
        events.put_targets(Rule=rule, EventBusName=bus_name, Targets=[{"Id": "queue", "Arn": queue.arn}])
        return queue

    def create_pipe(
        self, table: "EmulatorTable", bus: str, *,
        dead_letters: "EmulatorQueue | None" = None, stream: Json | None = None,
        pattern: Json | None = None, template: str | None = None, event_bus: Json | None = None,
        statements: list[Json] | None = None, role: str | None = None,
    ) -> str:  # fmt: skip
        """Create a pipe whose role has exactly the required permissions; returns its name."""
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
        name = unique_name("pipe")
        self.client("pipes").create_pipe(
            Name=name, Source=table.stream, Target=bus, SourceParameters=source, TargetParameters=target,
            RoleArn=role or self.create_role("pipes.amazonaws.com", *statements),
        )  # fmt: skip
        return name

    def create_function(
        self,
        calls: "EmulatorQueue",
        *,
        code: str = ECHO_CODE,
        extra: tuple[dict[str, Any], ...] = (),
        **more: Any,
    ) -> str:
        """Create a function that can send to `calls`; returns its ARN. `extra` are more permissions."""
        send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": calls.arn}
        function = self.client("lambda").create_function(
            FunctionName=unique_name("function"), Runtime="python3.11", Handler="index.handler", Timeout=20,
            Role=self.create_role("lambda.amazonaws.com", send, *extra), Code={"ZipFile": zip_code(code)},
            Environment={"Variables": {"CALLS": calls.url}}, **more,
        )  # fmt: skip
        self.client("lambda").get_waiter("function_active_v2").wait(
            FunctionName=function["FunctionName"], WaiterConfig={"Delay": 0.1, "MaxAttempts": 100}
        )
        return str(function["FunctionArn"])

    def create_function_rule(self, bus: str, function: str, *, permitted: bool = True, **target: Any) -> str:
        """Create a rule that sends every event of a bus to a function; returns its ARN."""
        events, rule, bus_name = self.client("events"), unique_name("rule"), bus.rpartition("/")[2]
        pattern = json.dumps({"source": [{"exists": True}]})
        arn = events.put_rule(Name=rule, EventBusName=bus_name, EventPattern=pattern)["RuleArn"]
        events.put_targets(Rule=rule, EventBusName=bus_name, Targets=[{"Id": "f", "Arn": function, **target}])
        if permitted:
            self.client("lambda").add_permission(
                FunctionName=function, StatementId="rule", Action="lambda:InvokeFunction",
                Principal="events.amazonaws.com", SourceArn=arn,
            )  # fmt: skip
        return str(arn)

    def put_events(self, bus: str, *details: dict[str, Any]) -> None:
        for start in range(0, len(details), 10):
            response = self.client("events").put_events(
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
            assert response["FailedEntryCount"] == 0


def policy_document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def zip_code(code: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.py", code)
    return content.getvalue()


def pipe_permissions(
    table: "EmulatorTable", bus: str, dead_letters: "EmulatorQueue | None"
) -> list[dict[str, Any]]:
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
class EmulatorQueue:
    """A queue that the test reads."""

    sqs: Any
    url: str
    arn: str

    def allow(self, service: str) -> None:
        """Allow an AWS service to send to the queue."""
        policy = policy_document(
            {
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": "sqs:SendMessage",
                "Resource": self.arn,
            }
        )
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})

    def receive(self, count: int, *, seconds: float = 15.0) -> list[dict[str, Any]]:
        """Receive and delete `count` messages; `json` is the parsed body of each."""
        received: list[dict[str, Any]] = []

        def receive_batch() -> bool:
            response = self.sqs.receive_message(
                QueueUrl=self.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=0
            )
            for message in response.get("Messages", []):
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
                received.append({**message, "json": json.loads(message["Body"])})
            return len(received) >= count

        wait_for(receive_batch, seconds=seconds, what=f"{count} messages")
        return received

    def length(self) -> int:
        names = ["ApproximateNumberOfMessages"]
        response = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)
        return int(response["Attributes"][names[0]])


@dataclass
class EmulatorTable:
    """A table with a stream."""

    dynamodb: Any
    name: str
    stream: str

    def put(self, key: str, **attributes: Any) -> None:
        item = {"id": {"S": key}, **attributes}
        self.dynamodb.put_item(TableName=self.name, Item=item)
