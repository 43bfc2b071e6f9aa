"""The workflows that change nothing: tests, previews of pull requests, and the nightly look for drift."""

from collections.abc import Iterable, Sequence
from typing import Any

from orchestration.ci.actions import OIDC, RUN, RUNNER, role, tree, uses
from orchestration.environments import CLOUD
from orchestration.layers import Layer
from orchestration.planning.layer_paths import paths_of

OWN = "github.event.pull_request.head.repo.full_name == github.repository"
FOREIGN = "github.event.pull_request.head.repo.full_name != github.repository"
NO_PREVIEW = (
    "No preview: a pull request from a fork gets no credentials."
    " Whoever reviews it can push it to a branch of this repository."
)


def check() -> dict[str, Any]:
    """Format, lint, types and all tests, for a pull request and before a deployment."""
    return {
        "name": "check",
        "on": ["pull_request", "workflow_call"],
        "permissions": {},
        "defaults": RUN,
        "jobs": {
            "check": {
                "runs-on": RUNNER,
                "timeout-minutes": 60,
                "permissions": {"contents": "read"},
                "steps": [
                    *tree(),
                    # The tools and the functions' packages; what deploys takes nothing from a cache.
                    uses(
                        "actions/cache",
                        path="~/.cache/fraud-pipeline",
                        key="fraud-pipeline-${{ runner.os }}-${{ hashFiles('requirements/dev.txt',"
                        " 'tools/**', 'functions/*/requirements.txt') }}",
                    ),
                    {"name": "Check", "run": ".ci/run"},
                ],
            }
        },
    }


def preview(layers: Sequence[Layer]) -> dict[str, Any]:
    """What merging a pull request would change in each environment, as one comment, kept up to date."""
    return {
        "name": "preview",
        "on": {"pull_request": {"paths": list(_paths(layers))}},
        "concurrency": {
            "group": "preview-${{ github.event.pull_request.number }}",
            "cancel-in-progress": True,
        },
        "permissions": {},
        "defaults": RUN,
        "jobs": {
            "fork": {
                "if": f"${{{{ {FOREIGN} }}}}",
                "runs-on": RUNNER,
                "timeout-minutes": 5,
                "permissions": {},
                "steps": [
                    {
                        "name": "Say why there is no preview",
                        "run": 'echo "$WHY" >> "$GITHUB_STEP_SUMMARY"',
                        "env": {"WHY": NO_PREVIEW},
                    }
                ],
            },
            "preview": {
                "name": "preview ${{ matrix.environment }}",
                "if": f"${{{{ {OWN} }}}}",
                "strategy": {"fail-fast": False, "matrix": {"environment": list(CLOUD)}},
                "runs-on": RUNNER,
                "timeout-minutes": 30,
                "permissions": OIDC,
                "env": {"ENVIRONMENT": "${{ matrix.environment }}"},
                "steps": [
                    # The merge and its parents, of which the first is what it is compared with.
                    *tree(depth=2),
                    *role(".read_role"),
                    {"name": "Preview", "run": '.github/scripts/preview "$RUNNER_TEMP/preview.md"'},
                    {
                        "if": "${{ !cancelled() }}",
                        **uses(
                            "actions/upload-artifact",
                            name="preview-${{ matrix.environment }}",
                            path="${{ runner.temp }}/preview.md",
                            if_no_files_found="ignore",
                        ),
                    },
                ],
            },
            "comment": {
                "needs": ["preview"],
                "if": f"${{{{ !cancelled() && {OWN} }}}}",
                "runs-on": RUNNER,
                "timeout-minutes": 5,
                "permissions": {"contents": "read", "actions": "read", "pull-requests": "write"},
                "steps": [
                    uses("actions/checkout", persist_credentials=False),
                    {
                        "name": "Comment",
                        "env": {
                            "GH_TOKEN": "${{ github.token }}",
                            "NUMBER": "${{ github.event.pull_request.number }}",
                            "ENVIRONMENTS": " ".join(CLOUD),
                        },
                        "run": ".github/scripts/comment",
                    },
                ],
            },
        },
    }


def drift() -> dict[str, Any]:
    """Every night: what was changed outside Pulumi fails the run and is told in an issue."""
    return {
        "name": "drift",
        "on": {"schedule": [{"cron": "17 3 * * *"}], "workflow_dispatch": None},
        "permissions": {},
        "defaults": RUN,
        "jobs": {
            "drift": {
                "name": "drift in ${{ matrix.environment }}",
                "strategy": {"fail-fast": False, "matrix": {"environment": list(CLOUD)}},
                "runs-on": RUNNER,
                "timeout-minutes": 30,
                "permissions": {**OIDC, "issues": "write"},
                "env": {"ENVIRONMENT": "${{ matrix.environment }}"},
                "steps": [
                    *tree(),
                    *role(".read_role"),
                    {
                        "name": "Look for drift",
                        "env": {"GH_TOKEN": "${{ github.token }}"},
                        "run": ".github/scripts/drift",
                    },
                ],
            }
        },
    }


def _paths(layers: Iterable[Layer]) -> Iterable[str]:
    patterns = dict.fromkeys(pattern for layer in layers for pattern in paths_of(layer))
    return sorted(patterns, key=lambda pattern: pattern.startswith("!"))
