"""API Gateway: methods and their integrations."""

from typing import Any, ClassVar

from local.plugin.properties import Property
from local.plugin.resource import REGION
from local.plugin.services.apigateway import ApiResource
from local.plugin.values import Props

_PLACE = {
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
    identity = tuple(_PLACE)
    properties: ClassVar = {**REGION, **_PLACE, **_METHOD}

    def create(self, inputs: Props) -> str:
        self.api.put_method(**_place(inputs), **_named(_METHOD, inputs))
        return "-".join(["agm", *(inputs[name] for name in _PLACE)])

    def read(self, resource_id: str, state: Props) -> Props:
        answer = self.api.get_method(**_place(state))
        return {**{name: state[name] for name in _PLACE}, **_read(_METHOD, answer)}

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        """Put it again, with the integration it had: the emulator's patches cannot name a content type."""
        integration = self.api.get_method(**_place(old)).get("methodIntegration")
        self.api.put_method(**_place(new), **_named(_METHOD, new))
        if integration:
            again = _read(
                _INTEGRATION, {**integration, "integrationHttpMethod": integration.get("httpMethod")}
            )
            self.api.put_integration(**_place(new), **_named(_INTEGRATION, again))

    def delete(self, resource_id: str, state: Props) -> None:
        self.api.delete_method(**_place(state))


class Integration(ApiResource):
    """What a method calls; its id is `agi-<api>-<resource>-<method>`."""

    pulumi_type = "aws:apigateway/integration:Integration"
    identity = tuple(_PLACE)
    properties: ClassVar = {**REGION, **_PLACE, **_INTEGRATION}

    def create(self, inputs: Props) -> str:
        self.api.put_integration(**_place(inputs), **_named(_INTEGRATION, inputs))
        return "-".join(["agi", *(inputs[name] for name in _PLACE)])

    def read(self, resource_id: str, state: Props) -> Props:
        answer = self.api.get_integration(**_place(state))
        shown = _read(_INTEGRATION, {**answer, "integrationHttpMethod": answer.get("httpMethod")})
        return {**{name: state[name] for name in _PLACE}, **shown}

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self.api.put_integration(**_place(new), **_named(_INTEGRATION, new))

    def delete(self, resource_id: str, state: Props) -> None:
        self.api.delete_integration(**_place(state))


def _place(values: Props) -> dict[str, str]:
    return {
        "restApiId": values["restApi"],
        "resourceId": values["resourceId"],
        "httpMethod": values["httpMethod"],
    }


def _named(fields: dict[str, Property], values: Props) -> dict[str, Any]:
    """Properties in this API's names, which begin with a small letter; absent and empty ones left out."""
    named = {field.api or name: values.get(name, field.default) for name, field in fields.items()}
    return {name: value for name, value in named.items() if value not in (None, "")}


def _read(fields: dict[str, Property], answer: dict[str, Any]) -> Props:
    return {name: answer.get(field.api or name) or field.default for name, field in fields.items()}


RESOURCES = (Method, Integration)
