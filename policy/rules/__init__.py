"""The rules by subject. Importing this package registers them."""

from policy.rules import (
    api_gateway,
    code_signing,
    dynamodb,
    events,
    firewall,
    iam,
    keys,
    lambda_functions,
    logs,
    network,
    ownership,
    queues,
    topics,
)

# In the order of the generated document.
SUBJECTS = {
    "API Gateway": api_gateway,
    "AWS WAF": firewall,
    "Lambda": lambda_functions,
    "Code signing": code_signing,
    "DynamoDB": dynamodb,
    "SQS": queues,
    "SNS": topics,
    "EventBridge": events,
    "KMS": keys,
    "IAM": iam,
    "VPC": network,
    "CloudWatch": logs,
    "Tags": ownership,
}
