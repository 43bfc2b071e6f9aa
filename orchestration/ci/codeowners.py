"""Who reviews what: its owner a layer and the functions that it packages, platform what all share."""

from collections.abc import Iterable, Iterator

from orchestration.layers import Layer

ORGANISATION = "example"
PLATFORM = "platform"
HEADER = """\
# Made by `invoke ci.write` from shared/projects.py: change that, or orchestration/ci/codeowners.py, not this.
# Who reviews what. The layers' owners deploy their own stack; what stacks share needs the platform team.
"""
# What the list of layers does not say. A later line goes before an earlier one.
FURTHER = (
    ("/.github/", (PLATFORM,)),
    ("/orchestration/", (PLATFORM,)),
    ("/shared/", (PLATFORM,)),
    ("/local/", (PLATFORM,)),
    ("/stacks/processing/rules.yaml", ("fraud-analysts", "fraud-engineering")),
)


def codeowners(layers: Iterable[Layer]) -> str:
    """The text of the file CODEOWNERS."""
    lines = [*_lines(list(layers)), *FURTHER]
    width = max(len(path) for path, _ in lines)
    return HEADER + "".join(f"{path:<{width}} {_teams(owners)}\n" for path, owners in lines)


def _lines(layers: list[Layer]) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "*", (PLATFORM,)
    yield from ((f"/stacks/{layer.name}/", (layer.owner,)) for layer in layers)
    functions = {function: layer.owner for layer in layers for function in layer.functions}
    yield from ((f"/functions/{function}/", (functions[function],)) for function in sorted(functions))


def _teams(owners: tuple[str, ...]) -> str:
    return " ".join(f"@{ORGANISATION}/{owner}" for owner in owners)
