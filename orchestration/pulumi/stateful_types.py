"""Resource types whose deletion or replacement loses data."""

from collections.abc import Mapping
from types import MappingProxyType

# The loss if a resource of the type is deleted or replaced, as the end of a sentence.
STATEFUL_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "aws:apigateway/restApi:RestApi": "its URL changes for every client",
        "aws:cloudwatch/eventBus:EventBus": "events sent in the meantime are lost",
        "aws:cloudwatch/logGroup:LogGroup": "what was logged is lost",
        "aws:dynamodb/table:Table": "every item in it is lost",
        "aws:kms/key:Key": "what it encrypted cannot be read any more",
        "aws:s3/bucket:Bucket": "every object in it is lost",
        "aws:s3/bucketV2:BucketV2": "every object in it is lost",
        "aws:sns/topic:Topic": "its subscriptions are lost",
        "aws:sns/topicSubscription:TopicSubscription": "its receiver has to confirm anew",
        "aws:sqs/queue:Queue": "every message in it is lost",
    }
)
