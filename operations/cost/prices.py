"""List prices of AWS in us-east-1, in US dollars. This is the only table of prices in the repository.

`DATE`: the day on which the prices were compared with stored copies of public pages. They are prices of the
first tier, without discounts and without free tiers, except for those named `FREE_…`.
"""

from typing import Literal, NamedTuple

DATE = "2026-11-28"
REGION = "us-east-1"

Evidence = Literal["aws", "third party"]


class Price(NamedTuple):
    """`usd` for each `quantity` units. `source`: AWS's page. `evidence`: the publisher of the page with the
    figure that was compared.
    """

    usd: float
    quantity: float
    unit: str
    source: str
    evidence: Evidence

    def cost(self, units: float) -> float:
        """The price of a number of units."""
        return self.usd * units / self.quantity


_MILLION = 1_000_000
_API_GATEWAY = "https://aws.amazon.com/api-gateway/pricing/"
_CLOUDWATCH = "https://aws.amazon.com/cloudwatch/pricing/"
_DYNAMODB = "https://aws.amazon.com/dynamodb/pricing/on-demand/"
_EC2 = "https://aws.amazon.com/ec2/pricing/on-demand/"
_EVENTBRIDGE = "https://aws.amazon.com/eventbridge/pricing/"
_KMS = "https://aws.amazon.com/kms/pricing/"
_LAMBDA = "https://aws.amazon.com/lambda/pricing/"
_PRIVATELINK = "https://aws.amazon.com/privatelink/pricing/"
_SNS = "https://aws.amazon.com/sns/pricing/"
_SQS = "https://aws.amazon.com/sqs/pricing/"
_WAF = "https://aws.amazon.com/waf/pricing/"
_XRAY = "https://aws.amazon.com/xray/pricing/"

API_REQUEST = Price(3.50, _MILLION, "request", _API_GATEWAY, "aws")
DATA_TRANSFER_OUT = Price(0.09, 1, "GB to the internet", _EC2, "third party")

FUNCTION_REQUEST = Price(0.20, _MILLION, "invocation", _LAMBDA, "third party")
FUNCTION_SECOND_ARM = Price(0.0000133334, 1, "GB-second on arm64", _LAMBDA, "third party")
FUNCTION_SECOND_X86 = Price(0.0000166667, 1, "GB-second on x86_64", _LAMBDA, "third party")

TABLE_WRITE = Price(0.625, _MILLION, "write request unit", _DYNAMODB, "third party")
TABLE_READ = Price(0.125, _MILLION, "read request unit", _DYNAMODB, "third party")
TABLE_STORAGE = Price(0.25, 1, "GB-month", _DYNAMODB, "third party")
TABLE_RECOVERY = Price(0.20, 1, "GB-month", _DYNAMODB, "third party")
TABLE_EXPORT = Price(0.10, 1, "GB exported to S3", _DYNAMODB, "third party")
STREAM_READ = Price(0.02, 100_000, "GetRecords request", _DYNAMODB, "third party")

BUS_EVENT = Price(1.00, _MILLION, "custom event", _EVENTBRIDGE, "third party")
PIPE_REQUEST = Price(0.40, _MILLION, "request", _EVENTBRIDGE, "third party")

QUEUE_REQUEST = Price(0.40, _MILLION, "request", _SQS, "third party")
TOPIC_PUBLICATION = Price(0.50, _MILLION, "publication", _SNS, "third party")
TOPIC_MAIL = Price(2.00, 100_000, "mail", _SNS, "third party")

LOG_INGESTION = Price(0.50, 1, "GB of logs", _CLOUDWATCH, "third party")
LOG_STORAGE = Price(0.03, 1, "GB-month, compressed", _CLOUDWATCH, "third party")
CUSTOM_METRIC = Price(0.30, 1, "metric", _CLOUDWATCH, "third party")
ALARM_METRIC = Price(0.10, 1, "metric", _CLOUDWATCH, "third party")
COMPOSITE_ALARM = Price(0.50, 1, "alarm", _CLOUDWATCH, "third party")
DASHBOARD = Price(3.00, 1, "dashboard", _CLOUDWATCH, "third party")
TRACE = Price(5.00, _MILLION, "trace", _XRAY, "aws")

KEY = Price(1.00, 1, "key", _KMS, "aws")
KEY_REQUEST = Price(0.03, 10_000, "request", _KMS, "third party")

ENDPOINT_HOUR = Price(0.01, 1, "hour in a zone", _PRIVATELINK, "third party")
ENDPOINT_DATA = Price(0.01, 1, "GB", _PRIVATELINK, "aws")

WEB_ACL = Price(5.00, 1, "web ACL", _WAF, "third party")
WEB_ACL_RULE = Price(1.00, 1, "rule or group of managed rules", _WAF, "third party")
WEB_ACL_REQUEST = Price(0.60, _MILLION, "inspected request", _WAF, "third party")

# The free tier of every account, for alarms of standard resolution that name their metrics.
FREE_ALARM_METRICS = 10
FREE_DASHBOARDS = 3
FREE_METRICS_PER_DASHBOARD = 50
