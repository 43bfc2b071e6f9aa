"""API Gateway: REST APIs, their paths, models, validators and gateway responses."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugin import tags
from local.plugin.errors import PluginError
from local.plugin.properties import Property
from local.plugin.resource import REGION, TAGS, Resource
from local.plugin.values import Plain, Props


class ApiResource(Resource):
    """Base class of API Gateway's types, which are updated with JSON patches."""

    @property
    def api(self) -> Any:
        return self.aws.client("apigateway")

    def change_tags(self, arn: str, old: Props, new: Props) -> None:
        """Change the tags to those of `new`."""
        tags.update_tags(
            old["tags"],
            new["tags"],
            put=lambda added: self.api.tag_resource(resourceArn=arn, tags=added),
            remove=lambda names: self.api.untag_resource(resourceArn=arn, tagKeys=names),
        )

    def arn_of(self, path: str) -> str:
        """An ARN of API Gateway, which has no account id."""
        return f"arn:aws:apigateway:{self.aws.region}::/{path}"


def replace_at(path: str, value: Plain) -> dict[str, str]:
    """One JSON patch operation. API Gateway requires every value as text; an empty text removes the value."""
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
    return {"op": "replace", "path": path, "value": text}


def patches(paths: Mapping[str, str], changed: set[str], new: Props) -> list[dict[str, str]]:
    """Patch operations for the changed properties in `paths`."""
    return [replace_at(paths[name], new.get(name)) for name in sorted(changed & paths.keys())]


_ENDPOINT = {"types": Property(required=True), "ipAddressType": Property(computed=True)}


class RestApi(ApiResource):
    """A REST API; AWS assigns its id."""

    pulumi_type = "aws:apigateway/restApi:RestApi"
    properties: ClassVar = {
        **REGION,
        **TAGS,
        "name": Property(autoname=True),
        "description": Property(computed=True),
        "endpointConfiguration": Property(computed=True, fields=_ENDPOINT),
        "disableExecuteApiEndpoint": Property(False),
        "apiKeySource": Property(computed=True),
        "policy": Property(computed=True, document="policy"),
        "securityPolicy": Property(computed=True),
        "endpointAccessMode": Property(computed=True),
    }
    _paths: ClassVar = {name: f"/{name}" for name in properties if name not in ("tags", "region")}

    def create(self, inputs: Props) -> str:
        optional = ("description", "apiKeySource", "policy", "securityPolicy", "endpointAccessMode")
        endpoint = _endpoint(inputs.get("endpointConfiguration"))
        response = self.api.create_rest_api(
            name=inputs["name"],
            disableExecuteApiEndpoint=inputs["disableExecuteApiEndpoint"],
            tags=inputs["tags"],
            **{name: inputs[name] for name in optional if inputs.get(name)},
            **({"endpointConfiguration": endpoint} if endpoint else {}),
        )
        return str(response["id"])

    def read(self, resource_id: str, state: Props) -> Props:
        api, arn = self.api.get_rest_api(restApiId=resource_id), self.arn_of(f"restapis/{resource_id}")
        # A policy is returned as the content of a JSON string, without the quotes.
        policy = json.loads(f'"{api["policy"]}"') if api.get("policy") else None
        return {
            "name": api["name"],
            "arn": arn,
            "executionArn": self.aws.arn("execute-api", resource_id),
            "rootResourceId": api["rootResourceId"],
            "createdDate": str(api["createdDate"]),
            "description": api.get("description") or None,
            "endpointConfiguration": {**api["endpointConfiguration"], "types": _endpoint_type(api)},
            "disableExecuteApiEndpoint": api.get("disableExecuteApiEndpoint", False),
            "apiKeySource": api.get("apiKeySource"),
            "policy": policy,
            "tags": self.api.get_tags(resourceArn=arn).get("tags", {}),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        if "endpointConfiguration" in changed and "endpointConfiguration" in new:
            # AWS supports this change. The emulator returns success but stores another value.
            kind = _endpoint(new["endpointConfiguration"])["types"][0]
            raise PluginError(
                f"The embedded AWS cannot change the endpoint type of {new['name']} to {kind}."
                " Destroy the stack and deploy it again."
            )
        operations = patches(self._paths, changed - {"endpointConfiguration"}, new)
        if operations:
            self.api.update_rest_api(restApiId=resource_id, patchOperations=operations)
        self.change_tags(old["arn"], old, new)

    def delete(self, resource_id: str, state: Props) -> None:
        self.api.delete_rest_api(restApiId=resource_id)


def _endpoint(declared: Plain) -> dict[str, Any]:
    """Pulumi has one type, the API a list of one."""
    return {**declared, "types": [declared["types"]]} if declared else {}


def _endpoint_type(api: dict[str, Any]) -> str:
    return str(api["endpointConfiguration"]["types"][0])


class ApiPath(ApiResource):
    """One path of an API (called Resource in AWS); AWS assigns its id."""

    pulumi_type = "aws:apigateway/resource:Resource"
    identity = ("restApi", "parentId", "pathPart")
    properties: ClassVar = {
        **REGION,
        "restApi": Property(required=True, replace=True),
        "parentId": Property(required=True),
        "pathPart": Property(required=True),
    }

    def create(self, inputs: Props) -> str:
        api, parent, part = inputs["restApi"], inputs["parentId"], inputs["pathPart"]
        return str(self.api.create_resource(restApiId=api, parentId=parent, pathPart=part)["id"])

    def read(self, resource_id: str, state: Props) -> Props:
        response = self.api.get_resource(restApiId=state["restApi"], resourceId=resource_id)
        return {
            "restApi": state["restApi"],
            "parentId": response["parentId"],
            "pathPart": response["pathPart"],
            "path": response["path"],
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        operations = patches({"parentId": "/parentId", "pathPart": "/pathPart"}, changed, new)
        key = {"restApiId": new["restApi"], "resourceId": resource_id}
        self.api.update_resource(**key, patchOperations=operations)

    def delete(self, resource_id: str, state: Props) -> None:
        self.api.delete_resource(restApiId=state["restApi"], resourceId=resource_id)


class Model(ApiResource):
    """A named JSON schema; AWS assigns its id."""

    pulumi_type = "aws:apigateway/model:Model"
    identity = ("restApi", "name")
    properties: ClassVar = {
        **REGION,
        "restApi": Property(required=True, replace=True),
        "name": Property(required=True, replace=True),
        "contentType": Property(required=True, replace=True),
        "description": Property(),
        "schema": Property(document="json"),
    }

    def create(self, inputs: Props) -> str:
        optional = {name: inputs[name] for name in ("description", "schema") if inputs.get(name)}
        response = self.api.create_model(
            restApiId=inputs["restApi"], name=inputs["name"], contentType=inputs["contentType"], **optional
        )
        return str(response["id"])

    def read(self, resource_id: str, state: Props) -> Props:
        response = self.api.get_model(restApiId=state["restApi"], modelName=state["name"])
        return {
            "restApi": state["restApi"],
            "name": response["name"],
            "contentType": response["contentType"],
            "description": response.get("description") or None,
            "schema": response.get("schema") or None,
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        operations = patches({"description": "/description", "schema": "/schema"}, changed, new)
        key = {"restApiId": new["restApi"], "modelName": new["name"]}
        self.api.update_model(**key, patchOperations=operations)

    def delete(self, resource_id: str, state: Props) -> None:
        self.api.delete_model(restApiId=state["restApi"], modelName=state["name"])


class RequestValidator(ApiResource):
    """The validation of requests before the integration; AWS assigns its id."""

    pulumi_type = "aws:apigateway/requestValidator:RequestValidator"
    properties: ClassVar = {
        **REGION,
        "restApi": Property(required=True, replace=True),
        "name": Property(autoname=True),
        "validateRequestBody": Property(False),
        "validateRequestParameters": Property(False),
    }
    _paths: ClassVar = {name: f"/{name}" for name in properties if name not in ("restApi", "region")}

    def create(self, inputs: Props) -> str:
        request = {name: inputs[name] for name in self._paths}
        return str(self.api.create_request_validator(restApiId=inputs["restApi"], **request)["id"])

    def read(self, resource_id: str, state: Props) -> Props:
        key = {"restApiId": state["restApi"], "requestValidatorId": resource_id}
        response = self.api.get_request_validator(**key)
        return {"restApi": state["restApi"], **{name: response.get(name) for name in self._paths}}

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        key = {"restApiId": new["restApi"], "requestValidatorId": resource_id}
        self.api.update_request_validator(**key, patchOperations=patches(self._paths, changed, new))

    def delete(self, resource_id: str, state: Props) -> None:
        self.api.delete_request_validator(restApiId=state["restApi"], requestValidatorId=resource_id)


class GatewayResponse(ApiResource):
    """A response of the gateway itself; its id is `aggr-<api>-<type>`."""

    pulumi_type = "aws:apigateway/response:Response"
    identity = ("restApiId", "responseType")
    properties: ClassVar = {
        **REGION,
        "restApiId": Property(required=True, replace=True),
        "responseType": Property(required=True, replace=True),
        "statusCode": Property(),
        "responseParameters": Property(),
        "responseTemplates": Property(),
    }

    def create(self, inputs: Props) -> str:
        self._put(inputs)
        return f"aggr-{inputs['restApiId']}-{inputs['responseType']}"

    def read(self, resource_id: str, state: Props) -> Props | None:
        response = self.api.get_gateway_response(**_response_key(state))
        if response.get("defaultResponse"):
            return None
        optional = ("statusCode", "responseParameters", "responseTemplates")
        identity = {name: state[name] for name in self.identity}
        return {**identity, **{name: response.get(name) or None for name in optional}}

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self._put(new)

    def delete(self, resource_id: str, state: Props) -> None:
        self.api.delete_gateway_response(**_response_key(state))

    def _put(self, inputs: Props) -> None:
        names = ("statusCode", "responseParameters", "responseTemplates")
        optional = {name: inputs[name] for name in names if inputs.get(name)}
        self.api.put_gateway_response(**_response_key(inputs), **optional)


def _response_key(values: Props) -> dict[str, str]:
    return {"restApiId": values["restApiId"], "responseType": values["responseType"]}


class Account(ApiResource):
    """The role for the logs of the gateway, one per account and region; its id is constant."""

    pulumi_type = "aws:apigateway/account:Account"
    properties: ClassVar = {**REGION, "cloudwatchRoleArn": Property(computed=True)}

    def create(self, inputs: Props) -> str:
        self._put(inputs.get("cloudwatchRoleArn"))
        return "api-gateway-account"

    def read(self, resource_id: str, state: Props) -> Props:
        response = self.api.get_account()
        return {
            "cloudwatchRoleArn": response.get("cloudwatchRoleArn") or None,
            "apiKeyVersion": response.get("apiKeyVersion"),
            "features": response.get("features", []),
            "throttleSettings": [response["throttleSettings"]] if "throttleSettings" in response else [],
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self._put(new.get("cloudwatchRoleArn"))

    def delete(self, resource_id: str, state: Props) -> None:
        self._put(None)

    def _put(self, role: str | None) -> None:
        self.api.update_account(patchOperations=[replace_at("/cloudwatchRoleArn", role)])


RESOURCES = (RestApi, ApiPath, Model, RequestValidator, GatewayResponse, Account)
