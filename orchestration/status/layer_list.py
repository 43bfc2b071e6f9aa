"""Showing the layers: in which order, whose, and which of them a change touches, for people and for CI."""

from collections.abc import Mapping, Sequence
from typing import Any

import boto3
from rich.table import Table

from orchestration import environments
from orchestration.environments import ROOT, Environment
from orchestration.layers import LAYERS, Layer, in_order
from orchestration.planning.layer_paths import changed_since, reasons
from terminal.output import console, print_json

SHOWN_REASONS = 3
NONE = "·"

Found = Sequence[tuple[Layer, Sequence[str] | None]]


def show(
    environment: Environment | None = None,
    *,
    since: str = "",
    as_json: bool = False,
    layers: Sequence[Layer] = LAYERS,
) -> None:
    """Print the layers in the order of their dependencies.

    With `since`, a commit: which of them the changes from it to the working tree touch, and by which files;
    `environment` leaves the settings of the others out. JSON says the account and the roles of CI as well,
    unless the environment is `local`. Raises UserError for an unknown commit and for settings
    that name no account.
    """
    root = environment.root if environment else ROOT
    name = environment.name if environment else ""
    changed = changed_since(since, root) if since else None
    found = [
        (layer, None if changed is None else reasons(layer, changed, name)) for layer in in_order(layers)
    ]
    if as_json:
        print_json(_document(found, environment))
    else:
        console.print(_table(found))


def _document(found: Found, environment: Environment | None) -> Mapping[str, Any]:
    if environment is None or environment.is_local:
        return {"layers": [_object(layer, because) for layer, because in found]}
    account = environments.account_of(environment)
    partition = boto3.Session().get_partition_for_region(account.region)

    def role(purpose: str) -> str:
        return f"arn:{partition}:iam::{account.id}:role/{account.names.role(purpose)}"

    return {
        "environment": environment.name,
        "account": account.id,
        "region": account.region,
        "read_role": role("read"),
        "layers": [
            {**_object(layer, because), "deploy_role": role(f"deploy-{layer.name}")}
            for layer, because in found
        ],
    }


def _object(layer: Layer, because: Sequence[str] | None) -> Mapping[str, Any]:
    """`affected` and `because` are null where nothing was compared."""
    return {
        "name": layer.name,
        "project": layer.project,
        "owner": layer.owner,
        "depends_on": list(layer.depends_on),
        "functions": list(layer.functions),
        "affected": None if because is None else bool(because),
        "because": None if because is None else list(because),
    }


def _table(found: Found) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("layer", "owner", "depends on", "functions"):
        table.add_column(column)
    compared = any(because is not None for _, because in found)
    if compared:
        table.add_column("affected by")
    for layer, because in found:
        cells = [
            layer.name,
            layer.owner,
            ", ".join(layer.depends_on) or NONE,
            ", ".join(layer.functions) or NONE,
        ]
        table.add_row(*cells, *([_few(because or ())] if compared else []))
    return table


def _few(paths: Sequence[str]) -> str:
    more = len(paths) - SHOWN_REASONS
    return ", ".join(paths[:SHOWN_REASONS]) + (f" and {more} more" if more > 0 else "") or NONE
