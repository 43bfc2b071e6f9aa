"""Customer-managed keys, one per purpose: who may read transactions may not thereby read profiles."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared.arns import Arns
from shared.iam import Statement, key_policy
from shared.protection import child_of
from stacks.foundation import key_statements


@dataclass(frozen=True, kw_only=True)
class KeysArgs:
    """`deletion_days`: how long a deleted key can be had back."""

    arns: Arns
    deletion_days: int
    deletion_protection: bool


class Keys(pulumi.ComponentResource):
    """One key for each purpose.

    `data`: the table, queue, topic and bus of transactions. `function`: environment variables. `failures`:
    the queues for what failed, which must take messages when the key `data` cannot be used.
    """

    def __init__(self, name: str, args: KeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:foundation:Keys", name, None, opts)
        self._args = args
        arns = args.arns
        self.data = self._make("data", "Table, queues, topic and bus", key_statements.data(arns))
        self.profiles = self._make(
            "profiles", "Profiles of accounts and merchants", key_statements.profiles(arns)
        )
        self.function = self._make(
            "function", "Environment variables of functions", key_statements.function(arns)
        )
        self.logs = self._make("logs", "Log groups", key_statements.logs(arns))
        self.failures = self._make(
            "failures", "Retry, failure and dead-letter queues", key_statements.failures(arns)
        )
        self.operations = self._make("operations", "Topic of alarms", key_statements.operations(arns))
        self.register_outputs({})

    def _make(self, purpose: str, description: str, statements: Sequence[Statement]) -> aws.kms.Key:
        key = aws.kms.Key(
            purpose,
            description=description,
            enable_key_rotation=True,
            deletion_window_in_days=self._args.deletion_days,
            policy=key_policy([key_statements.administer(self._args.arns), *statements]),
            opts=child_of(self, protected=self._args.deletion_protection),
        )
        aws.kms.Alias(
            purpose,
            name=self._args.arns.names.key_alias(purpose),
            target_key_id=key.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return key
