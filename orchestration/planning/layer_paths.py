"""Files that a layer consists of, for `deploy --changed` and for CI.

A layer consists of its folder in `stacks/`, the functions that it packages, the code that stacks and
functions share, and the pinned versions of its dependencies. Changes of upstream outputs are in the engine's
state, not in files.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from orchestration.environments import ENVIRONMENT_NAMES, ROOT
from orchestration.git import Git
from orchestration.layers import Layer
from terminal.errors import UserError

# The requirements pin pulumi and pulumi-aws, which the resources of a program depend on.
SHARED = ("shared/**", "requirements/dev.txt")
SHARED_BY_FUNCTIONS = "functions/common/**"
# Code that compiles the rules into a file of the function's package.
COMPILERS = {"fraud": "detection/rules/**"}


def path_patterns(layer: Layer, environment: str = "") -> tuple[str, ...]:
    """Return the layer's files as patterns from the root, in the syntax of path filters in GitHub Actions.

    Patterns that begin with `!` exclude files. `environment` excludes the settings of all other environments.
    """
    folder = f"stacks/{layer.name}"
    functions = [f"functions/{name}/**" for name in layer.functions]
    common = [SHARED_BY_FUNCTIONS] if functions else []
    compilers = [COMPILERS[name] for name in layer.functions if name in COMPILERS]
    others = [name for name in ENVIRONMENT_NAMES if environment and name != environment]
    excluded = [f"!{folder}/README.md", *(f"!{folder}/Pulumi.{name}.yaml" for name in others)]
    return (f"{folder}/**", *functions, *common, *compilers, *SHARED, *excluded)


def matching_paths(layer: Layer, changed: Iterable[str], environment: str = "") -> tuple[str, ...]:
    """Return the changed paths that belong to the layer, sorted and each once."""
    patterns = path_patterns(layer, environment)
    return tuple(sorted(path for path in set(changed) if _is_included(path, patterns)))


def changed_files(commit: str, root: Path = ROOT) -> tuple[str, ...]:
    """Return the files that differ between a commit and the working tree, sorted.

    Untracked files are included, ignored ones are not. A renamed file has both names. Raises UserError if the
    clone lacks the commit.
    """
    git = Git(root)
    if not git.has_commit(commit):
        raise UserError(
            f"This clone has no commit '{commit}'.",
            "Check the commit. To complete a shallow clone: git fetch --unshallow",
        )
    return tuple(sorted({*git.changed_paths(commit), *git.untracked_paths()}))


def _is_included(path: str, patterns: Sequence[str]) -> bool:
    included = [pattern for pattern in patterns if not pattern.startswith("!")]
    excluded = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    return _matches_any(path, included) and not _matches_any(path, excluded)


def _matches_any(path: str, patterns: Iterable[str]) -> bool:
    return any(_matches(path, pattern) for pattern in patterns)


def _matches(path: str, pattern: str) -> bool:
    folder, wildcard, _ = pattern.partition("**")
    return path.startswith(folder) if wildcard else path == pattern
