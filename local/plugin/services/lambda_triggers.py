"""Lambda: who may call a function, what calls it, and what becomes of its failures."""

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
    """Leave to call a function; its id is the statement's. AWS changes none, so every change replaces it."""

    pulumi_type = "aws:lambda/permission:Permission"
    identity = ("function", "statementId")
    properties: ClassVar = {**REGION, **_PERMISSION, "function": Property(required=True, replace=True)}

    def create(self, inputs: Props) -> str:
        self._lambda.add_permission(FunctionName=inputs["function"], **to_api(_PERMISSION, inputs))
        return str(inputs["statementId"])

    def read(self, resource_id: str, state: Props) -> Props | None:
        qualifier = {"Qualifier": state["qualifier"]} if state.get("qualifier") else {}
        policy = json.loads(self._lambda.get_policy(FunctionName=state["function"], **qualifier)["Policy"])
        statement = next((one for one in policy["Statement"] if one["Sid"] == resource_id), None)
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
    """The values of a statement's conditions by lower-case key; AWS writes the keys in changing case."""
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
    """Retries and destinations of asynchronous calls; its id is `function` or `function:qualifier`."""

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
        answer = self._lambda.get_function_event_invoke_config(
            **_target(state or {"functionName": resource_id})
        )
        shown = {**dict.fromkeys(_INVOKE), **from_api(_INVOKE, answer)}
        return {**shown, "functionName": state.get("functionName", resource_id)}

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
    # An update leaves alone what it does not name; emptied is how it is taken back.
    "FunctionResponseTypes": [],
    "ScalingConfig": {},
    "FilterCriteria": {},
    "KMSKeyArn": "",
}


class EventSourceMapping(LambdaResource):
    """A queue's messages as calls of a function; its id is AWS's UUID."""

    pulumi_type = "aws:lambda/eventSourceMapping:EventSourceMapping"
    identity = ("eventSourceArn", "functionName")
    properties: ClassVar = {
        **REGION,
        **TAGS,
        **_MAPPING,
        "eventSourceArn": Property(required=True, replace=True),
    }

    def unchanged(self, name: str, state: Props, inputs: Props) -> bool:
        if name == "functionName":
            # A function's name and its ARN mean the same one.
            return inputs.get(name) in (state.get("functionName"), state.get("functionArn"))
        return super().unchanged(name, state, inputs)

    def create(self, inputs: Props) -> str:
        answer = self._lambda.create_event_source_mapping(
            EventSourceArn=inputs["eventSourceArn"], Tags=inputs["tags"], **to_api(_MAPPING, inputs)
        )
        return str(answer["UUID"])

    def configure(self, resource_id: str, inputs: Props) -> None:
        def settled() -> bool:
            state = self._lambda.get_event_source_mapping(UUID=resource_id)["State"]
            return state in ("Enabled", "Disabled")

        self.aws.wait_until(f"event source mapping {resource_id} is settled", settled)

    def read(self, resource_id: str, state: Props) -> Props | None:
        answer = self._lambda.get_event_source_mapping(UUID=resource_id)
        if answer["State"] == "Deleting":
            return None
        arn, function = answer["EventSourceMappingArn"], answer["FunctionArn"]
        declared = state.get("functionName", "")
        return {
            **dict.fromkeys(_MAPPING),
            **from_api(_MAPPING, answer),
            "uuid": resource_id,
            "arn": arn,
            "eventSourceArn": answer["EventSourceArn"],
            "functionArn": function,
            "functionName": declared if function.endswith(f":{declared}") else function,
            "enabled": answer["State"] in ("Enabled", "Enabling", "Creating"),
            "state": answer["State"],
            "tags": self._lambda.list_tags(Resource=arn).get("Tags", {}),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        if changed & _MAPPING.keys():
            wanted = {**_RESETS, **to_api(_MAPPING, new)}
            self._lambda.update_event_source_mapping(UUID=resource_id, **wanted)
            self.configure(resource_id, new)
        self._change_tags(old, new)

    def delete(self, resource_id: str, state: Props) -> None:
        self._lambda.delete_event_source_mapping(UUID=resource_id)
        self.aws.wait_until_gone(
            f"event source mapping {resource_id}",
            lambda: self._lambda.get_event_source_mapping(UUID=resource_id),
        )


RESOURCES = (Permission, FunctionEventInvokeConfig, EventSourceMapping)
