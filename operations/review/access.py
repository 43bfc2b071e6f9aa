"""Access of review tasks to the tables of a deployed pipeline and to the rules of its environment."""

from detection.rules.rule_file import read_rules
from functions.common.runtime.clock import now_ms
from functions.fraud.scoring.rules import RulesError
from operations.deployed import DeployedPipeline, open_deployed
from operations.monitoring.locate import Location, Locator
from operations.review import transaction_record
from operations.review.overrides import Overrides
from operations.review.profiles_table import ProfilesTableClient
from operations.review.transaction_record import TransactionRecord
from orchestration.rules_file import find_rules_file
from shared.configuration import validate_file
from stacks.data.settings import DataSettings
from terminal.command_line import command_line
from terminal.errors import UserError


def open_profiles_table(env: str) -> ProfilesTableClient:
    """Open the table that holds lists and snoozes. Raises UserError."""
    return _open_profiles_table(open_deployed(env))


def open_overrides(env: str) -> Overrides:
    """Open the lists and snoozes for changes by the AWS caller. Raises UserError."""
    deployed = open_deployed(env)
    environment = deployed.environment
    settings = validate_file(DataSettings, environment.name, environment.root)
    return Overrides(
        _open_profiles_table(deployed),
        deployed.caller_arn(),
        audit_retention_days=settings.audit_retention_days,
    )


def _open_profiles_table(deployed: DeployedPipeline) -> ProfilesTableClient:
    return ProfilesTableClient(deployed.dynamodb_client(), deployed.profiles_table_name)


def find_and_locate_transaction(
    deployed: DeployedPipeline, transaction_id: str
) -> tuple[TransactionRecord, Location | None]:
    """Read a transaction, and locate it in the pipeline if it has no decision. Raises UserError."""
    record = transaction_record.find_transaction(
        deployed.dynamodb_client(), deployed.transactions_table_name, transaction_id
    )
    if record.decision is not None:
        return record, None
    return record, Locator.from_deployed(deployed).locate(transaction_id, record.received_at, now_ms())


def read_rule_ids(env: str) -> list[str]:
    """Read the ids of the rules that this git tree deploys to an environment. Raises UserError."""
    try:
        rules = read_rules(find_rules_file("", env))
    except RulesError as error:
        raise UserError(
            f"{str(error).splitlines()[0]}.", f"List all errors: {command_line('rules.check')}"
        ) from error
    return [rule.id for rule in rules.rules]
