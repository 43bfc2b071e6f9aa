"""API Gateway: methods and their integrations."""

from typing import Any, ClassVar

from local.plugin.properties import Property
from local.plugin.resource import REGION
from local.plugin.services.apigateway import ApiResource
from local.plugin.values import Props

_METHOD_KEY = {
    "restApi": Property(required=True, replace=True),
    "resourceId": Property(required=True, replace=True),
    "httpMethod": Property(required=True, replace=True),
}
_METHOD = {
    "authorization": Property(required=True, api="authorizationType"),
    "apiKeyRequired": Property(False),
    "operationName": Property(),
    "requestModels": Property(),
    "requestParameters": Property(),
    "requestValidatorId": Property(),
}
_INTEGRATION = {
    "type": Property(required=True, replace=True),
    "integrationHttpMethod": Property(computed=True, replace=True),
    "uri": Property(),
    "connectionType": Property("INTERNET", only=("INTERNET",)),
    "credentials": Property(replace=True),
    "passthroughBehavior": Property(computed=True, replace=True),
    "contentHandling": Property(),
    "requestTemplates": Property(),
    "requestParameters": Property(),
    "cacheKeyParameters": Property(unordered=True),
    "cacheNamespace": Property(computed=True),
    "timeoutMilliseconds": Property(29000, api="timeoutInMillis"),
}


class Method(ApiResource):
    """One method of a path; its id is `agm-<api>-<resource>-<method>`."""

    pulumi_type = "aws:apigateway/method:Method"
    identity = tuple(_METHOD_KEY)
    properties: ClassVar = {**REGION, **_METHOD_KEY, **_METHOD}

    def create(self, inputs: Props) -> str:
        self.api.put_method(**_method_key(inputs), **_to_request(_METHOD, inputs))
        return "-".join(["agm", *(inputs[name] for name in _METHOD_KEY)])

    def read(self, resource_id: str, state: Props) -> Props:
        response = self.api.get_method(**_method_key(state))
        return {**{name: state[name] for name in _METHOD_KEY}, **_from_response(_METHOD, response)}

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        """Put method and integration again, because the emulator's patches do not support content types."""
        integration = self.api.get_method(**_method_key(old)).get("methodIntegration")
        self.api.put_method(**_method_key(new), **_to_request(_METHOD, new))
        if integration:
            previous = _from_response(
                _INTEGRATION, {**integration, "integrationHttpMethod": integration.get("httpMethod")}
            )
            self.api.put_integration(**_method_key(new), **_to_request(_INTEGRATION, previous))

    def delete(self, resource_id: str, state: Props) -> None:
        self.api.delete_method(**_method_key(state))


class Integration(ApiResource):
    """The backend of a method; its id is `agi-<api>-<resource>-<method>`."""

    pulumi_type = "aws:apigateway/integration:Integration"
    identity = tuple(_METHOD_KEY)
    properties: ClassVar = {**REGION, **_METHOD_KEY, **_INTEGRATION}

    def create(self, inputs: Props) -> str:
        self.api.put_integration(**_method_key(inputs), **_to_request(_INTEGRATION, inputs))
        return "-".join(["agi", *(inputs[name] for name in _METHOD_KEY)])

    def read(self, resource_id: str, state: Props) -> Props:
        response = self.api.get_integration(**_method_key(state))
        outputs = _from_response(
            _INTEGRATION, {**response, "integrationHttpMethod": response.get("httpMethod")}
        )
        return {**{name: state[name] for name in _METHOD_KEY}, **outputs}

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self.api.put_integration(**_method_key(new), **_to_request(_INTEGRATION, new))

    def delete(self, resource_id: str, state: Props) -> None:
        self.api.delete_integration(**_method_key(state))


def _method_key(values: Props) -> dict[str, str]:
    return {
        "restApiId": values["restApi"],
        "resourceId": values["resourceId"],
        "httpMethod": values["httpMethod"],
    }


def _to_request(fields: dict[str, Property], values: Props) -> dict[str, Any]:
    """Properties with the names of this API, which start with a lower-case letter, without empty values."""
    request = {field.api or name: values.get(name, field.default) for name, field in fields.items()}
    return {name: value for name, value in request.items() if value not in (None, "")}


def _from_response(fields: dict[str, Property], response: dict[str, Any]) -> Props:
    return {name: response.get(field.api or name) or field.default for name, field in fields.items()}


RESOURCES = (Method, Integration)
