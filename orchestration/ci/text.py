"""Workflows as YAML: in the order they are written in, scripts as blocks, versions beside pinned commits."""

import re
from typing import Any

import yaml

from orchestration.ci.actions import VERSIONS

HEADER = (
    "# Made by `invoke ci.write` from the layers in shared/projects.py: change orchestration/ci, not this.\n"
)
_USES = re.compile(r"(uses: (?P<action>[\w./-]+)@[0-9a-f]{40})$", re.MULTILINE)


class _Dumper(yaml.SafeDumper):
    """Never refers to an earlier part of the document, and indents lists as people do."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def as_yaml(workflow: dict[str, Any]) -> str:
    """The text of a workflow's file."""
    text = yaml.dump(workflow, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)
    # YAML 1.1 takes the bare word for a truth value; GitHub, and people, do not.
    text = text.replace("'on':", "on:", 1)
    text = _USES.sub(lambda found: f"{found[1]} # {VERSIONS[found['action']][1]}", text)
    head, jobs = text.split("\njobs:\n")
    return f"{HEADER}{_spaced(head, '')}\n\njobs:{_spaced(jobs, '  ')}"


def _spaced(text: str, indent: str) -> str:
    """With an empty line before each key of the outermost level."""
    return re.sub(rf"^{indent}(?=\S)", f"\n{indent}", text, flags=re.MULTILINE)
