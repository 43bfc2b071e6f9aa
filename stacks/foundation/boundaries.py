"""What each function's role may do at most, whatever policy a later layer writes for it."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared import permissions
from shared.arns import Arns
from shared.iam import Statement, identity_policy
from stacks.foundation.keys import Keys
from stacks.foundation.network import Network


@dataclass(frozen=True, kw_only=True)
class BoundariesArgs:
    """Keys and network as they are; what later layers make, by its name."""

    arns: Arns
    keys: Keys
    network: Network


class Boundaries(pulumi.ComponentResource):
    """The boundaries of the functions `api`, `fraud` and `notify`."""

    def __init__(self, name: str, args: BoundariesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:foundation:Boundaries", name, None, opts)
        self._args = args
        arns, key = args.arns, args.keys.data.arn
        fraud_queues = [arns.suspicious_queue, arns.failure_queue("fraud")]
        self.api = self._make("api", permissions.store_items(arns, arns.table, key))
        self.fraud = self._make("fraud", permissions.send_messages(arns, fraud_queues, key))
        self.notify = self._make(
            "notify",
            [
                *permissions.consume_messages(arns, arns.suspicious_queue, key),
                *permissions.publish(arns, arns.topic, key),
            ],
        )
        self.register_outputs({})

    def _make(self, function: str, own: Sequence[Statement]) -> aws.iam.Policy:
        arns, network = self._args.arns, self._args.network
        common = permissions.of_every_function(
            arns,
            function,
            log_group=arns.function_log_group(function),
            key=self._args.keys.function.arn,
            subnet_ids=network.subnet_ids,
            security_group_id=network.function_security_group.id,
        )
        return aws.iam.Policy(
            function,
            name=arns.names.boundary(function),
            description=f"The most that the function '{function}' may do",
            policy=identity_policy([*common, *own]),
            opts=pulumi.ResourceOptions(parent=self),
        )
