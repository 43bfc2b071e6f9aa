"""The steps that workflows are made of, and the actions that they use, each at a commit that cannot move."""

from typing import Any

Step = dict[str, Any]

RUNNER = "ubuntu-24.04"
PYTHON = "3.11"

# A tag can be moved to other code, a commit cannot. To take a newer version: the commit of its release tag
# in the action's own repository, then `invoke ci.write`.
VERSIONS = {
    "actions/checkout": ("de0fac2e4500dabe0009e67214ff5f5447ce83dd", "v6.0.2"),
    "actions/setup-python": ("a309ff8b426b58ec0e2a45f0f869d46889d02405", "v6.2.0"),
    "actions/cache": ("27d5ce7f107fe9357f9df03efb73ab90386fccae", "v5.0.5"),
    "actions/upload-artifact": ("bbbca2ddaa5d8feaa63e36b76fdaad77386f024f", "v7.0.0"),
    "aws-actions/configure-aws-credentials": ("acca2b1b2070338fb9fd1ca27ecee81d687e58e5", "v6.1.2"),
}

# In jobs that act in an account.
OIDC = {"id-token": "write", "contents": "read"}
RUN = {"run": {"shell": "bash"}}  # Said in words, bash also fails where a pipe's first command does.


def uses(action: str, **inputs: Any) -> Step:
    """A step that runs one of the pinned actions."""
    commit, _ = VERSIONS[action]
    return {"uses": f"{action}@{commit}", **({"with": _named(inputs)} if inputs else {})}


def tree(*, depth: int = 1) -> list[Step]:
    """The repository with that many commits (0: all), and the Python that `./inv` needs."""
    return [
        # What the job runs cannot push, nor read the token from the clone's configuration.
        uses("actions/checkout", **({} if depth == 1 else {"fetch_depth": depth}), persist_credentials=False),
        uses(
            "actions/setup-python",
            python_version=PYTHON,
            cache="pip",  # Every package in it is checked against its hash.
            cache_dependency_path="requirements/dev.txt",
        ),
    ]


def role(name: str) -> list[Step]:
    """Become a role in the account of `$ENVIRONMENT`, which the settings name.

    `name` is the jq filter that takes the role's ARN out of what `invoke layers --json` prints.
    """
    script = (
        './inv layers --env "$ENVIRONMENT" --json > "$RUNNER_TEMP/layers.json"\n'
        f'jq -r \'"region=\\(.region)", "role=\\({name})"\' "$RUNNER_TEMP/layers.json" >> "$GITHUB_OUTPUT"\n'
    )
    return [
        {"name": "Find the account", "id": "account", "run": script},
        uses(
            "aws-actions/configure-aws-credentials",
            role_to_assume="${{ steps.account.outputs.role }}",
            aws_region="${{ steps.account.outputs.region }}",
            role_session_name="github-${{ github.run_id }}",
        ),
    ]


def _named(inputs: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("_", "-"): value for name, value in inputs.items()}
