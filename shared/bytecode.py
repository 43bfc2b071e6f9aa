"""Bytecode for Lambda: the compiled form of a source file, as it lies in `__pycache__`.

Lambda's folder of code is read-only, so without bytecode Python compiles every module at every cold start.
The files have unchecked hashes (PEP 552): Python loads them without a look at the source, whose time of
change is not that of the file that was compiled. https://peps.python.org/pep-0552/

Docstrings and assertions are left out: a cold start does not need them.
"""

import importlib.util
import marshal
import sys
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from types import CodeType

CACHE_TAG = "cpython-311"
OPTIMIZATION = 2
"""Python's level without docstrings and assertions."""
# The folder into which Lambda extracts a package.
_TASK_FOLDER = "/var/task"
# The flags of a file with a hash that Python does not compare with the source.
_UNCHECKED_HASH = (1).to_bytes(4, "little")


def compile_modules(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The bytecode of each Python source in `files`, by the path of the bytecode file.

    The same sources give the same bytes in every process. Raises SyntaxError, and RuntimeError if this
    interpreter is not CPython 3.11, whose bytecode Lambda's runtime loads.
    """
    if sys.implementation.cache_tag != CACHE_TAG:
        raise RuntimeError(f"bytecode for Lambda requires {CACHE_TAG}, not {sys.implementation.cache_tag}")
    return {
        _bytecode_path(path): _compile_module(path, source)
        for path, source in files.items()
        if path.endswith(".py")
    }


def _bytecode_path(path: str) -> str:
    source = PurePosixPath(path)
    return (source.parent / "__pycache__" / f"{source.stem}.{CACHE_TAG}.pyc").as_posix()


def _compile_module(path: str, source: bytes) -> bytes:
    code = compile(source, f"{_TASK_FOLDER}/{path}", "exec", dont_inherit=True, optimize=OPTIMIZATION)
    # marshal also writes whether other code uses the same objects. Here, all objects count as used.
    shared_objects = list(_share_objects(code))
    content = marshal.dumps(code)
    del shared_objects
    return importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH + importlib.util.source_hash(source) + content


def _share_objects(value: object) -> Iterator[object]:
    """Every object of the code that other code of this process can use: marshal writes these in two ways.

    It writes an object with one reference differently from an object with several, so the caller keeps a
    second reference. It also writes interned texts differently. A process has one object for each text of one
    character, and any module may have interned it, so these texts are interned here.
    """
    yield sys.intern(value) if isinstance(value, str) and len(value) <= 1 else value
    if isinstance(value, CodeType):
        parts = (value.co_consts, value.co_names, value.co_varnames, value.co_freevars, value.co_cellvars)
        yield from (value.co_filename, value.co_name, value.co_qualname)
        yield from (value.co_code, value.co_linetable, value.co_exceptiontable)
        for part in parts:
            yield from _share_objects(part)
    elif isinstance(value, tuple | frozenset):
        for member in value:
            yield from _share_objects(member)
