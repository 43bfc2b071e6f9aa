"""Lambda: functions from a zip file."""

from typing import Any, ClassVar

from local.plugin.errors import error_code
from local.plugin.properties import Property, copy_fields, from_api, to_api
from local.plugin.resource import REGION_AND_TAGS, Resource
from local.plugin.tags import TagApi
from local.plugin.values import Archive, Props

_VPC = {
    "subnetIds": Property(unordered=True),
    "securityGroupIds": Property(unordered=True),
    "ipv6AllowedForDualStack": Property(False, only=(False,)),
    "vpcId": Property(computed=True),
}
_LOGGING = {
    "logFormat": Property(required=True),
    "logGroup": Property(computed=True),
    "applicationLogLevel": Property(computed=True),
    "systemLogLevel": Property(computed=True),
}
_CONFIGURATION = {
    "description": Property(),
    "role": Property(required=True),
    "handler": Property(required=True),
    "runtime": Property(required=True),
    "memorySize": Property(128),
    "timeout": Property(3),
    "environment": Property(fields={"variables": Property()}),
    "kmsKeyArn": Property(api="KMSKeyArn"),
    "deadLetterConfig": Property(fields={"targetArn": Property(required=True)}),
    "tracingConfig": Property(computed=True, fields={"mode": Property(required=True)}),
    "ephemeralStorage": Property(computed=True, fields={"size": Property(computed=True)}),
    "loggingConfig": Property(computed=True, fields=_LOGGING),
    "vpcConfig": Property(fields=_VPC),
}
_RESETS: dict[str, Any] = {
    # AWS keeps a parameter that an update omits; an empty value removes it.
    "Description": "",
    "Environment": {"Variables": {}},
    "KMSKeyArn": "",
    "DeadLetterConfig": {"TargetArn": ""},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
}
_UNRESERVED = -1
_CHANGING_STATES = {"Pending", "InProgress"}


class Function(Resource):
    """A function; its id is its name. Only the content of its zip file matters, not the path."""

    pulumi_type = "aws:lambda/function:Function"
    tag_api = TagApi("Resource", pair=None, read="list_tags")
    identity = ("name",)
    changing_outputs: ClassVar = {"code": ("codeSha256", "sourceCodeSize", "lastModified")}
    properties: ClassVar = {
        **REGION_AND_TAGS,
        **_CONFIGURATION,
        "name": Property(autoname=True, replace=True),
        "code": Property(required=True),
        "sourceCodeHash": Property(computed=True),
        "packageType": Property("Zip", only=("Zip",)),
        "architectures": Property(computed=True),
        "publish": Property(False, only=(False,)),
        "reservedConcurrentExecutions": Property(_UNRESERVED),
        "skipDestroy": Property(False),
    }

    def is_unchanged(self, name: str, state: Props, inputs: Props) -> bool:
        if name == "code" and isinstance(inputs.get("code"), Archive):
            return bool(inputs["code"].code_sha256() == state.get("codeSha256"))
        return super().is_unchanged(name, state, inputs)

    def create(self, inputs: Props) -> str:
        request = to_api(_CONFIGURATION, inputs)
        if "architectures" in inputs:
            request["Architectures"] = inputs["architectures"]

        def create_function() -> None:
            self.client.create_function(
                FunctionName=inputs["name"],
                Code={"ZipFile": inputs["code"].content()},
                Tags=inputs["tags"],
                **_without_vpc_id(request),
            )

        self.aws.retry_while(_is_role_too_new, create_function)
        return str(inputs["name"])

    def configure(self, resource_id: str, inputs: Props) -> None:
        self._wait_until_ready(resource_id)
        if inputs["reservedConcurrentExecutions"] != _UNRESERVED:
            self._set_concurrency(resource_id, inputs)

    def read(self, resource_id: str, state: Props) -> Props:
        response = self.client.get_function(FunctionName=resource_id)
        configuration, arn = response["Configuration"], response["Configuration"]["FunctionArn"]
        reserved = self.client.get_function_concurrency(FunctionName=resource_id)
        invoke = f"arn:aws:apigateway:{self.aws.region}:lambda:path/2015-03-31/functions"
        return {
            **from_api(_CONFIGURATION, configuration),
            **copy_fields(configuration, "version", "lastModified", "codeSha256", "architectures"),
            "name": configuration["FunctionName"],
            "arn": arn,
            "qualifiedArn": f"{arn}:{configuration['Version']}",
            "invokeArn": f"{invoke}/{arn}/invocations",
            "qualifiedInvokeArn": f"{invoke}/{arn}:{configuration['Version']}/invocations",
            "sourceCodeSize": configuration["CodeSize"],
            "packageType": configuration.get("PackageType", "Zip"),
            "reservedConcurrentExecutions": reserved.get("ReservedConcurrentExecutions", _UNRESERVED),
            "tags": response.get("Tags", {}),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        if changed & {"code", "sourceCodeHash", "architectures"}:
            architectures = {"Architectures": new["architectures"]} if "architectures" in new else {}
            code = new["code"].content()
            self.client.update_function_code(FunctionName=resource_id, ZipFile=code, **architectures)
            self._wait_until_ready(resource_id)
        if changed & _CONFIGURATION.keys():
            request = _without_vpc_id({**_RESETS, **to_api(_CONFIGURATION, new)})
            self.client.update_function_configuration(FunctionName=resource_id, **request)
            self._wait_until_ready(resource_id)
        if "reservedConcurrentExecutions" in changed:
            self._set_concurrency(resource_id, new)

    def delete(self, resource_id: str, state: Props) -> None:
        if not state.get("skipDestroy"):
            self.client.delete_function(FunctionName=resource_id)

    def _set_concurrency(self, name: str, inputs: Props) -> None:
        count = inputs["reservedConcurrentExecutions"]
        if count == _UNRESERVED:
            self.client.delete_function_concurrency(FunctionName=name)
        else:
            self.client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=count)

    def _wait_until_ready(self, name: str) -> None:
        def is_ready() -> bool:
            configuration = self.client.get_function_configuration(FunctionName=name)
            return not _CHANGING_STATES & {configuration.get("State"), configuration.get("LastUpdateStatus")}

        self.aws.wait_until(f"function {name} is ready", is_ready)


def _without_vpc_id(request: dict[str, Any]) -> dict[str, Any]:
    """The request without the VPC id, which is an output only."""
    vpc = {name: value for name, value in request.get("VpcConfig", {}).items() if name != "VpcId"}
    return {**request, **({"VpcConfig": vpc} if vpc else {})}


def _is_role_too_new(error: Exception) -> bool:
    """A new role is not available to all services immediately."""
    return error_code(error) == "InvalidParameterValueException" and "cannot be assumed" in str(error)
