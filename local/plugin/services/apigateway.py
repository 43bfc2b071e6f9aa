"""API Gateway: REST APIs, their paths, models, validators and gateway responses."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugin.errors import PluginError
from local.plugin.properties import Property, to_text, without_empty
from local.plugin.resource import REGION, REGION_AND_TAGS, PutResource, Resource
from local.plugin.tags import TagApi
from local.plugin.values import Plain, Props


class ApiResource(Resource):
    """Base class of API Gateway's types.

    noun: the noun in the names of the operations.
    key: the operations' parameters that identify the resource, with their properties; `id` is the Pulumi id.
    fields: the properties that the operations read and write. Their names start with a lower-case letter.
    unread_fields: further properties of a creation.
    """

    tag_api = TagApi("resourceArn", tags="tags", keys="tagKeys", pair=None, read="get_tags")
    noun: ClassVar[str]
    key: ClassVar[Mapping[str, str]]
    fields: ClassVar[Mapping[str, Property]] = {}
    unread_fields: ClassVar[Mapping[str, Property]] = {}

    def call(self, verb: str, resource_id: str, values: Props, **parameters: Any) -> dict[str, Any]:
        """Call an operation of one resource."""
        identified = {**values, "id": resource_id}
        key = {parameter: identified[name] for parameter, name in self.key.items()}
        return dict(getattr(self.client, f"{verb}_{self.noun}")(**key, **parameters))

    def request(self, inputs: Props) -> dict[str, Any]:
        """The fields in a request, without empty values."""
        fields = {**self.fields, **self.unread_fields}
        return without_empty(
            {field.api or name: inputs.get(name, field.default) for name, field in fields.items()}
        )

    def outputs(self, state: Props, response: Mapping[str, Any]) -> Props:
        """The fields in a response, and the properties in the key."""
        key = {name: state[name] for name in self.key.values() if name != "id"}
        return key | {
            name: response.get(field.api or name) or field.default for name, field in self.fields.items()
        }

    def read(self, resource_id: str, state: Props) -> Props | None:
        return self.outputs(state, self.call("get", resource_id, state))

    def delete(self, resource_id: str, state: Props) -> None:
        self.call("delete", resource_id, state)

    def arn_of(self, path: str) -> str:
        """An ARN of API Gateway, which has no account id."""
        return f"arn:aws:apigateway:{self.aws.region}::/{path}"


class PatchedResource(ApiResource):
    """A type that JSON patches update."""

    def create(self, inputs: Props) -> str:
        create = getattr(self.client, f"create_{self.noun}")
        return str(create(restApiId=inputs["restApi"], **self.request(inputs))["id"])

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        if operations := self.patches(old, new, changed):
            self.call("update", resource_id, new, patchOperations=operations)

    def patches(self, _old: Props, new: Props, changed: set[str]) -> list[dict[str, str]]:
        """Patch operations for the changed fields."""
        return [
            replace_at(f"/{field.api or name}", new.get(name))
            for name, field in sorted(self.fields.items())
            if name in changed and not field.replace
        ]


def replace_at(path: str, value: Plain) -> dict[str, str]:
    """One JSON patch operation. API Gateway requires every value as text; an empty text removes the value."""
    return {"op": "replace", "path": path, "value": to_text(value)}


_ENDPOINT = {
    "types": Property(required=True),
    "ipAddressType": Property(computed=True),
    "vpcEndpointIds": Property(computed=True, unordered=True),
}


class RestApi(PatchedResource):
    """A REST API; AWS assigns its id."""

    pulumi_type = "aws:apigateway/restApi:RestApi"
    noun = "rest_api"
    key: ClassVar = {"restApiId": "id"}
    fields: ClassVar = {
        "name": Property(autoname=True),
        "description": Property(computed=True),
        "disableExecuteApiEndpoint": Property(False),
        "apiKeySource": Property(computed=True),
        "policy": Property(computed=True, document="policy"),
        "securityPolicy": Property(computed=True),
        "endpointAccessMode": Property(computed=True),
    }
    properties: ClassVar = {
        **REGION_AND_TAGS,
        **fields,
        "endpointConfiguration": Property(computed=True, fields=_ENDPOINT),
    }

    def create(self, inputs: Props) -> str:
        # Pulumi has one endpoint type, the API a list of one.
        declared = inputs.get("endpointConfiguration")
        endpoint = {"endpointConfiguration": {**declared, "types": [declared["types"]]}} if declared else {}
        response = self.client.create_rest_api(tags=inputs["tags"], **endpoint, **self.request(inputs))
        return str(response["id"])

    def read(self, resource_id: str, state: Props) -> Props:
        api, arn = self.call("get", resource_id, state), self.arn_of(f"restapis/{resource_id}")
        endpoint = api["endpointConfiguration"]
        # The embedded AWS does not return these two fields, so the state keeps their declared values.
        fields = self.fields.keys() - {"securityPolicy", "endpointAccessMode"}
        return {
            **{name: value for name, value in self.outputs(state, api).items() if name in fields},
            # A policy that a resource of its own sets is no change of the API.
            "policy": _decode_policy(api) if state.get("policy") else None,
            "arn": arn,
            "executionArn": self.aws.arn("execute-api", resource_id),
            "rootResourceId": api["rootResourceId"],
            "createdDate": str(api["createdDate"]),
            "endpointConfiguration": {**endpoint, "types": str(endpoint["types"][0])},
            "tags": self.read_tags(arn),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        if "endpointConfiguration" in changed:
            # AWS supports this change. The emulator returns success but stores another value.
            raise PluginError(
                f"The embedded AWS cannot change the endpoint type of {new['name']} to"
                f" {new['endpointConfiguration']['types']}. Destroy the stack and deploy it again."
            )
        super().update(resource_id, old, new, changed)


def _decode_policy(api: Mapping[str, Any]) -> str | None:
    """The policy of an API, which is returned as the content of a JSON string, without the quotes."""
    return str(json.loads(f'"{api["policy"]}"')) if api.get("policy") else None


class RestApiPolicy(PutResource, ApiResource):
    """The resource policy of an API."""

    pulumi_type = "aws:apigateway/restApiPolicy:RestApiPolicy"
    identity = ("restApiId",)
    id_format = "{restApiId}"
    noun = "rest_api"
    key: ClassVar = {"restApiId": "restApiId"}
    properties: ClassVar = {
        **REGION,
        "policy": Property(required=True, document="policy"),
        "restApiId": Property(required=True, replace=True),
    }

    def put(self, inputs: Props) -> None:
        self._set_policy(inputs, inputs["policy"])

    def read(self, resource_id: str, state: Props) -> Props | None:
        policy = _decode_policy(self.call("get", resource_id, state))
        return {"restApiId": state["restApiId"], "policy": policy} if policy else None

    def delete(self, resource_id: str, state: Props) -> None:
        self._set_policy(state, None)

    def _set_policy(self, values: Props, policy: Plain) -> None:
        self.call("update", "", values, patchOperations=[replace_at("/policy", policy)])


# Inputs of a part of an API.
API_PART = {**REGION, "restApi": Property(required=True, replace=True)}


class ApiPath(PatchedResource):
    """One path of an API (called Resource in AWS); AWS assigns its id."""

    pulumi_type = "aws:apigateway/resource:Resource"
    identity = ("restApi", "parentId", "pathPart")
    noun = "resource"
    key: ClassVar = {"restApiId": "restApi", "resourceId": "id"}
    fields: ClassVar = {"parentId": Property(required=True), "pathPart": Property(required=True)}
    properties: ClassVar = {**API_PART, **fields}

    def outputs(self, state: Props, response: Mapping[str, Any]) -> Props:
        return {**super().outputs(state, response), "path": response["path"]}


class Model(PatchedResource):
    """A named JSON schema; AWS assigns its id."""

    pulumi_type = "aws:apigateway/model:Model"
    identity = ("restApi", "name")
    noun = "model"
    key: ClassVar = {"restApiId": "restApi", "modelName": "name"}
    fields: ClassVar = {
        "name": Property(required=True, replace=True),
        "contentType": Property(required=True, replace=True),
        "description": Property(),
        "schema": Property(document="json"),
    }
    properties: ClassVar = {**API_PART, **fields}


class RequestValidator(PatchedResource):
    """The validation of requests before the integration; AWS assigns its id."""

    pulumi_type = "aws:apigateway/requestValidator:RequestValidator"
    noun = "request_validator"
    key: ClassVar = {"restApiId": "restApi", "requestValidatorId": "id"}
    fields: ClassVar = {
        "name": Property(autoname=True),
        "validateRequestBody": Property(False),
        "validateRequestParameters": Property(False),
    }
    properties: ClassVar = {**API_PART, **fields}


class GatewayResponse(PutResource, ApiResource):
    """A response of the gateway itself."""

    pulumi_type = "aws:apigateway/response:Response"
    identity = ("restApiId", "responseType")
    id_format = "aggr-{restApiId}-{responseType}"
    noun = "gateway_response"
    key: ClassVar = {"restApiId": "restApiId", "responseType": "responseType"}
    fields: ClassVar = {
        "statusCode": Property(),
        "responseParameters": Property(),
        "responseTemplates": Property(),
    }
    properties: ClassVar = {
        **REGION,
        **fields,
        "restApiId": Property(required=True, replace=True),
        "responseType": Property(required=True, replace=True),
    }

    def put(self, inputs: Props) -> None:
        self.call("put", "", inputs, **self.request(inputs))

    def read(self, resource_id: str, state: Props) -> Props | None:
        response = self.call("get", resource_id, state)
        return None if response.get("defaultResponse") else self.outputs(state, response)


class Account(PutResource, ApiResource):
    """The role for the logs of the gateway, one per account and region."""

    pulumi_type = "aws:apigateway/account:Account"
    id_format = "api-gateway-account"
    properties: ClassVar = {**REGION, "cloudwatchRoleArn": Property(computed=True)}

    def put(self, inputs: Props) -> None:
        role = inputs.get("cloudwatchRoleArn")
        self.client.update_account(patchOperations=[replace_at("/cloudwatchRoleArn", role)])

    def read(self, resource_id: str, state: Props) -> Props:
        response = self.client.get_account()
        return {
            "cloudwatchRoleArn": response.get("cloudwatchRoleArn") or None,
            "apiKeyVersion": response.get("apiKeyVersion"),
            "features": response.get("features", []),
            "throttleSettings": [response["throttleSettings"]] if "throttleSettings" in response else [],
        }

    def delete(self, resource_id: str, state: Props) -> None:
        self.put({})
