"""Bytecode of packages: reproducible bytes, unchecked hashes, paths of Lambda."""

import importlib.util
import marshal
import subprocess
import sys
from types import CodeType

import pytest

from shared.bytecode import compile_modules
from shared.packaging import ROOT

# Digests of the bytecode of several modules, printed by a process that has imported others before.
PRINT_BYTECODE = """
import {imported}, hashlib, pathlib
from shared.bytecode import compile_modules
files = {{path.as_posix(): path.read_bytes() for path in pathlib.Path("shared").rglob("*.py")}}
for path, content in sorted(compile_modules(files).items()):
    print(path, hashlib.sha256(content).hexdigest())
"""


def print_bytecode(imported: str, hash_seed: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", PRINT_BYTECODE.format(imported=imported)],
        cwd=ROOT,
        env={"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_bytecode_does_not_depend_on_what_the_process_did_before() -> None:
    assert print_bytecode("sys", "1") == print_bytecode("botocore.session, decimal, shared.function", "2")


def test_bytecode_lies_where_python_looks_for_it() -> None:
    (path,) = compile_modules({"functions/api/handler.py": b"", "functions/api/rules.json": b"{}"})
    assert path == importlib.util.cache_from_source("functions/api/handler.py")


def test_bytecode_has_an_unchecked_hash_of_the_source() -> None:
    (content,) = compile_modules({"handler.py": b"x = 1\n"}).values()
    assert content[:4] == importlib.util.MAGIC_NUMBER
    assert content[4:8] == b"\x01\0\0\0"
    assert content[8:16] == importlib.util.source_hash(b"x = 1\n")


def test_code_names_the_path_in_lambda_and_no_path_of_this_machine() -> None:
    (content,) = compile_modules({"functions/api/handler.py": b"def handle(): ...\n"}).values()
    code = marshal.loads(content[16:])  # noqa: S302  # written by the line above
    assert isinstance(code, CodeType)
    assert code.co_filename == "/var/task/functions/api/handler.py"
    assert str(ROOT).encode() not in content


def test_invalid_source_is_refused() -> None:
    with pytest.raises(SyntaxError):
        compile_modules({"handler.py": b"1 +\n"})


def test_other_interpreters_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.implementation, "cache_tag", "cpython-312")
    with pytest.raises(RuntimeError, match="cpython-312"):
        compile_modules({"handler.py": b""})


def test_docstrings_are_left_out() -> None:
    (content,) = compile_modules({"handler.py": b'"""What the module does."""\n'}).values()
    assert b"What the module does" not in content
