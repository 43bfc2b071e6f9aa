"""The documents that are generated from code."""

import importlib

from invoke.context import Context

from cli.task import task
from orchestration.environments import ROOT
from terminal.output import print_message

# Path of a document -> the function that returns its text, as "module:function".
DOCUMENTS: dict[str, str] = {
    "docs/least-privilege.md": "cli.security.least_privilege_page:make_page",
    "docs/openapi.json": "operations.openapi.document:generate_openapi_document",
    "docs/security-controls.md": "policy.document:generate_controls_document",
    "docs/privacy.md": "operations.privacy.document:generate_privacy_document",
}


@task(name="docs")
def write_documents(_: Context) -> None:
    """Write the documents that are generated from code."""
    for path in DOCUMENTS:
        text = generate(path)
        if (ROOT / path).exists() and (ROOT / path).read_text(encoding="utf-8") == text:
            continue
        (ROOT / path).write_text(text, encoding="utf-8")
        print_message(f"wrote {path}")


def generate(path: str) -> str:
    """Return the text of the document at `path`."""
    module, function = DOCUMENTS[path].split(":")
    return str(getattr(importlib.import_module(module), function)())
