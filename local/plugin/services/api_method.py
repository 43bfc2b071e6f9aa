"""API Gateway: methods and their integrations."""

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugin.properties import Property
from local.plugin.resource import PutResource
from local.plugin.services.apigateway import API_PART, ApiResource
from local.plugin.values import Props

_METHOD_KEY = {
    "resourceId": Property(required=True, replace=True),
    "httpMethod": Property(required=True, replace=True),
}


class _MethodResource(PutResource, ApiResource):
    identity = ("restApi", *_METHOD_KEY)
    key: ClassVar = {"restApiId": "restApi", "resourceId": "resourceId", "httpMethod": "httpMethod"}

    def put(self, inputs: Props) -> None:
        self.call("put", "", inputs, **self.request(inputs))


class Integration(_MethodResource):
    """The backend of a method."""

    pulumi_type = "aws:apigateway/integration:Integration"
    id_format = "agi-{restApi}-{resourceId}-{httpMethod}"
    noun = "integration"
    fields: ClassVar = {
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
    properties: ClassVar = {**API_PART, **_METHOD_KEY, **fields}

    def outputs(self, state: Props, response: Mapping[str, Any]) -> Props:
        # The response has another name for the HTTP method of the integration.
        return super().outputs(state, {**response, "integrationHttpMethod": response.get("httpMethod")})


class Method(_MethodResource):
    """One method of a path."""

    pulumi_type = "aws:apigateway/method:Method"
    id_format = "agm-{restApi}-{resourceId}-{httpMethod}"
    noun = "method"
    fields: ClassVar = {
        "authorization": Property(required=True, api="authorizationType"),
        "apiKeyRequired": Property(False),
        "operationName": Property(),
        "requestModels": Property(),
        "requestParameters": Property(),
        "requestValidatorId": Property(),
    }
    properties: ClassVar = {**API_PART, **_METHOD_KEY, **fields}

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        """Put method and integration again, because the emulator's patches do not support content types."""
        integration = self.call("get", resource_id, old).get("methodIntegration")
        self.put(new)
        if integration:
            resource = Integration(self.aws)
            resource.put(resource.outputs(new, integration))
