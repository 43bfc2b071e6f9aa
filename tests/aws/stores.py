"""Tables, queues, topics and buses, with the KMS requests that a request to them needs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.aws.deployments import key_request
from tests.aws.policies import Context, Request
from tests.stacks.mocked_aws import ACCOUNT, arn
from tests.stacks.recording import RecordedProgram, RecordedResource

_READ = ("kms:Decrypt", "kms:DescribeKey")
_WRITE = (
    *_READ,
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
_SEND = ("kms:Decrypt", "kms:GenerateDataKey")

# https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
# https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
_KEY_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "dynamodb:BatchGetItem": _READ,
    "dynamodb:ConditionCheckItem": _READ,
    "dynamodb:DeleteItem": _WRITE,
    "dynamodb:DescribeStream": (),
    "dynamodb:GetItem": _READ,
    "dynamodb:GetRecords": _READ,
    "dynamodb:GetShardIterator": (),
    "dynamodb:PutItem": _WRITE,
    "dynamodb:Query": _READ,
    "dynamodb:UpdateItem": _WRITE,
    "events:PutEvents": _SEND,
    "sns:Publish": _SEND,
    "sqs:DeleteMessage": (),
    "sqs:GetQueueAttributes": (),
    "sqs:ReceiveMessage": ("kms:Decrypt",),
    "sqs:SendMessage": _SEND,
}


@dataclass(frozen=True)
class Store:
    """A resource that stores messages or items, with its key and resource policy if it has them."""

    arn: str
    service: str
    key: str | None
    encryption_context: Mapping[str, str]
    policy: str | None


class Stores:
    """The registered stores of an environment by ARN."""

    def __init__(self, programs: Mapping[str, RecordedProgram]) -> None:
        self._resources = [resource for program in programs.values() for resource in program.resources]
        self._stores = {store.arn: store for store in self._find_stores()}

    def __getitem__(self, arn: str) -> Store:
        """The store with an ARN. For a stream, it is the table."""
        return self._stores[arn.partition("/stream/")[0]]

    def requests(self, action: str, arn: str, context: Context) -> Iterator[Request]:
        """A request to a store, and the requests that the service makes to KMS for the same caller."""
        yield Request(action, arn, context)
        store = self[arn]
        for permission in _KEY_ACTIONS[action] if store.key else ():
            yield key_request(permission, store.key or "", store.service, store.encryption_context)

    def _find_stores(self) -> Iterator[Store]:
        for resource in self._resources:
            name = resource.inputs.get("name")
            if resource.type == "aws:dynamodb/table:Table":
                key = resource["serverSideEncryption"]["kmsKeyArn"]
                context = {"aws:dynamodb:tableName": name, "aws:dynamodb:subscriberId": ACCOUNT}
                yield Store(arn("dynamodb", f"table/{name}"), "dynamodb", key, context, None)
            elif resource.type == "aws:sqs/queue:Queue":
                own = arn("sqs", str(name))
                yield Store(
                    own,
                    "sqs",
                    _kms_key(resource),
                    {"aws:sqs:arn": own},
                    self._find_policy(resource, "sqs/queuePolicy"),
                )
            elif resource.type == "aws:sns/topic:Topic":
                own = arn("sns", str(name))
                yield Store(
                    own,
                    "sns",
                    _kms_key(resource),
                    {"aws:sns:topicArn": own},
                    self._find_policy(resource, "sns/topicPolicy"),
                )
            elif resource.type == "aws:cloudwatch/eventBus:EventBus":
                own = arn("events", f"event-bus/{name}")
                yield Store(
                    own, "events", resource["kmsKeyIdentifier"], {"aws:events:event-bus:arn": own}, None
                )

    def _find_policy(self, store: RecordedResource, type_: str) -> str | None:
        policies = [
            str(resource["policy"])
            for resource in self._resources
            if resource.type.startswith(f"aws:{type_}:")
            and str(resource.inputs.get("queueUrl") or resource.inputs.get("arn"))
            .replace("/", ":")
            .split(":")[-1]
            == store["name"]
        ]
        return policies[0] if policies else None


def _kms_key(store: RecordedResource) -> str | None:
    return store.inputs.get("kmsMasterKeyId")
