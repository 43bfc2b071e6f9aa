"""The proofs on the embedded AWS: roles without one permission or condition, and forbidden calls."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from botocore.exceptions import ClientError

from shared.names import FUNCTIONS, GATEWAY_LOGS, Names
from tests.e2e.pipeline import PipelineClient
from tests.least_privilege.condition_calls import CONDITION_CALLS, ConditionCall
from tests.least_privilege.embedded_roles import EmbeddedRole, RoleSession
from tests.least_privilege.evaluated_proofs import CONDITION, PERMISSION
from tests.least_privilege.forbidden_calls import Account, is_denial, list_forbidden_calls
from tests.least_privilege.mutations import (
    Document,
    Part,
    list_conditions,
    list_permissions,
    remove,
    remove_permissions,
)
from tests.least_privilege.paths import DeniedError, Paths
from tests.least_privilege.results import (
    EMBEDDED,
    RULE,
    UNPROVED,
    Effect,
    Proof,
    canonicalize,
    make_proof,
)
from tests.least_privilege.unenforced import find_entry

PURPOSES = (*FUNCTIONS, "pipe", GATEWAY_LOGS)
# Consumers of streams keep a shard iterator.
_STREAM_ACTION = "dynamodb:GetShardIterator"
Report = Callable[[str], None]


class WrongForbiddenCallError(Exception):
    """A role may make a forbidden call, or may not make one of its own."""


@dataclass(frozen=True)
class EmbeddedRun:
    """A run on a deployed pipeline. `report` is called before each step."""

    pipeline: PipelineClient
    report: Report

    @cached_property
    def keys(self) -> dict[str, str]:
        """The purposes of the keys by ID."""
        aliases = self.pipeline.aws.client("kms").list_aliases()["Aliases"]
        prefix = "alias/fraud-"
        return {
            alias["TargetKeyId"]: alias["AliasName"].removeprefix(prefix)
            for alias in aliases
            if alias["AliasName"].startswith(prefix)
        }

    @cached_property
    def paths(self) -> Paths:
        return Paths(self.pipeline)

    def role(self, purpose: str) -> EmbeddedRole:
        return EmbeddedRole(self.pipeline.aws, Names().role(purpose))

    def prove_permissions(self, purpose: str, parts: Sequence[Part] | None = None) -> Iterator[Proof]:
        """A proof for each permission of a role, or for `parts` of them.

        Raises PathFailedError if a path fails with every permission, so that it could prove nothing.
        """
        role = self.role(purpose)
        with self.paths.isolate(purpose):
            self._check_paths(purpose)
            unenforced = [part for part in list_permissions(role.policy) if find_entry(part.action)]
            enforced = self._find_denied(purpose, role, unenforced)
            for part in list_permissions(role.policy) if parts is None else parts:
                if part in unenforced:
                    yield self._prove_by_rule(role, part, enforced)
                else:
                    yield self._prove_by_path(purpose, role, part)

    def prove_conditions(self, purpose: str) -> Iterator[Proof]:
        """A proof for each condition of a role that the embedded AWS checks."""
        role = self.role(purpose)
        calls = [call for call in CONDITION_CALLS if call.role == purpose]
        if not calls:
            return
        # The boundary has the same conditions.
        with role.assume() as session, role.remove_boundary():
            for call in calls:
                self.report(f"{purpose}: {call.sid} without {call.key}")
                (part,) = [
                    part
                    for part in list_conditions(role.policy)
                    if (part.sid, part.key) == (call.sid, call.key) and part.operator != "Null"
                ]
                yield self._prove_condition(role, session, call, part)

    def check_forbidden_calls(self, purpose: str) -> list[str]:
        """Make the forbidden calls from inside the role, also with every permission. Returns their purposes.

        Raises WrongForbiddenCallError.
        """
        aws, role = self.pipeline.aws, self.role(purpose)
        account = Account(
            aws.url,
            aws.client("sts").get_caller_identity()["Account"],
            aws.endpoint.region,
            {name: key for key, name in self.keys.items()},
        )
        calls = list_forbidden_calls(account)
        self.report(f"{purpose}: {len(calls)} forbidden calls")
        with role.assume() as session:
            wrong = [c.purpose for c in calls if c.is_denied(session) == (purpose in c.allowed)]
            forbidden = [call for call in calls if purpose not in call.allowed]
            with role.allow_everything():
                wrong += [f"{c.purpose} (boundary)" for c in forbidden if not c.is_denied(session)]
        if wrong:
            raise WrongForbiddenCallError(f"{role.name}: {', '.join(wrong)}")
        return [call.purpose for call in forbidden]

    def canonical_policy(self, purpose: str) -> Document:
        """The policy of a role, without IDs that AWS generates."""
        return canonicalize(self.role(purpose).policy, self.keys)

    def _check_paths(self, purpose: str) -> None:
        for path in self.paths.of_role(purpose):
            self.report(f"{purpose}: {path.name}, with every permission")
            path.run()

    def _prove_by_path(self, purpose: str, role: EmbeddedRole, part: Part) -> Proof:
        denied = self._find_denied(purpose, role, [part])
        effect = Effect(EMBEDDED, f"denied: {denied}") if denied else Effect(UNPROVED, "no path fails")
        return self._proof(role, PERMISSION, part, effect)

    def _prove_by_rule(self, role: EmbeddedRole, part: Part, enforced: str) -> Proof:
        entry = find_entry(part.action)
        if enforced or entry is None:
            effect = Effect(UNPROVED, f"listed as not enforced, and yet denied: {enforced}")
        else:
            effect = Effect(RULE, f"denied. {entry.rule}", entry.link)
        return self._proof(role, PERMISSION, part, effect)

    def _prove_condition(
        self, role: EmbeddedRole, session: RoleSession, call: ConditionCall, part: Part
    ) -> Proof:
        before = _is_denied(session, call)
        with role.replace_policy(remove(role.policy, part)):
            after = _is_denied(session, call)
        effect = Effect(UNPROVED, f"{call.purpose}: denied {before}, then {after}")
        if before and not after:
            effect = Effect(EMBEDDED, f"allowed: {call.purpose}")
        return self._proof(role, CONDITION, part, effect)

    def _find_denied(self, purpose: str, role: EmbeddedRole, parts: Sequence[Part]) -> str:
        """The first path that AWS denies a call without some parts of the role's policy; empty if none."""
        paths = self.paths.of_role(purpose)
        if not paths:
            return ""
        document = remove_permissions(role.policy, parts)
        label = f"{parts[0].action} on {parts[0].resource}" if len(parts) == 1 else "what is not enforced"
        self.report(f"{purpose}: without {label}")
        with role.replace_policy(document):
            if any(part.action == _STREAM_ACTION for part in parts):
                self.paths.reopen_stream(purpose)
            for path in paths:
                try:
                    path.run()
                except DeniedError:
                    return path.name
        return ""

    def _proof(self, role: EmbeddedRole, kind: str, part: Part, effect: Effect) -> Proof:
        # The numbers of subnets follow from the whole document.
        canonical = canonicalize({**role.policy, "Part": vars(part)}, self.keys)
        return make_proof(f"role {role.name}", kind, Part(**canonical["Part"]), effect)


def _is_denied(session: RoleSession, call: ConditionCall) -> bool:
    try:
        getattr(session.client("dynamodb"), call.operation)(**call.arguments)
    except ClientError as error:
        return is_denial(error)
    return False
