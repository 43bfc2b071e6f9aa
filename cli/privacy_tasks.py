"""Tasks for data-subject requests: export and erase what is stored of an account."""

# ruff: noqa: PLC0415

from invoke.context import Context

from cli.task import task

ACCOUNT = "Use the account with this id"


@task(
    help={
        "account": ACCOUNT,
        "out": "Write everything to this new file, which only you can read",
    }
)
def export(_: Context, *, account: str, out: str = "", env: str = "local", json: bool = False) -> int:
    """Export what is stored of an account.

    Reads the whole table of transactions once. For example: ./inv privacy.export --account a-1 --out a-1.json
    """
    from operations.deployed import open_deployed
    from operations.privacy.access import PersonalDataStores
    from operations.privacy.export_command import check_new_file, run_export
    from operations.review import arguments

    account_id = arguments.read_identifier("account", account)
    if out:
        check_new_file(out)
    stores = PersonalDataStores.from_deployed(open_deployed(env))
    return run_export(stores, account_id, out=out, as_json=json)


@task(help={"account": ACCOUNT})
def erase(_: Context, *, account: str, env: str = "local", yes: bool = False, json: bool = False) -> int:
    """Erase what is stored of an account, in tables and queues.

    Fraud decisions are retained under a pseudonym. Reads the whole table of transactions twice.

    Exit status: 3 if something came meanwhile and is left.
    """
    from operations.deployed import open_deployed
    from operations.privacy.access import PersonalDataStores
    from operations.privacy.erase_command import run_erasure
    from operations.review import arguments

    account_id = arguments.read_identifier("account", account)
    stores = PersonalDataStores.from_deployed(open_deployed(env))
    return run_erasure(stores, account_id, yes=yes, as_json=json)


@task()
def erased(_: Context, *, env: str = "local", json: bool = False) -> None:
    """List the erasures: when, by whom, and how much."""
    from operations.deployed import open_deployed
    from operations.privacy.erasure_records import read_records
    from operations.privacy.privacy_view import show_records

    deployed = open_deployed(env)
    show_records(read_records(deployed.dynamodb_client(), deployed.profiles_table_name), as_json=json)
