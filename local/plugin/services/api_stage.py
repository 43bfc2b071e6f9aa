"""API Gateway: deployments, stages and their settings."""

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugin.properties import Property
from local.plugin.resource import TAGS, PutResource
from local.plugin.services.apigateway import API_PART, ApiResource, PatchedResource, replace_at
from local.plugin.values import Props


class Deployment(PatchedResource):
    """A snapshot of an API; AWS assigns its id. A change of its triggers replaces it."""

    pulumi_type = "aws:apigateway/deployment:Deployment"
    noun = "deployment"
    key: ClassVar = {"restApiId": "restApi", "deploymentId": "id"}
    fields: ClassVar = {"description": Property()}
    unread_fields: ClassVar = {"variables": Property(replace=True)}
    properties: ClassVar = {
        **API_PART,
        **fields,
        **unread_fields,
        "triggers": Property(replace=True),
    }

    def outputs(self, state: Props, response: Mapping[str, Any]) -> Props:
        return {**super().outputs(state, response), "createdDate": str(response["createdDate"])}


_ACCESS_LOG = {"destinationArn": Property(required=True), "format": Property(required=True)}
_STAGE_KEY = {"restApiId": "restApi", "stageName": "stageName"}


class Stage(PatchedResource):
    """A named stage of an API."""

    pulumi_type = "aws:apigateway/stage:Stage"
    identity = ("restApi", "stageName")
    id_format = "ags-{restApi}-{stageName}"
    noun = "stage"
    key: ClassVar = _STAGE_KEY
    fields: ClassVar = {
        "deployment": Property(required=True, api="deploymentId"),
        "description": Property(),
        "xrayTracingEnabled": Property(False, api="tracingEnabled"),
    }
    unread_fields: ClassVar = {"variables": Property()}
    properties: ClassVar = {
        **API_PART,
        **TAGS,
        **fields,
        **unread_fields,
        "stageName": Property(required=True, replace=True),
        "accessLogSettings": Property(fields=_ACCESS_LOG),
        "cacheClusterEnabled": Property(False, only=(False,)),
    }

    def create(self, inputs: Props) -> str:
        self.call("create", "", inputs, **self.request(inputs), tags=inputs["tags"])
        return self.format_id(inputs)

    def configure(self, resource_id: str, inputs: Props) -> None:
        if inputs.get("accessLogSettings"):
            self.call("update", resource_id, inputs, patchOperations=_access_log(inputs))
        # The emulator does not return the tags of a creation, so they are set again.
        self.change_tags(self._arn(inputs), {}, inputs["tags"])

    def read(self, resource_id: str, state: Props) -> Props:
        response = self.call("get", resource_id, state)
        api, name, arn = state["restApi"], state["stageName"], self._arn(state)
        return {
            **self.outputs(state, response),
            "arn": arn,
            "executionArn": f"{self.aws.arn('execute-api', api)}/{name}",
            "invokeUrl": f"{self.aws.endpoint}/_aws/execute-api/{api}/{name}",
            "variables": response.get("variables") or None,
            "accessLogSettings": response.get("accessLogSettings") or None,
            "tags": self.read_tags(arn),
        }

    def patches(self, old: Props, new: Props, changed: set[str]) -> list[dict[str, str]]:
        operations = super().patches(old, new, changed)
        if "accessLogSettings" in changed:
            operations += _access_log(new)
        if "variables" in changed:
            operations += _variables(old.get("variables") or {}, new.get("variables") or {})
        return operations

    def _arn(self, values: Props) -> str:
        return self.arn_of(f"restapis/{values['restApi']}/stages/{values['stageName']}")


def _access_log(inputs: Props) -> list[dict[str, str]]:
    settings = inputs.get("accessLogSettings")
    if not settings:
        return [{"op": "remove", "path": "/accessLogSettings"}]
    return [replace_at(f"/accessLogSettings/{name}", settings[name]) for name in _ACCESS_LOG]


def _variables(old: dict[str, str], new: dict[str, str]) -> list[dict[str, str]]:
    removed: list[dict[str, str]] = [
        {"op": "remove", "path": f"/variables/{name}"} for name in sorted(old.keys() - new.keys())
    ]
    return removed + [replace_at(f"/variables/{name}", value) for name, value in sorted(new.items())]


_SETTINGS = {
    "metricsEnabled": Property(computed=True, api="metrics/enabled"),
    "loggingLevel": Property(computed=True, api="logging/loglevel"),
    "dataTraceEnabled": Property(computed=True, api="logging/dataTrace"),
    "throttlingBurstLimit": Property(-1, api="throttling/burstLimit"),
    "throttlingRateLimit": Property(-1, api="throttling/rateLimit"),
    "cachingEnabled": Property(computed=True, api="caching/enabled"),
    "cacheTtlInSeconds": Property(computed=True, api="caching/ttlInSeconds"),
    "cacheDataEncrypted": Property(computed=True, api="caching/dataEncrypted"),
    "requireAuthorizationForCacheControl": Property(
        computed=True, api="caching/requireAuthorizationForCacheControl"
    ),
    "unauthorizedCacheControlHeaderStrategy": Property(
        computed=True, api="caching/unauthorizedCacheControlHeaderStrategy"
    ),
}


class MethodSettings(PutResource, ApiResource):
    """Throttling, metrics and logs of a stage's methods."""

    pulumi_type = "aws:apigateway/methodSettings:MethodSettings"
    identity = ("restApi", "stageName", "methodPath")
    id_format = "{restApi}-{stageName}-{methodPath}"
    noun = "stage"
    key: ClassVar = _STAGE_KEY
    properties: ClassVar = {
        **API_PART,
        "stageName": Property(required=True, replace=True),
        "methodPath": Property(required=True, replace=True),
        "settings": Property(required=True, fields=_SETTINGS),
    }

    def put(self, inputs: Props) -> None:
        settings = {name: inputs["settings"].get(name, field.default) for name, field in _SETTINGS.items()}
        operations = [
            replace_at(f"/{inputs['methodPath']}/{_SETTINGS[name].api}", value)
            for name, value in settings.items()
            if value is not None
        ]
        self.call("update", "", inputs, patchOperations=operations)

    def read(self, resource_id: str, state: Props) -> Props | None:
        methods = self.call("get", resource_id, state).get("methodSettings", {})
        path = state["methodPath"]
        # AWS returns an encoded path as it was sent, the embedded AWS decodes it.
        settings = methods.get(path, methods.get(path.replace("~1", "/")))
        if settings is None:
            return None
        outputs = {name: _to_integer(settings[name]) for name in _SETTINGS if name in settings}
        return {**{name: state[name] for name in self.identity}, "settings": outputs}

    def delete(self, resource_id: str, state: Props) -> None:
        operation = {"op": "remove", "path": f"/{state['methodPath']}"}
        self.call("update", resource_id, state, patchOperations=[operation])


def _to_integer(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
