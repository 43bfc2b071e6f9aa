"""The workflows that change an account: deploying after a merge, layer by layer, and rolling one back."""

from collections.abc import Sequence
from typing import Any

from orchestration.ci.actions import OIDC, RUN, RUNNER, Step, role, tree, uses
from orchestration.environments import CLOUD
from orchestration.layers import Layer

MAIN = "main"
ENVIRONMENT_WORKFLOW = "deploy-environment.yml"
# A need that was left out does not stop a job, one that failed or was cancelled does. `cancelled()` is also
# what takes the default away, which is to leave a job out if any of its needs was.
UNLESS_FAILED = (
    "!cancelled() && !contains(needs.*.result, 'failure') && !contains(needs.*.result, 'cancelled')"
)
REPORT = "$RUNNER_TEMP/report.json"  # Outside the clone, which would be dirty with it.


def deploy() -> dict[str, Any]:
    """On a merge: check, find the layers that the changes touch, then one environment after the other."""
    return {
        "name": "deploy",
        "on": {"push": {"branches": [MAIN]}},
        "permissions": {},
        "defaults": RUN,
        "jobs": {
            "check": {"permissions": {"contents": "read"}, "uses": "./.github/workflows/check.yml"},
            "changes": _changes(),
            **{name: _environment(name, CLOUD[:number]) for number, name in enumerate(CLOUD)},
        },
    }


def deploy_environment(layers: Sequence[Layer]) -> dict[str, Any]:
    """The layers of one environment, each a job of its own with its own role and approval."""
    return {
        "name": "deploy to one environment",
        "on": {
            "workflow_call": {
                "inputs": {
                    "environment": {"description": "where to", "type": "string", "required": True},
                    "layers": {
                        "description": "JSON list of the layers to deploy",
                        "type": "string",
                        "required": True,
                    },
                }
            }
        },
        "permissions": {},
        "defaults": RUN,
        "jobs": {layer.name: _layer(layer, layers) for layer in layers},
    }


def rollback(layers: Sequence[Layer]) -> dict[str, Any]:
    """Back to an earlier update of one layer, started by hand, with the approval that deploying it needs."""
    command = (
        'to=(); if [ -n "$TO" ]; then to=(--to "$TO"); fi\n'
        'exec ./inv rollback --env "$ENVIRONMENT" --layer "$LAYER" "${to[@]}" --yes\n'
    )
    return {
        "name": "rollback",
        "run-name": "roll back ${{ inputs.layer }} in ${{ inputs.environment }}",
        "on": {
            "workflow_dispatch": {
                "inputs": {
                    "environment": _choice("where", CLOUD),
                    "layer": _choice("which layer", [layer.name for layer in layers]),
                    "to": {
                        "description": "version of invoke history; empty: the last good one before this",
                        "type": "string",
                        "required": False,
                    },
                }
            }
        },
        "permissions": {},
        "defaults": RUN,
        "jobs": {
            "rollback": {
                "if": f"${{{{ github.ref == 'refs/heads/{MAIN}' }}}}",
                **_in_account("${{ inputs.layer }}"),
                "env": {
                    "ENVIRONMENT": "${{ inputs.environment }}",
                    "LAYER": "${{ inputs.layer }}",
                    "TO": "${{ inputs.to }}",
                },
                "steps": [*_as_deployer(), {"name": "Roll back", "run": command}],
            }
        },
    }


def _changes() -> dict[str, Any]:
    # Not since the push before: a run that failed, or that a newer one took the place of, would be forgotten.
    script = (
        'runs="repos/$GITHUB_REPOSITORY/actions/workflows/deploy.yml/runs?branch=$GITHUB_REF_NAME&status=success&per_page=1"\n'
        "since=$(gh api \"$runs\" --jq '.workflow_runs[0].head_sha // empty')\n"
        'git cat-file -e "$since^{commit}" 2>/dev/null || since=""\n'
        "for environment in $ENVIRONMENTS; do\n"
        '  ./inv layers --env "$environment" ${since:+--since "$since"}\n'
        '  layers=$(./inv layers --env "$environment" ${since:+--since "$since"} --json'
        " | jq -c '[.layers[] | select(.affected != false) | .name]')\n"
        '  echo "$environment=$layers" >> "$GITHUB_OUTPUT"\n'
        "done\n"
    )
    return {
        "name": "find what changed since the last run that deployed all it had to",
        "runs-on": RUNNER,
        "timeout-minutes": 15,
        "permissions": {"contents": "read", "actions": "read"},
        "outputs": {name: f"${{{{ steps.layers.outputs.{name} }}}}" for name in CLOUD},
        "steps": [
            *tree(depth=0),
            {
                "name": "Find the layers",
                "id": "layers",
                "env": {"GH_TOKEN": "${{ github.token }}", "ENVIRONMENTS": " ".join(CLOUD)},
                "run": script,
            },
        ],
    }


def _environment(name: str, before: Sequence[str]) -> dict[str, Any]:
    return {
        "needs": ["check", "changes", *before],
        "if": f"${{{{ {UNLESS_FAILED} && needs.changes.outputs.{name} != '[]' }}}}",
        "permissions": OIDC,
        "uses": f"./.github/workflows/{ENVIRONMENT_WORKFLOW}",
        "with": {"environment": name, "layers": f"${{{{ needs.changes.outputs.{name} }}}}"},
    }


def _layer(layer: Layer, layers: Sequence[Layer]) -> dict[str, Any]:
    needs = _upstream(layer, layers)
    wanted = f"contains(fromJSON(inputs.layers), '{layer.name}')"
    # Runs instead of the shell, so that who cancels the job interrupts the task, which leaves no lock, unless
    # AWS takes longer over what is under way than the ten seconds that GitHub waits.
    command = f'exec ./inv deploy --env "$ENVIRONMENT" --layer "$LAYER" --yes --report "{REPORT}"'
    return {
        **({"needs": needs} if needs else {}),
        "if": f"${{{{ {UNLESS_FAILED} && {wanted} }}}}" if needs else f"${{{{ {wanted} }}}}",
        **_in_account(layer.name),
        "env": {"ENVIRONMENT": "${{ inputs.environment }}", "LAYER": layer.name},
        "steps": [
            *_as_deployer(),
            {"name": "Deploy", "run": command},
            {
                "if": "${{ !cancelled() }}",
                **uses(
                    "actions/upload-artifact",
                    name=f"report-${{{{ inputs.environment }}}}-{layer.name}",
                    path="${{ runner.temp }}/report.json",
                    if_no_files_found="ignore",
                ),
            },
        ],
    }


def _upstream(layer: Layer, layers: Sequence[Layer]) -> list[str]:
    """All layers behind it, not only the next ones: a need that was left out hides what failed behind it."""
    direct = [other for other in layers if other.name in layer.depends_on]
    found = {name for other in direct for name in [other.name, *_upstream(other, layers)]}
    return [other.name for other in layers if other.name in found]


def _in_account(layer: str) -> dict[str, Any]:
    """A job that changes a layer: with its approval, and never two at the same time."""
    place = f"${{{{ inputs.environment }}}}-{layer}"
    return {
        "runs-on": RUNNER,
        "timeout-minutes": 60,
        "environment": place,
        "concurrency": {"group": place, "cancel-in-progress": False},
        "permissions": OIDC,
    }


def _as_deployer() -> list[Step]:
    return [*tree(depth=0), *role(".layers[] | select(.name == env.LAYER).deploy_role")]


def _choice(description: str, options: Sequence[str]) -> dict[str, Any]:
    return {"description": description, "type": "choice", "required": True, "options": list(options)}
