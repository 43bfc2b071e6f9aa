"""Tables, queues, topics and buses: what a request to one needs of the key that it is encrypted with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.aws.deployments import key_request
from tests.aws.policies import Context, Request
from tests.stacks.mocked_aws import ACCOUNT, arn
from tests.stacks.recording import Program, Recorded

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
_USES_OF_KEY: Mapping[str, tuple[str, ...]] = {
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
    """A resource that keeps messages or items, its key and its own policy, if it has them."""

    arn: str
    service: str
    key: str | None
    encryption_context: Mapping[str, str]
    policy: str | None


class Stores:
    """The stores that the layers of an environment register, by their ARNs."""

    def __init__(self, programs: Mapping[str, Program]) -> None:
        self._resources = [each for program in programs.values() for each in program.resources]
        self._stores = {store.arn: store for store in self._find()}

    def __getitem__(self, arn: str) -> Store:
        """The store with an ARN; that of a stream is its table's."""
        return self._stores[arn.partition("/stream/")[0]]

    def requests(self, action: str, arn: str, context: Context) -> Iterator[Request]:
        """A request to a store, and what the store's service asks of KMS for the same caller."""
        yield Request(action, arn, context)
        store = self[arn]
        for permission in _USES_OF_KEY[action] if store.key else ():
            yield key_request(permission, store.key or "", store.service, store.encryption_context)

    def _find(self) -> Iterator[Store]:
        for each in self._resources:
            name = each.inputs.get("name")
            if each.type == "aws:dynamodb/table:Table":
                key = each["serverSideEncryption"]["kmsKeyArn"]
                context = {"aws:dynamodb:tableName": name, "aws:dynamodb:subscriberId": ACCOUNT}
                yield Store(arn("dynamodb", f"table/{name}"), "dynamodb", key, context, None)
            elif each.type == "aws:sqs/queue:Queue":
                own = arn("sqs", str(name))
                yield Store(
                    own, "sqs", _key(each), {"aws:sqs:arn": own}, self._policy(each, "sqs/queuePolicy")
                )
            elif each.type == "aws:sns/topic:Topic":
                own = arn("sns", str(name))
                yield Store(
                    own, "sns", _key(each), {"aws:sns:topicArn": own}, self._policy(each, "sns/topicPolicy")
                )
            elif each.type == "aws:cloudwatch/eventBus:EventBus":
                own = arn("events", f"event-bus/{name}")
                yield Store(own, "events", each["kmsKeyIdentifier"], {"aws:events:event-bus:arn": own}, None)

    def _policy(self, store: Recorded, type_: str) -> str | None:
        of_store = [
            str(each["policy"])
            for each in self._resources
            if each.type.startswith(f"aws:{type_}:")
            and str(each.inputs.get("queueUrl") or each.inputs.get("arn")).replace("/", ":").split(":")[-1]
            == store["name"]
        ]
        return of_store[0] if of_store else None


def _key(store: Recorded) -> str | None:
    return store.inputs.get("kmsMasterKeyId")
