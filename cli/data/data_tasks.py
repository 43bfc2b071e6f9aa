"""Tasks that look at files of transactions. They need no deployment."""

# The tasks import numerical libraries, which take seconds to load.
# ruff: noqa: PLC0415

from invoke.context import Context

from cli.task import task


@task(
    positional=["data"],
    help={
        "data": "Inspect this file: delimited text or Parquet, also in gzip or zip",
        "out": "Write the proposed map to this YAML file, for the option --columns of other tasks",
    },
)
def inspect(
    _: Context,
    *,
    data: str,
    columns: str = "",
    unit: str = "",
    timezone: str = "",
    out: str = "",
    json: bool = False,
) -> int:
    """Show how a file is read, and propose a map of its columns.

    The whole file is read: format, columns, times, currencies, labels, bad rows and suspicious values. A
    ready layout is used if one fits.

    Exit status: 1 if no transactions can be read.
    """
    from cli.data.inspection_view import show_inspection

    return show_inspection(data, columns=columns, unit=unit, timezone=timezone, out=out, as_json=json)
