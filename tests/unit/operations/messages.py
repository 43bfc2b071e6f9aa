"""Bodies of messages in the failure queues."""

import json
from typing import Any

from functions.common.domain.transaction_event import DETAIL_TYPE, SOURCE, build_event_detail

STREAM = "arn:aws:dynamodb:us-east-1:123456789012:table/transactions/stream/2026-01-01T00:00:00.000"
RECEIVED_MS = 1_789_999_000_000


def image(transaction_id: str = "t-1", **attributes: Any) -> dict[str, Any]:
    """An item in the format of the stream."""
    return {
        "transaction_id": {"S": transaction_id},
        "timestamp": {"N": str(RECEIVED_MS - 500)},
        "account_id": {"S": "a-1"},
        "merchant_id": {"S": "m-1"},
        "amount": {"N": "12.5"},
        "currency": {"S": "EUR"},
        "channel": {"NULL": True},
        "country": {"NULL": True},
        "device_id": {"NULL": True},
        "ip_address": {"S": "192.0.2.1"},
        "merchant_category": {"NULL": True},
        "received_at": {"N": str(RECEIVED_MS)},
        "expires_at": {"N": str(RECEIVED_MS // 1000 + 86_400)},
        **attributes,
    }


def event(transaction_id: str = "t-1") -> dict[str, Any]:
    return {
        "version": "0",
        "id": "e-1",
        "source": SOURCE,
        "detail-type": DETAIL_TYPE,
        "time": "2026-09-21T10:00:00Z",
        "resources": [],
        "detail": build_event_detail(image(transaction_id)),
    }


def failed_event(transaction_id: str = "t-1") -> str:
    return json.dumps(event(transaction_id))


def failed_invocation(transaction_id: str = "t-1", error: str = "StoreBusyError") -> str:
    return json.dumps(
        {
            "version": "1.0",
            "requestContext": {"condition": "RetriesExhausted"},
            "requestPayload": event(transaction_id),
            "responsePayload": {"errorType": error, "errorMessage": "…"},
        }
    )


def throttled_invocation(transaction_id: str = "t-1") -> str:
    record = json.loads(failed_invocation(transaction_id))
    return json.dumps({**record, "responsePayload": None})


def alert(transaction_id: str = "t-1") -> str:
    return json.dumps(
        {
            "transaction_id": transaction_id,
            "timestamp": RECEIVED_MS,
            "account_id": "a-1",
            "merchant_id": "m-1",
            "amount": "12.5",
            "currency": "EUR",
            "received_at": RECEIVED_MS,
            "score": 0.9,
            "reasons": [],
        }
    )


def pipe_failure(start: int = 1, end: int = 1, arrival: str = "2026-09-21T10:00:00Z") -> str:
    batch = {
        "shardId": "shard-1",
        "startSequenceNumber": sequence(start),
        "endSequenceNumber": sequence(end),
        "approximateArrivalOfFirstRecord": arrival,
        "approximateArrivalOfLastRecord": arrival,
        "batchSize": end - start + 1,
        "streamArn": STREAM,
    }
    return json.dumps({"context": {"condition": "RecordAgeExceeded"}, "DDBStreamBatchInfo": batch})


def sequence(number: int) -> str:
    return str(10**20 + number)
