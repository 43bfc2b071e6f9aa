"""Lambda: permissions, event source mappings and asynchronous invocation settings of functions."""

import json
from typing import Any, ClassVar

from local.plugin.properties import Property, from_api, to_api
from local.plugin.resource import REGION, TAGS
from local.plugin.services.lambda_ import LambdaResource
from local.plugin.values import Props

_PERMISSION = {
    "statementId": Property(autoname=True, replace=True),
    "action": Property(required=True, replace=True),
    "principal": Property(required=True, replace=True),
    "sourceArn": Property(replace=True),
    "sourceAccount": Property(replace=True),
    "principalOrgId": Property(replace=True, api="PrincipalOrgID"),
    "eventSourceToken": Property(replace=True),
    "functionUrlAuthType": Property(replace=True),
    "qualifier": Property(replace=True),
}


class Permission(LambdaResource):
    """A permission to invoke a function; its id is the statement's. Every change replaces it, as in AWS."""

    pulumi_type = "aws:lambda/permission:Permission"
    identity = ("function", "statementId")
    properties: ClassVar = {**REGION, **_PERMISSION, "function": Property(required=True, replace=True)}

    def create(self, inputs: Props) -> str:
        self._lambda.add_permission(FunctionName=inputs["function"], **to_api(_PERMISSION, inputs))
        return str(inputs["statementId"])

    def read(self, resource_id: str, state: Props) -> Props | None:
        qualifier = {"Qualifier": state["qualifier"]} if state.get("qualifier") else {}
        policy = json.loads(self._lambda.get_policy(FunctionName=state["function"], **qualifier)["Policy"])
        statement = next((entry for entry in policy["Statement"] if entry["Sid"] == resource_id), None)
        if statement is None:
            return None
        principal = statement["Principal"]
        conditions = _conditions(statement.get("Condition", {}))
        return {
            "statementId": resource_id,
            "function": state["function"],
            "action": statement["Action"],
            "principal": next(iter(principal.values())) if isinstance(principal, dict) else principal,
            "sourceArn": conditions.get("aws:sourcearn"),
            "sourceAccount": conditions.get("aws:sourceaccount"),
            "principalOrgId": conditions.get("aws:principalorgid"),
            "eventSourceToken": conditions.get("lambda:eventsourcetoken"),
            "functionUrlAuthType": conditions.get("lambda:functionurlauthtype"),
        }

    def delete(self, resource_id: str, state: Props) -> None:
        qualifier = {"Qualifier": state["qualifier"]} if state.get("qualifier") else {}
        self._lambda.remove_permission(FunctionName=state["function"], StatementId=resource_id, **qualifier)


def _conditions(condition: dict[str, dict[str, str]]) -> dict[str, str]:
    """The values of a statement's conditions by lower-case key, because the case of AWS's keys varies."""
    return {key.lower(): value for tests in condition.values() for key, value in tests.items()}


_INVOKE = {
    "maximumRetryAttempts": Property(2),
    "maximumEventAgeInSeconds": Property(),
    "destinationConfig": Property(
        fields={
            "onFailure": Property(fields={"destination": Property(required=True)}),
            "onSuccess": Property(fields={"destination": Property(required=True)}),
        }
    ),
}


class FunctionEventInvokeConfig(LambdaResource):
    """Retries and destinations of asynchronous invocations; its id is `function` or `function:qualifier`."""

    pulumi_type = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
    identity = ("functionName", "qualifier")
    properties: ClassVar = {
        **REGION,
        **_INVOKE,
        "functionName": Property(required=True, replace=True),
        "qualifier": Property(replace=True),
    }

    def create(self, inputs: Props) -> str:
        self._put(inputs)
        qualifier = inputs.get("qualifier")
        return f"{inputs['functionName']}:{qualifier}" if qualifier else str(inputs["functionName"])

    def read(self, resource_id: str, state: Props) -> Props:
        response = self._lambda.get_function_event_invoke_config(
            **_target(state or {"functionName": resource_id})
        )
        outputs = {**dict.fromkeys(_INVOKE), **from_api(_INVOKE, response)}
        return {**outputs, "functionName": state.get("functionName", resource_id)}

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self._put(new)

    def delete(self, resource_id: str, state: Props) -> None:
        self._lambda.delete_function_event_invoke_config(**_target(state))

    def _put(self, inputs: Props) -> None:
        self._lambda.put_function_event_invoke_config(**_target(inputs), **to_api(_INVOKE, inputs))


def _target(values: Props) -> dict[str, str]:
    qualifier = values.get("qualifier")
    return {"FunctionName": values["functionName"], **({"Qualifier": qualifier} if qualifier else {})}


_MAPPING = {
    "functionName": Property(required=True),
    "enabled": Property(True),
    "batchSize": Property(computed=True),
    "maximumBatchingWindowInSeconds": Property(0),
    "functionResponseTypes": Property(unordered=True),
    "scalingConfig": Property(fields={"maximumConcurrency": Property(required=True)}),
    "filterCriteria": Property(
        fields={"filters": Property(unordered=True, fields={"pattern": Property(document="json")})}
    ),
    "kmsKeyArn": Property(api="KMSKeyArn"),
}
_RESETS: dict[str, Any] = {
    # AWS keeps a parameter that an update omits; an empty value removes it.
    "FunctionResponseTypes": [],
    "ScalingConfig": {},
    "FilterCriteria": {},
    "KMSKeyArn": "",
}


class EventSourceMapping(LambdaResource):
    """A queue whose messages invoke a function; AWS assigns its id, a UUID."""

    pulumi_type = "aws:lambda/eventSourceMapping:EventSourceMapping"
    identity = ("eventSourceArn", "functionName")
    properties: ClassVar = {
        **REGION,
        **TAGS,
        **_MAPPING,
        "eventSourceArn": Property(required=True, replace=True),
    }

    def is_unchanged(self, name: str, state: Props, inputs: Props) -> bool:
        if name == "functionName":
            # The name and the ARN of a function are equivalent.
            return inputs.get(name) in (state.get("functionName"), state.get("functionArn"))
        return super().is_unchanged(name, state, inputs)

    def create(self, inputs: Props) -> str:
        response = self._lambda.create_event_source_mapping(
            EventSourceArn=inputs["eventSourceArn"], Tags=inputs["tags"], **to_api(_MAPPING, inputs)
        )
        return str(response["UUID"])

    def configure(self, resource_id: str, inputs: Props) -> None:
        def is_stable() -> bool:
            state = self._lambda.get_event_source_mapping(UUID=resource_id)["State"]
            return state in ("Enabled", "Disabled")

        self.aws.wait_until(f"event source mapping {resource_id} is enabled or disabled", is_stable)

    def read(self, resource_id: str, state: Props) -> Props | None:
        response = self._lambda.get_event_source_mapping(UUID=resource_id)
        if response["State"] == "Deleting":
            return None
        arn, function = response["EventSourceMappingArn"], response["FunctionArn"]
        declared = state.get("functionName", "")
        return {
            **dict.fromkeys(_MAPPING),
            **from_api(_MAPPING, response),
            "uuid": resource_id,
            "arn": arn,
            "eventSourceArn": response["EventSourceArn"],
            "functionArn": function,
            "functionName": declared if function.endswith(f":{declared}") else function,
            "enabled": response["State"] in ("Enabled", "Enabling", "Creating"),
            "state": response["State"],
            "tags": self._lambda.list_tags(Resource=arn).get("Tags", {}),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        if changed & _MAPPING.keys():
            request = {**_RESETS, **to_api(_MAPPING, new)}
            self._lambda.update_event_source_mapping(UUID=resource_id, **request)
            self.configure(resource_id, new)
        self.change_tags(old, new)

    def delete(self, resource_id: str, state: Props) -> None:
        self._lambda.delete_event_source_mapping(UUID=resource_id)
        self.aws.wait_until_deleted(
            f"event source mapping {resource_id}",
            lambda: self._lambda.get_event_source_mapping(UUID=resource_id),
        )


RESOURCES = (Permission, FunctionEventInvokeConfig, EventSourceMapping)
