"""The metrics of AWS services that alarms may use, with their dimensions.

Source: the user guides of the services.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-monitoring.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
"""

_QUEUE = [("QueueName",)]
_PIPE = [("PipeName",)]
_RULE = [("EventBusName", "RuleName"), ("RuleName",)]
_FUNCTION = [("FunctionName",), ("FunctionName", "Resource")]
# API Gateway adds the metrics of each method only with detailed metrics, which the stage does not enable.
_API = [("ApiName",), ("ApiName", "Stage")]
_TABLE = [("TableName",), ("GlobalSecondaryIndexName", "TableName")]
_TOPIC = [("TopicName",)]

METRICS: dict[str, dict[str, list[tuple[str, ...]]]] = {
    "AWS/SQS": {
        "ApproximateAgeOfOldestMessage": _QUEUE,
        "ApproximateNumberOfMessagesVisible": _QUEUE,
        "ApproximateNumberOfMessagesNotVisible": _QUEUE,
        "ApproximateNumberOfMessagesDelayed": _QUEUE,
    },
    "AWS/EventBridge/Pipes": {
        "EventCount": _PIPE,
        "ExecutionFailed": _PIPE,
        "ExecutionPartiallyFailed": _PIPE,
        "ExecutionThrottled": [*_PIPE, ("AwsAccountId",)],
        "ExecutionTimeout": _PIPE,
        "Invocations": [*_PIPE, ("AwsAccountId",)],
    },
    "AWS/Events": {
        "FailedInvocations": _RULE,
        "InvocationsFailedToBeSentToDlq": _RULE,
        "InvocationsSentToDlq": _RULE,
        "ThrottledRules": _RULE,
    },
    "AWS/Lambda": {
        "ConcurrentExecutions": _FUNCTION,
        "DestinationDeliveryFailures": _FUNCTION,
        "DeadLetterErrors": _FUNCTION,
        "Duration": _FUNCTION,
        "Errors": _FUNCTION,
        "Invocations": _FUNCTION,
        "IteratorAge": [("FunctionName",)],
        "Throttles": _FUNCTION,
    },
    "AWS/ApiGateway": dict.fromkeys(("4XXError", "5XXError", "Count", "Latency"), _API),
    "AWS/DynamoDB": dict.fromkeys(("ReadThrottleEvents", "WriteThrottleEvents"), _TABLE),
    "AWS/SNS": {
        "NumberOfNotificationsFailed": _TOPIC,
        "NumberOfNotificationsFailedToRedriveToDlq": _TOPIC,
    },
}
