"""Formats of files that are neither text nor Parquet, by their first bytes."""

_BINARY = {
    b"ARROW1": "an Arrow file",
    b"Obj\x01": "an Avro file",
    b"\xd0\xcf\x11\xe0": "a workbook",
    b"\x80\x02": "a pickle of Python",
    b"\x80\x03": "a pickle of Python",
    b"\x80\x04": "a pickle of Python",
    b"\x80\x05": "a pickle of Python",
    b"\xfd7zXZ": "an xz file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
    b"7z\xbc\xaf": "a 7-Zip file",
    b"SQLite format 3": "an SQLite database",
    b"\x89HDF": "an HDF5 file",
    b"%PDF": "a PDF document",
}
_BZIP2 = b"BZh"
# The first block of a bzip2 file, or its end if it is empty.
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")
# Banks name tables in HTML .xls.
_MARKUP = {
    b"<!doctype": "an HTML document",
    b"<html": "an HTML document",
    b"<table": "an HTML document",
    b"<?xml": "an XML document",
}


def find_other_format(beginning: bytes) -> str:
    """The name of the format, with its article; empty if the file may be text.

    >>> find_other_format(b"%PDF-1.7")
    'a PDF document'
    """
    if beginning.startswith(_BZIP2) and beginning[4:10] in _BZIP2_BLOCKS:
        return "a bzip2 file"
    markup = beginning.lstrip().lower()
    return next(
        (
            name
            for marks, text in ((_BINARY, beginning), (_MARKUP, markup))
            for mark, name in marks.items()
            if text.startswith(mark)
        ),
        "",
    )
