"""Generated documents are as their code writes them."""

import pytest

from cli.documents import DOCUMENTS, generate
from orchestration.environments import ROOT


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_generated_document_is_up_to_date(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == generate(path), "run `invoke docs`"
