"""The envelope of a batch: an object with one array of objects.

API Gateway checks the envelope only. A schema of the entries would refuse a batch for one invalid entry.
"""

MAX_BATCH_ENTRIES = 25
# 25 of the longest transactions in UTF-8 fit.
MAX_BATCH_BYTES = 64 * 1024
BATCH_FIELD = "transactions"


def build_batch_schema(title: str) -> dict[str, object]:
    """Build the JSON schema (draft 4) of a batch."""
    return {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": title,
        "type": "object",
        "required": [BATCH_FIELD],
        "properties": {
            BATCH_FIELD: {
                "type": "array",
                "minItems": 1,
                "maxItems": MAX_BATCH_ENTRIES,
                "items": {"type": "object"},
            }
        },
        "additionalProperties": False,
    }
