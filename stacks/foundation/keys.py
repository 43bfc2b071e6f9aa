"""Customer-managed keys, one per purpose, so that access to one kind of data does not include another."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared.arns import Arns
from shared.iam import Statement, key_policy
from shared.protection import make_child_options
from stacks.foundation import key_statements


@dataclass(frozen=True, kw_only=True)
class KeysArgs:
    """`deletion_days`: the waiting period in which the deletion of a key can be canceled."""

    arns: Arns
    deletion_days: int
    deletion_protection: bool


class Keys(pulumi.ComponentResource):
    """One key for each purpose.

    `data`: the table, queue, topic and bus of transactions. `function`: environment variables. `failures`:
    the retry and failure queues, which must accept messages even if the key `data` is not usable.
    """

    def __init__(self, name: str, args: KeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:foundation:Keys", name, None, opts)
        self._args = args
        arns = args.arns
        self.data = self._make_key(
            "data", "Table, queues, topic and bus", key_statements.data_key_statements(arns)
        )
        self.profiles = self._make_key(
            "profiles", "Profiles of accounts and merchants", key_statements.profiles_key_statements(arns)
        )
        self.function = self._make_key(
            "function", "Environment variables of functions", key_statements.function_key_statements(arns)
        )
        self.logs = self._make_key("logs", "Log groups", key_statements.logs_key_statements(arns))
        self.failures = self._make_key(
            "failures", "Retry, failure and dead-letter queues", key_statements.failures_key_statements(arns)
        )
        self.operations = self._make_key(
            "operations", "Topic of alarms", key_statements.operations_key_statements(arns)
        )
        self.register_outputs({})

    def _make_key(self, purpose: str, description: str, statements: Sequence[Statement]) -> aws.kms.Key:
        key = aws.kms.Key(
            purpose,
            description=description,
            enable_key_rotation=True,
            deletion_window_in_days=self._args.deletion_days,
            policy=key_policy([key_statements.administration_statement(self._args.arns), *statements]),
            opts=make_child_options(self, protected=self._args.deletion_protection),
        )
        aws.kms.Alias(
            purpose,
            name=self._args.arns.names.key_alias(purpose),
            target_key_id=key.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return key
