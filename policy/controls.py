"""The controls that a reviewer asks about, and those that no rule enforces, each with its reason."""

from collections.abc import Mapping

REQUIREMENTS: Mapping[str, str] = {
    "C1": "Failure queues keep messages for 14 days, source queues for less",
    "C2": "Environment variables are encrypted with a customer-managed key",
    "C3": "Functions run on Python 3.11",
    "C4": "Least privilege, without wildcards",
    "C5": "Functions run in private subnets",
    "C6": "POST /transactions is throttled at 1000 requests per second",
    "C7": "DynamoDB is billed on demand",
    "C8": "Functions reserve a concurrency of at least 100",
    "C9": "Rules match event patterns, without schedules",
    "C10": "Queues have a visibility timeout of 6 minutes",
    "C11": "Customer-managed keys encrypt sensitive data at rest",
    "C12": "The region is a setting",
    "C13": "The stacks are programs for Pulumi 3 in Python",
    "C14": "Everything is defined in code",
    "R4": "Inserted transactions only are announced",
    "R10": "Each function has a role of its own",
    "R11": "Each function has a log group with a retention of 7 days",
    "R12": "Functions and API send traces to X-Ray",
}

FOUNDATIONAL: Mapping[str, str] = {
    "APIGateway.1": "REST API execution logging is enabled",
    "APIGateway.2": "REST API stages use TLS certificates for their backends",
    "APIGateway.3": "REST API stages have X-Ray tracing",
    "APIGateway.4": "API Gateway is associated with a WAF web ACL",
    "APIGateway.5": "REST API cache data is encrypted at rest",
    "APIGateway.8": "API Gateway routes have an authorization type",
    "APIGateway.9": "API Gateway stages have access logs",
    "Lambda.1": "Function policies prohibit public access",
    "Lambda.2": "Functions use supported runtimes",
    "Lambda.3": "Functions are in a VPC",
    "Lambda.5": "Functions in a VPC use several availability zones",
    "DynamoDB.1": "Tables scale their capacity",
    "DynamoDB.2": "Tables have point-in-time recovery",
    "DynamoDB.4": "Tables are in a backup plan",
    "DynamoDB.6": "Tables have deletion protection",
    "SQS.1": "Queues are encrypted at rest",
    "SNS.1": "Topics are encrypted at rest with KMS",
    "SNS.2": "Topics log the status of deliveries",
    "SNS.4": "Topic policies do not allow public access",
    "KMS.1": "Customer-managed policies do not allow decryption with all keys",
    "KMS.2": "Inline policies do not allow decryption with all keys",
    "KMS.3": "Keys are not deleted by mistake",
    "KMS.4": "Keys are rotated",
    "KMS.5": "Keys are not publicly accessible",
    "EventBridge.3": "Custom event buses have a resource policy",
    "EC2.2": "Default security groups allow no traffic",
    "EC2.6": "VPC flow logs are enabled",
    "EC2.10": "The VPC has an endpoint for EC2",
    "EC2.13": "Security groups do not admit all addresses to port 22",
    "EC2.14": "Security groups do not admit all addresses to port 3389",
    "EC2.15": "Subnets do not assign public addresses",
    "EC2.16": "Unused network ACLs are removed",
    "EC2.18": "Security groups admit all addresses to authorized ports only",
    "EC2.19": "Security groups do not admit all addresses to high-risk ports",
    "EC2.21": "Network ACLs do not admit all addresses to ports 22 and 3389",
    "IAM.1": "Policies do not allow full administration",
    "IAM.21": "Customer-managed policies do not allow wildcard actions",
}

CDK_NAG: Mapping[str, str] = {
    "AwsSolutions-APIG1": "The API has access logs",
    "AwsSolutions-APIG2": "The REST API validates requests",
    "AwsSolutions-APIG3": "The REST API stage is associated with AWS WAF",
    "AwsSolutions-APIG4": "The API authorizes callers",
    "AwsSolutions-APIG6": "All methods log to CloudWatch",
    "AwsSolutions-DDB3": "Tables have point-in-time recovery",
    "AwsSolutions-EVB1": "Event bus policies do not allow open access",
    "AwsSolutions-IAM4": "Roles have no AWS managed policies",
    "AwsSolutions-IAM5": "Wildcards in permissions have a reason",
    "AwsSolutions-KMS5": "Keys are rotated",
    "AwsSolutions-L1": "Functions use the latest runtime",
    "AwsSolutions-SNS3": "Topics require TLS of publishers",
    "AwsSolutions-SQS2": "Queues are encrypted",
    "AwsSolutions-SQS3": "Queues have a dead-letter queue",
    "AwsSolutions-SQS4": "Queues require TLS",
    "AwsSolutions-VPC3": "There are no network ACLs",
    "AwsSolutions-VPC7": "VPCs have flow logs",
    "AwsSolutions-EC23": "Security groups do not admit all addresses",
    "AwsSolutions-EC27": "Security groups have descriptions",
}

CHECKOV: Mapping[str, str] = {
    "CKV_AWS_7": "Keys are rotated",
    "CKV_AWS_23": "Security groups and their rules have descriptions",
    "CKV_AWS_24": "Security groups do not admit all addresses to port 22",
    "CKV_AWS_25": "Security groups do not admit all addresses to port 3389",
    "CKV_AWS_26": "Topics are encrypted",
    "CKV_AWS_27": "Queues are encrypted",
    "CKV_AWS_28": "Tables have point-in-time recovery",
    "CKV_AWS_33": "Key policies do not allow all principals",
    "CKV_AWS_45": "Functions have no secrets in environment variables",
    "CKV_AWS_50": "Functions have X-Ray tracing",
    "CKV_AWS_59": "There is no open access to resources behind the API",
    "CKV_AWS_66": "Log groups have a retention",
    "CKV_AWS_73": "API Gateway has X-Ray tracing",
    "CKV_AWS_76": "API Gateway has access logs",
    "CKV_AWS_115": "Functions have a limit of concurrency",
    "CKV_AWS_116": "Functions have a dead-letter queue",
    "CKV_AWS_117": "Functions are in a VPC",
    "CKV_AWS_119": "Tables are encrypted with a customer-managed key",
    "CKV_AWS_120": "API Gateway has a cache",
    "CKV_AWS_158": "Log groups are encrypted with KMS",
    "CKV_AWS_168": "Queue policies are not public",
    "CKV_AWS_173": "Environment variables are encrypted with KMS",
    "CKV_AWS_206": "API Gateway uses a modern TLS policy",
    "CKV_AWS_217": "Deployments of an API are created before they are destroyed",
    "CKV_AWS_225": "API Gateway methods use the cache",
    "CKV_AWS_227": "Keys are enabled",
    "CKV_AWS_237": "REST APIs are created before they are destroyed",
    "CKV_AWS_260": "Security groups do not admit all addresses to port 80",
    "CKV_AWS_272": "Functions validate the signature of their code",
    "CKV_AWS_276": "API Gateway methods do not trace data",
    "CKV_AWS_277": "Security groups do not admit all addresses to all ports",
    "CKV_AWS_301": "Functions are not publicly accessible",
    "CKV_AWS_308": "The cache of API Gateway methods is encrypted",
    "CKV_AWS_338": "Log groups keep events for a year",
    "CKV_AWS_363": "Function runtimes are not deprecated",
    "CKV_AWS_364": "Permissions for services are limited by source",
    "CKV_AWS_382": "Security groups do not send to all addresses on all ports",
}

FRAMEWORKS: Mapping[str, Mapping[str, str]] = {
    "Requirements": REQUIREMENTS,
    "AWS Foundational Security Best Practices": FOUNDATIONAL,
    "cdk-nag AwsSolutions": CDK_NAG,
    "Checkov": CHECKOV,
}

NOT_APPLICABLE: Mapping[str, str] = {
    "C12": "A property of the programs and not of a resource. Settings name the region.",
    "C13": "A property of the repository and not of a resource. `requirements/dev.txt` pins Pulumi 3.",
    "C14": "Rules judge what code defines. `invoke drift` finds what was changed otherwise.",
    "APIGateway.2": "The backends are Lambda functions, which API Gateway calls by IAM and not by HTTP.",
    "EC2.10": "Nothing in the VPC calls EC2's API. Lambda makes network interfaces from outside the VPC.",
    "CKV_AWS_217": "Pulumi creates a replacement before it deletes the old resource unless told otherwise.",
    "CKV_AWS_237": "Pulumi creates a replacement before it deletes the old resource unless told otherwise.",
}

_EXECUTION_LOG = (
    "Execution logs contain requests, and go to a log group that AWS owns, without our key."
    " The access log has a line for each request."
)
_CACHE = "Every route is a POST that writes. A cache would hide that a transaction was not stored."
_FIREWALL = (
    "Callers sign with IAM, and the stage limits their rate. The firewall is a setting of edge, and off by"
    " default for its price for each request. If it is on, the rules for AWS WAF apply."
)
_FLOW_LOGS = (
    "The VPC has no way out except the endpoints, whose policies name roles, actions and resources. Flow logs"
    " would record these allowed calls only, at a price for each gigabyte."
)
NOT_DONE: Mapping[str, str] = {
    "APIGateway.1": _EXECUTION_LOG,
    "AwsSolutions-APIG6": _EXECUTION_LOG,
    "APIGateway.4": _FIREWALL,
    "AwsSolutions-APIG3": _FIREWALL,
    "CKV_AWS_120": _CACHE,
    "CKV_AWS_225": _CACHE,
    "DynamoDB.4": (
        "Point-in-time recovery restores any second of 35 days. A backup plan would keep personal data after"
        " its TTL and after an erasure."
    ),
    "SNS.2": "Subscriptions are email, for which SNS logs no delivery. An alarm watches failed deliveries.",
    "EventBridge.3": "A bus without a policy accepts events of roles of its account only.",
    "EC2.6": _FLOW_LOGS,
    "AwsSolutions-VPC7": _FLOW_LOGS,
    "AwsSolutions-L1": "C3 requires Python 3.11, which AWS supports. The rule lambda-runtime enforces it.",
    "CKV_AWS_338": "R11 requires 7 days. A year of logs would be a year of personal data.",
    "CKV_AWS_272": (
        "Only deploy roles may change code, and the hash of each package is in the plan. Code signing is a"
        " setting, and off by default. If it is on, the rules for code signing apply."
    ),
}
