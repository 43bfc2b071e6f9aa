"""List of the layers in dependency order, with owners, functions and the effect of changes, also for CI."""

from collections.abc import Mapping, Sequence
from typing import Any

import boto3
from rich.table import Table

from orchestration import environments
from orchestration.environments import ROOT, Environment
from orchestration.layers import LAYERS, Layer, sort_layers
from orchestration.planning.layer_paths import changed_files, matching_paths
from terminal.output import console, print_json

MAX_PATHS = 3
NONE = "·"

# Layers with the changed paths that belong to each; None if nothing was compared.
AffectedLayers = Sequence[tuple[Layer, Sequence[str] | None]]


def show_layers(
    environment: Environment | None = None,
    *,
    since: str = "",
    as_json: bool = False,
    layers: Sequence[Layer] = LAYERS,
) -> None:
    """Print the layers in dependency order.

    `since` is a commit to compare the working tree with. `environment` excludes the settings of the other
    environments, and adds its account and roles to the JSON, unless it is `local`. Raises UserError for an
    unknown commit, and for settings without an account.
    """
    root = environment.root if environment else ROOT
    name = environment.name if environment else ""
    changed = changed_files(since, root) if since else None
    affected = [
        (layer, None if changed is None else matching_paths(layer, changed, name))
        for layer in sort_layers(layers)
    ]
    if as_json:
        print_json(_to_json(affected, environment))
    else:
        console.print(_build_table(affected))


def _to_json(affected: AffectedLayers, environment: Environment | None) -> Mapping[str, Any]:
    if environment is None or environment.is_local:
        return {"layers": [_layer_to_json(layer, paths) for layer, paths in affected]}
    account = environments.load_account(environment)
    partition = boto3.Session().get_partition_for_region(account.region)

    def role_arn(purpose: str) -> str:
        return f"arn:{partition}:iam::{account.id}:role/{account.names.role(purpose)}"

    return {
        "environment": environment.name,
        "account": account.id,
        "region": account.region,
        "read_role": role_arn("read"),
        "layers": [
            {**_layer_to_json(layer, paths), "deploy_role": role_arn(f"deploy-{layer.name}")}
            for layer, paths in affected
        ],
    }


def _layer_to_json(layer: Layer, paths: Sequence[str] | None) -> Mapping[str, Any]:
    return {
        "name": layer.name,
        "project": layer.project,
        "owner": layer.owner,
        "depends_on": list(layer.depends_on),
        "functions": list(layer.functions),
        "affected": None if paths is None else bool(paths),
        "because": None if paths is None else list(paths),
    }


def _build_table(affected: AffectedLayers) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("layer", no_wrap=True)
    for column in ("owner", "depends on", "functions"):
        table.add_column(column)
    compared = any(paths is not None for _, paths in affected)
    if compared:
        table.add_column("affected by")
    for layer, paths in affected:
        cells = [
            layer.name,
            layer.owner,
            ", ".join(layer.depends_on) or NONE,
            ", ".join(layer.functions) or NONE,
        ]
        table.add_row(*cells, *([_join_paths(paths or ())] if compared else []))
    return table


def _join_paths(paths: Sequence[str]) -> str:
    more = len(paths) - MAX_PATHS
    return ", ".join(paths[:MAX_PATHS]) + (f" and {more} more" if more > 0 else "") or NONE
