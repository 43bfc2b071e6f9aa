"""API Gateway: deployments, stages and their settings."""

from typing import Any, ClassVar

from local.plugin.properties import Property
from local.plugin.resource import REGION, TAGS
from local.plugin.services.apigateway import ApiResource, patches, replace_at
from local.plugin.values import Props


class Deployment(ApiResource):
    """A snapshot of an API; AWS assigns its id. A change of its triggers replaces it."""

    pulumi_type = "aws:apigateway/deployment:Deployment"
    properties: ClassVar = {
        **REGION,
        "restApi": Property(required=True, replace=True),
        "description": Property(),
        "triggers": Property(replace=True),
        "variables": Property(replace=True),
    }

    def create(self, inputs: Props) -> str:
        optional = {name: inputs[name] for name in ("description", "variables") if inputs.get(name)}
        return str(self.api.create_deployment(restApiId=inputs["restApi"], **optional)["id"])

    def read(self, resource_id: str, state: Props) -> Props:
        response = self.api.get_deployment(restApiId=state["restApi"], deploymentId=resource_id)
        return {
            "restApi": state["restApi"],
            "description": response.get("description") or None,
            "createdDate": str(response["createdDate"]),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        operations = patches({"description": "/description"}, changed, new)
        key = {"restApiId": new["restApi"], "deploymentId": resource_id}
        self.api.update_deployment(**key, patchOperations=operations)

    def delete(self, resource_id: str, state: Props) -> None:
        self.api.delete_deployment(restApiId=state["restApi"], deploymentId=resource_id)


_ACCESS_LOG = {"destinationArn": Property(required=True), "format": Property(required=True)}
_STAGE_PATHS = {
    "deployment": "/deploymentId",
    "description": "/description",
    "xrayTracingEnabled": "/tracingEnabled",
}


class Stage(ApiResource):
    """A named stage of an API; its id is `ags-<api>-<stage>`."""

    pulumi_type = "aws:apigateway/stage:Stage"
    identity = ("restApi", "stageName")
    properties: ClassVar = {
        **REGION,
        **TAGS,
        "restApi": Property(required=True, replace=True),
        "stageName": Property(required=True, replace=True),
        "deployment": Property(required=True),
        "description": Property(),
        "xrayTracingEnabled": Property(False),
        "variables": Property(),
        "accessLogSettings": Property(fields=_ACCESS_LOG),
        "cacheClusterEnabled": Property(False, only=(False,)),
    }

    def create(self, inputs: Props) -> str:
        optional = {name: inputs[name] for name in ("description", "variables") if inputs.get(name)}
        self.api.create_stage(
            **_stage_key(inputs),
            deploymentId=inputs["deployment"],
            tracingEnabled=inputs["xrayTracingEnabled"],
            tags=inputs["tags"],
            **optional,
        )
        return f"ags-{inputs['restApi']}-{inputs['stageName']}"

    def configure(self, resource_id: str, inputs: Props) -> None:
        if inputs.get("accessLogSettings"):
            self.api.update_stage(**_stage_key(inputs), patchOperations=_access_log(inputs))
        # The emulator does not return the tags of a creation, so they are set again.
        self.change_tags(self._arn(inputs), {"tags": {}}, inputs)

    def read(self, resource_id: str, state: Props) -> Props:
        response = self.api.get_stage(**_stage_key(state))
        api, name, arn = state["restApi"], state["stageName"], self._arn(state)
        return {
            "restApi": api,
            "stageName": name,
            "arn": arn,
            "executionArn": f"{self.aws.arn('execute-api', api)}/{name}",
            "invokeUrl": f"{self.aws.endpoint}/_aws/execute-api/{api}/{name}",
            "deployment": response["deploymentId"],
            "description": response.get("description") or None,
            "xrayTracingEnabled": response.get("tracingEnabled", False),
            "variables": response.get("variables") or None,
            "accessLogSettings": response.get("accessLogSettings") or None,
            "tags": self.api.get_tags(resourceArn=arn).get("tags", {}),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        operations = patches(_STAGE_PATHS, changed, new)
        if "accessLogSettings" in changed:
            operations += _access_log(new)
        if "variables" in changed:
            operations += _variables(old.get("variables") or {}, new.get("variables") or {})
        if operations:
            self.api.update_stage(**_stage_key(new), patchOperations=operations)
        self.change_tags(old["arn"], old, new)

    def delete(self, resource_id: str, state: Props) -> None:
        self.api.delete_stage(**_stage_key(state))

    def _arn(self, values: Props) -> str:
        return self.arn_of(f"restapis/{values['restApi']}/stages/{values['stageName']}")


def _stage_key(values: Props) -> dict[str, str]:
    return {"restApiId": values["restApi"], "stageName": values["stageName"]}


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


class MethodSettings(ApiResource):
    """Throttling, metrics and logs of a stage's methods; its id is `<api>-<stage>-<path>`."""

    pulumi_type = "aws:apigateway/methodSettings:MethodSettings"
    identity = ("restApi", "stageName", "methodPath")
    properties: ClassVar = {
        **REGION,
        "restApi": Property(required=True, replace=True),
        "stageName": Property(required=True, replace=True),
        "methodPath": Property(required=True, replace=True),
        "settings": Property(required=True, fields=_SETTINGS),
    }

    def create(self, inputs: Props) -> str:
        self._put(inputs)
        return "-".join(inputs[name] for name in self.identity)

    def read(self, resource_id: str, state: Props) -> Props | None:
        methods = self.api.get_stage(**_stage_key(state)).get("methodSettings", {})
        settings = methods.get(state["methodPath"])
        if settings is None:
            return None
        outputs = {name: _to_integer(settings[name]) for name in _SETTINGS if name in settings}
        return {**{name: state[name] for name in self.identity}, "settings": outputs}

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self._put(new)

    def delete(self, resource_id: str, state: Props) -> None:
        operation = {"op": "remove", "path": f"/{state['methodPath']}"}
        self.api.update_stage(**_stage_key(state), patchOperations=[operation])

    def _put(self, inputs: Props) -> None:
        settings = {name: inputs["settings"].get(name, field.default) for name, field in _SETTINGS.items()}
        operations = [
            replace_at(f"/{inputs['methodPath']}/{_SETTINGS[name].api}", value)
            for name, value in settings.items()
            if value is not None
        ]
        self.api.update_stage(**_stage_key(inputs), patchOperations=operations)


def _to_integer(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


RESOURCES = (Deployment, Stage, MethodSettings)
