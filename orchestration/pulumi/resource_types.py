"""Resource types with a special role: the types of Pulumi, component types, and types that hold data."""

from collections.abc import Mapping
from types import MappingProxyType

STACK_TYPE = "pulumi:pulumi:Stack"
FUNCTION_TYPE = "aws:lambda/function:Function"
# Begins the types that Pulumi manages itself: stacks, stack references and providers.
PULUMI_TYPE_PREFIX = "pulumi:"
# Begins the types of the components in this repository.
COMPONENT_TYPE_PREFIX = "fraud:"
# Changes of these resources change nothing in AWS.
LOGICAL_TYPE_PREFIXES = (PULUMI_TYPE_PREFIX, COMPONENT_TYPE_PREFIX)

# For each type, the loss if a resource of the type is deleted or replaced, as the end of a sentence.
STATEFUL_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "aws:apigateway/restApi:RestApi": "its URL changes for every client",
        "aws:cloudwatch/eventBus:EventBus": "events sent in the meantime are lost",
        "aws:cloudwatch/logGroup:LogGroup": "every log event in it is lost",
        "aws:dynamodb/table:Table": "every item in it is lost",
        "aws:kms/key:Key": "data encrypted with it can no longer be decrypted",
        "aws:s3/bucket:Bucket": "every object in it is lost",
        "aws:s3/bucketV2:BucketV2": "every object in it is lost",
        "aws:sns/topic:Topic": "its subscriptions are lost",
        "aws:sns/topicSubscription:TopicSubscription": "the receiver has to confirm it again",
        "aws:sqs/queue:Queue": "every message in it is lost",
    }
)
