"""The requests that AWS checks when a deployment role creates, reads, changes or deletes a resource."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from tests.aws import handlers, reference
from tests.aws.policies import Context, Policies, Request
from tests.aws.targets import API, KEYS, ROLES, TARGETS, Target
from tests.aws.uncalled import find_reason
from tests.stacks.mocked_aws import ACCOUNT, REGION
from tests.stacks.recording import Program, Recorded

# Part of CreateKey, with the tags of that request.
_OF_CREATION = ("kms:PutKeyPolicy",)
# CloudWatch takes these on all alarms or on none. botocore has the sentences: see test_wildcards.py.
WHOLE_SERVICE = ("cloudwatch:DescribeAlarms", "cloudwatch:PutCompositeAlarm")

_Entry = TypeVar("_Entry")


class MissingEntryError(LookupError):
    """A table of `tests/aws` lacks an entry; the message says which."""


@dataclass(frozen=True)
class Deployment:
    """One registered AWS resource of a layer, and what the tables know of its type."""

    layer: str
    resource: Recorded
    programs: Mapping[str, Program]
    policies: Policies

    @property
    def type(self) -> str:
        return self.resource.type.removeprefix("aws:")

    def requests(self, phase: str) -> Iterator[Request]:
        """The requests of a phase that the resource's properties call for."""
        for permission in self._permissions(phase):
            if not find_reason(self.resource, permission):
                yield from self._requests(permission, phase)
        yield from self._requests_of_encrypted_bus(phase)

    def _permissions(self, phase: str) -> tuple[str, ...]:
        try:
            TARGETS[self.type]
            return handlers.permissions(self.type, phase)
        except KeyError:
            raise MissingEntryError(
                f"{self.type} ({self.resource.name} of {self.layer}) is a new resource type: add its"
                " CloudFormation type to tests/aws/properties/conversions.py, its ARN to TARGETS in"
                " tests/aws/targets.py and the provider's calls to CALLS in"
                " stacks/foundation/deploy_roles/provider_actions.py"
            ) from None

    def _requests(self, permission: str, phase: str) -> Iterator[Request]:
        service = permission.partition(":")[0]
        if permission == "iam:PassRole" or (permission == "iam:GetRole" and self.type in ROLES):
            yield self._request_with_role(permission)
        elif service == "kms" and not self.type.startswith("kms/"):
            yield self._request_with_key(permission)
        elif service in reference.INCOMPLETE:
            yield self._request_of_api(permission, phase)
        else:
            yield from self._requests_on_resources(permission, phase)

    def _requests_on_resources(self, permission: str, phase: str) -> Iterator[Request]:
        target = TARGETS[self.type](self.resource)
        is_made = phase == "create" and self._takes_tags(permission)
        tags = self._request_tags(permission, phase)
        for arn, exists in self._resources(permission, target, is_made=is_made):
            yield Request(
                permission, arn, {**tags, **self._keys_of_type(permission), **self._has_tags(exists)}
            )

    def _resources(self, permission: str, target: Target, *, is_made: bool) -> list[tuple[str, bool]]:
        """The ARNs that AWS checks, and whether each exists before the request."""
        types = reference.resource_types(permission)
        if not types or permission in WHOLE_SERVICE:
            return [("*", not is_made)]
        own = [(arn, not is_made) for type_, arn in target.own.items() if type_ in types]
        others = [(arn, True) for type_, arns in target.others.items() if type_ in types for arn in arns]
        if not own and not others:
            raise MissingEntryError(
                f"AWS checks {permission} on {', '.join(types)}, which {self.type} has no ARN of in"
                " tests/aws/targets.py. If the provider does not call it, add it to tests/aws/uncalled.py"
            )
        return [*own, *others]

    def _request_of_api(self, permission: str, phase: str) -> Request:
        verb = permission.partition(":")[2]
        own = TARGETS[self.type](self.resource).own
        path = own.get(verb, own[""])
        is_made = phase == "create" and path in (f"{API}/restapis", own.get("PUT"))
        tags = self._tags("aws:RequestTag") if verb in ("POST", "PUT") else {}
        return Request(permission, path, {**tags, **self._has_tags(not is_made)})

    def _request_with_role(self, permission: str) -> Request:
        key, service = self._entry(ROLES, "ROLES")
        context = {"iam:PassedToService": f"{service}.amazonaws.com"} if permission == "iam:PassRole" else {}
        return Request(permission, self.resource[key], context)

    def _request_with_key(self, permission: str) -> Request:
        use = self._entry(KEYS, "KEYS")(self.resource)
        return key_request(permission, use.key, use.service, use.context)

    def _requests_of_encrypted_bus(self, phase: str) -> Iterator[Request]:
        """Rules are encrypted with the key of their bus, which the handler's list leaves out.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-event-bus-cmkey.html
        """
        if self.type not in ("cloudwatch/eventRule:EventRule", "cloudwatch/eventTarget:EventTarget"):
            return
        buses = self.programs[self.layer].all("cloudwatch/eventBus:EventBus")
        for bus in buses:
            if bus["name"] == self.resource.inputs.get("eventBusName") and phase != "delete":
                use = KEYS["cloudwatch/eventBus:EventBus"](bus)
                yield key_request("kms:Decrypt", use.key, use.service, use.context)

    def _entry(self, table: Mapping[str, _Entry], name: str) -> _Entry:
        if self.type not in table:
            raise MissingEntryError(f"{self.type} has no entry in {name} in tests/aws/targets.py")
        return table[self.type]

    def _keys_of_type(self, permission: str) -> dict[str, str]:
        keys = reference.condition_keys(permission)
        if "iam:PermissionsBoundary" in keys:
            return {"iam:PermissionsBoundary": self._boundary()}
        if "lambda:FunctionArn" in keys and "functionName" in self.resource.inputs:
            return {"lambda:FunctionArn": self.resource["functionName"]}
        return {}

    def _boundary(self) -> str:
        return self.policies.boundary_of(self.resource.inputs.get("role") or self.resource["name"])

    def _takes_tags(self, permission: str) -> bool:
        name = permission.partition(":")[2]
        takes = permission in _OF_CREATION or reference.takes_tags(permission)
        return takes and not name.startswith(("Delete", "Untag"))

    def _request_tags(self, permission: str, phase: str) -> Context:
        return self._tags("aws:RequestTag") if phase != "delete" and self._takes_tags(permission) else {}

    def _has_tags(self, exists: bool) -> Context:
        return self._tags("aws:ResourceTag") if exists else {}

    def _tags(self, kind: str) -> dict[str, str]:
        # Parts without tags of their own are checked with the layer's, which the whole has.
        tags = self.resource.inputs.get("tags") or {"layer": self.layer}
        return {f"{kind}/{name}": value for name, value in tags.items()}


def key_request(permission: str, key: str, service: str, context: Mapping[str, str]) -> Request:
    """A request to KMS that a service makes for its caller."""
    keys = {
        "kms:ViaService": f"{service}.{REGION}.amazonaws.com",
        "kms:CallerAccount": ACCOUNT,
        "aws:ResourceTag/layer": "foundation",
    }
    if permission == "kms:CreateGrant":
        keys["kms:GrantIsForAWSResource"] = "true"
    if permission != "kms:DescribeKey":
        keys |= {f"kms:EncryptionContext:{name}": value for name, value in context.items()}
    return Request(permission, key, keys)
