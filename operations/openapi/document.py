"""Writes docs/openapi.json: the routes, the models, and the responses of the functions and API Gateway."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

from functions.common.http.problem import ProblemError
from operations.openapi import examples
from operations.openapi.schemas import build_schemas, refer_to
from orchestration.environments import ROOT
from shared.names import API_STAGE
from stacks.edge.responses import RESPONSES, GatewayResponse
from stacks.edge.routes import HISTORIC, LABELS, METHOD, TRANSACTIONS, TRANSACTIONS_BATCH, Route

# Its schemas are JSON Schema 2020-12, which msgspec writes. In 3.0, no field could be null.
_VERSION = "3.1.0"
_RETRY_AFTER = "Retry-After"
_UNREACHABLE = frozenset({"RESOURCE_NOT_FOUND", "BAD_REQUEST_PARAMETERS"})
_DESCRIPTION = (
    "Takes in transactions and their labels. Repeating a request is safe: nothing is stored twice. After a"
    " 429, 500 or 503, and after a timeout, send the same request again."
)


class _Success(NamedTuple):
    status: int
    description: str
    example: object


class _Operation(NamedTuple):
    """`request`: the schema of the body, with an example."""

    route: Route
    summary: str
    request: str
    example: Mapping[str, Any]
    successes: Sequence[_Success]
    problems: Sequence[ProblemError]


_BATCH_SUCCESS = _Success(200, "A result for each transaction, in their order", examples.BATCH_RESPONSE)
_OPERATIONS = (
    _Operation(
        TRANSACTIONS,
        "Store a transaction",
        "Transaction",
        examples.TRANSACTION,
        (
            _Success(201, "The transaction is stored", examples.transaction_response("stored")),
            _Success(
                200, "The same transaction was stored before", examples.transaction_response("replayed")
            ),
        ),
        examples.TRANSACTION_PROBLEMS,
    ),
    _Operation(
        TRANSACTIONS_BATCH,
        "Store up to 25 transactions",
        "Batch",
        examples.BATCH,
        (_BATCH_SUCCESS,),
        examples.BATCH_PROBLEMS,
    ),
    _Operation(
        HISTORIC,
        "Store up to 25 past transactions, which cause no alerts",
        "Batch",
        examples.BATCH,
        (_BATCH_SUCCESS,),
        examples.BATCH_PROBLEMS,
    ),
    _Operation(
        LABELS,
        "Label a transaction",
        "Label",
        examples.LABEL,
        (
            _Success(201, "The label is stored", examples.label_response("stored")),
            _Success(
                200,
                "The label replaced another one, or was stored before",
                examples.label_response("changed"),
            ),
        ),
        examples.LABEL_PROBLEMS,
    ),
)


def generate_openapi_document() -> str:
    """The OpenAPI document as JSON."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    document = {
        "openapi": _VERSION,
        "info": {
            "title": "Fraud pipeline",
            "version": project["version"],
            "description": _DESCRIPTION,
            "license": {"name": project["license"], "identifier": project["license"]},
        },
        "servers": [
            {
                "url": f"https://{{apiId}}.execute-api.{{region}}.amazonaws.com/{API_STAGE}",
                "description": "The outputs of the layer edge have the URL of each route",
                "variables": {"apiId": {"default": "api"}, "region": {"default": "us-east-1"}},
            }
        ],
        "security": [{"sigv4": []}],
        "paths": {
            f"/{operation.route.path}": {METHOD.lower(): _describe(operation)} for operation in _OPERATIONS
        },
        "components": {
            "schemas": build_schemas(),
            "headers": {
                _RETRY_AFTER: {
                    "description": "The seconds until a repetition can succeed",
                    "schema": {"type": "string", "pattern": "^[0-9]+$"},
                }
            },
            # As API Gateway exports it: https://docs.aws.amazon.com/apigateway/latest/developerguide/
            # api-gateway-swagger-extensions-authtype.html
            "securitySchemes": {
                "sigv4": {
                    "type": "apiKey",
                    "name": "Authorization",
                    "in": "header",
                    "description": "AWS Signature Version 4 for the service execute-api",
                    "x-amazon-apigateway-authtype": "awsSigv4",
                }
            },
        },
    }
    return json.dumps(document, indent=2) + "\n"


def _describe(operation: _Operation) -> dict[str, Any]:
    return {
        "operationId": f"post-{operation.route.name}",
        "summary": operation.summary,
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": refer_to(operation.request), "example": operation.example}
            },
        },
        "responses": {
            **{str(success.status): _describe_success(success) for success in operation.successes},
            **_describe_problems(operation.problems),
        },
    }


def _describe_success(success: _Success) -> dict[str, Any]:
    schema = refer_to(type(success.example).__name__)
    content = {"schema": schema, "example": examples.to_json(success.example)}
    return {"description": success.description, "content": {"application/json": content}}


def _describe_problems(problems: Sequence[ProblemError]) -> dict[str, Any]:
    """The error responses by status: those of the function and those of API Gateway."""
    bodies = [examples.to_json(error.problem) for error in problems]
    bodies += [_read_template(response) for response in RESPONSES if response.type not in _UNREACHABLE]
    by_status: dict[str, dict[str, Any]] = {}
    for body in bodies:
        status = str(body.get("status", "4XX"))
        name = body["type"].rpartition(":")[2]
        by_status.setdefault(status, {}).setdefault(name, {"value": body})
    return {status: _describe_problem(status, values) for status, values in sorted(by_status.items())}


def _read_template(response: GatewayResponse) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(response.templates["application/json"])
    return body


def _describe_problem(status: str, values: Mapping[str, Any]) -> dict[str, Any]:
    headers = {}
    if status in ("429", "503"):
        headers = {"headers": {_RETRY_AFTER: {"$ref": f"#/components/headers/{_RETRY_AFTER}"}}}
    return {
        "description": HTTPStatus(int(status)).phrase if status.isdecimal() else "Another error of a request",
        **headers,
        "content": {
            "application/problem+json": {
                # API Gateway's template for other statuses cannot contain the status.
                "schema": refer_to("Problem") if status.isdecimal() else {"type": "object"},
                "examples": values,
            }
        },
    }
