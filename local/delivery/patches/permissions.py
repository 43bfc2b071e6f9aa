"""Patches of IAM: the context of a request that ministack evaluates differently from AWS."""

import json
import re
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_actions, iam_evaluator  # type: ignore[import-untyped]
from ministack.services import dynamodb, dynamodb_streams  # type: ignore[import-untyped]

from local.delivery.patches.ministack import replaces

# A name in an update or condition expression. Placeholders of values start with a colon.
_EXPRESSION_NAME = re.compile(r"(?<![:\w])#?[A-Za-z_]\w*")
_KEYWORDS = frozenset({
    "add", "and", "attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "between",
    "contains", "delete", "if_not_exists", "in", "list_append", "not", "or", "remove", "set", "size",
})  # fmt: skip


def authorize_stream_arn() -> None:
    """Authorize reads of a stream by its ARN: ministack requires the permission on `*`."""

    @replaces(iam_actions, "extract_resource_arn")
    def extract_resource_arn(  # noqa: PLR0917 (signature of the original)
        original: Any, service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any
    ) -> str:
        if service == "dynamodbstreams":
            request = json.loads(body or b"{}")
            iterator = dynamodb_streams._decode_iterator(request.get("ShardIterator") or "") or {}
            return str(request.get("StreamArn") or iterator.get("arn") or "*")
        return str(original(service, method, path, headers, body, *rest))


def accept_loopback_as_tls() -> None:
    """Evaluate aws:SecureTransport as true, because the stacks' policies require TLS on loopback as well."""

    @replaces(iam_evaluator, "_resolve_condition_key")
    def resolve_condition_key(original: Any, key: str, context: Any) -> Any:
        return "true" if key.lower() == "aws:securetransport" else original(key, context)


def authorize_keys_and_attributes() -> None:
    """Add the partition keys of a request to its context, and the attributes of an update.

    ministack does not set `dynamodb:LeadingKeys`, and sets `dynamodb:Attributes` for projections only.
    """

    @replaces(iam_actions, "dynamodb_service_context")
    def dynamodb_service_context(original: Any, body: bytes) -> dict[str, Any]:
        context = dict(original(body))
        request = json.loads(body or b"{}")
        if isinstance(request, dict) and "UpdateExpression" in request:
            context["dynamodb:Attributes"] = sorted(_updated_attributes(request))
        if isinstance(request, dict) and (keys := sorted(_leading_keys(request))):
            context["dynamodb:LeadingKeys"] = keys
        return context


def _leading_keys(request: Mapping[str, Any]) -> set[str]:
    """Values of the partition keys of the items that a request for one item, or BatchGetItem, names."""
    item = request.get("Key") or request.get("Item")
    items = {request["TableName"]: [item]} if item and "TableName" in request else {}
    for name, batch in request.get("RequestItems", {}).items():
        items[name] = batch["Keys"] if isinstance(batch, dict) and "Keys" in batch else []
    return {
        value
        for name, keys in items.items()
        if (table := dynamodb._tables.get(name.rpartition("/")[2]))
        for key in keys
        if isinstance(key, dict)
        for value in key.get(table["pk_name"], {}).values()
    }


def _updated_attributes(request: Mapping[str, Any]) -> set[str]:
    """Attributes in the key and in the expressions of an UpdateItem request."""
    text = f"{request['UpdateExpression']} {request.get('ConditionExpression', '')}"
    aliases = request.get("ExpressionAttributeNames", {})
    names = {name for name in _EXPRESSION_NAME.findall(text) if name.lower() not in _KEYWORDS}
    return {*request.get("Key", {}), *(aliases.get(name, name) for name in names)}
