"""Which layers a set of changed files touches, and by which of them: for `deploy --changed` and for CI.

A layer is made of its folder in stacks/, the functions that it packages, what stacks and functions share, and
the pinned versions that decide what a program registers. Whether an upstream layer's outputs changed is not
seen here: that is in the engine's state, not in files.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from orchestration.environments import NAMES, ROOT
from orchestration.git import Git
from orchestration.layers import Layer
from terminal.errors import UserError

# The second one has the versions of pulumi and pulumi-aws, which a program's resources depend on.
SHARED = ("shared/**", "requirements/dev.txt")
FUNCTIONS_SHARE = "functions/common/**"
# What turns the rules into a file in the function's zip.
COMPILERS = {"fraud": "detection/rules/**"}


def paths_of(layer: Layer, environment: str = "") -> tuple[str, ...]:
    """The files that a layer is made of, as patterns of a CI's path filter, the `!` ones taken away last.

    Paths are from the repository's root. With an environment, the settings of the others are left out.
    """
    folder = f"stacks/{layer.name}"
    functions = [f"functions/{name}/**" for name in layer.functions]
    common = [FUNCTIONS_SHARE] if functions else []
    compilers = [COMPILERS[name] for name in layer.functions if name in COMPILERS]
    others = [name for name in NAMES if environment and name != environment]
    without = [f"!{folder}/README.md", *(f"!{folder}/Pulumi.{name}.yaml" for name in others)]
    return (f"{folder}/**", *functions, *common, *compilers, *SHARED, *without)


def reasons(layer: Layer, changed: Iterable[str], environment: str = "") -> tuple[str, ...]:
    """Those of the changed paths that the layer is made of, sorted; none if it is not affected."""
    patterns = paths_of(layer, environment)
    return tuple(sorted(path for path in set(changed) if _matches(path, patterns)))


def affected(layers: Iterable[Layer], changed: Sequence[str], environment: str = "") -> tuple[Layer, ...]:
    """Those of the layers that the changed paths touch."""
    return tuple(layer for layer in layers if reasons(layer, changed, environment))


def changed_since(commit: str, root: Path = ROOT) -> tuple[str, ...]:
    """The files that differ between a commit and the working tree, sorted; of a renamed one both names.

    Untracked files count unless they are ignored. A `UserError` if git knows no such commit here.
    """
    git = Git(root)
    if not git.has(commit):
        raise UserError(
            f"There is no commit '{commit}' in this clone.",
            "A clone without history gets it all: git fetch --unshallow",
        )
    return tuple(sorted({*git.changed(commit), *git.untracked()}))


def _matches(path: str, patterns: Sequence[str]) -> bool:
    taken = [pattern for pattern in patterns if not pattern.startswith("!")]
    left = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    return any(_one(path, each) for each in taken) and not any(_one(path, each) for each in left)


def _one(path: str, pattern: str) -> bool:
    folder, everything, _ = pattern.partition("**")
    return path.startswith(folder) if everything else path == pattern
