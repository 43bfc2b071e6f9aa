import pyarrow
import pytest

from detection.data.column_map import TimeFormat
from detection.data.times import TimeConverter, TimeKind

MIDNIGHT = 1_522_540_800_000


def convert(texts: list[str], declared: TimeFormat = TimeFormat()) -> list[int | None]:  # noqa: B008
    converted = TimeConverter(TimeKind.detect(declared, texts)).convert(pyarrow.array(texts))
    pairs = zip(converted.times_ms.tolist(), converted.is_valid.tolist(), strict=True)
    return [time if is_valid else None for time, is_valid in pairs]


@pytest.mark.parametrize(
    "text",
    [
        "1522540800",
        "1522540800.0",
        "1522540800000",
        "1522540800000000",
        "1522540800000000000",
        "2018-04-01",
        "2018-04-01 00:00:00",
        "2018-04-01T00:00:00.000000000",
        "2018-04-01T00:00:00Z",
        "2018-04-01T02:00:00+02:00",
        "2018-04-01T02:00:00.000+0200",
        "2018-04-01 00:00:00 UTC",
        "2018-04-01 00:00:00 GMT",
        "2018-04-01T00:00:00z",
        "2018-03-31 24:00",
        "2018-03-31T24:00:00.000Z",
        "2018-03-31T23:59:60Z",
        "2018-04-01 00:00:00.000000 00:00:00",
        "2018-04-01T00:00 00:00:00.000",
        "1.522540800000e+09",
    ],
)
def test_numbers_and_iso_times_are_recognized(text: str) -> None:
    assert convert([text]) == [MIDNIGHT]


@pytest.mark.parametrize(
    ("unit", "text", "expected"),
    [
        ("s", "0", 0),
        ("s", "1.25", 1250),
        ("s", "1e+05", 100_000_000),
        ("ms", "31", 31),
        ("us", "1999", 1),
        ("ns", "1999999", 1),
        ("hours", "1", MIDNIGHT + 3_600_000),
        ("days", "180", MIDNIGHT + 180 * 86_400_000),
    ],
)
def test_unit_and_start_are_used(unit: str, text: str, expected: int) -> None:
    start = MIDNIGHT if unit in ("hours", "days") else None
    assert convert([text], TimeFormat(unit=unit, start_ms=start)) == [expected]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text_format", "text"),
    [
        ("%d/%m/%Y %H:%M", "01/04/2018 00:00"),
        ("%d/%m/%Y %H:%M", "1/4/2018 0:00"),
        ("%Y/%m/%d %I:%M:%S %p", "2018/04/01 12:00:00 AM"),
        ("%Y %m %d %H:%M", "2018 4 1 00:00"),
        ("%d.%m.%Y %H:%M:%S.%f", "01.04.2018 00:00:00.000"),
    ],
)
def test_declared_format_is_used(text_format: str, text: str) -> None:
    assert convert([text], TimeFormat(format=text_format)) == [MIDNIGHT]


@pytest.mark.parametrize("text", ["31/02/2018 10:00", "2018-02-03 10:00", "01/02/2018 10:00 later", ""])
def test_text_in_another_format_is_invalid(text: str) -> None:
    assert convert([text, "01/02/2018 10:00"], TimeFormat(format="%d/%m/%Y %H:%M"))[0] is None


@pytest.mark.parametrize(
    ("first", "text"),
    [
        ("1522540800", "1522540800000"),
        ("1522540800000", "1522540800"),
        ("1522540800", "-1"),
        ("1522540800", "1.7E+9"),
        ("1522540800", "2018-04-01"),
        ("1522540800", "NaN"),
        ("1522540800", "9" * 40 + ".5"),
        ("1522540800", "1.52254e+09"),
        ("1522540800", "1_522_540_801"),
        ("1522540800", "\N{ARABIC-INDIC DIGIT ONE}522540801"),
        ("2018-04-01", "9999-12-31T24:00"),
        ("2018-04-01", "2018-04-01T24:01"),
        ("1522540800", ""),
        ("2018-04-01", "1522540800"),
        ("2018-04-01", "2018-04-31"),
        ("2018-04-01", "1969-12-31"),
    ],
)
def test_time_that_does_not_fit_the_column_is_invalid_and_described(first: str, text: str) -> None:
    kind = TimeKind.detect(TimeFormat(), [first])
    converted = TimeConverter(kind).convert(pyarrow.array([first, text]))
    assert converted.is_valid.tolist() == [True, False]
    assert kind.describe_error(text)


def test_times_without_a_zone_are_in_the_declared_zone() -> None:
    declared = TimeFormat(timezone="Europe/Berlin")
    assert convert(["2018-04-01 02:00:00"], declared) == [MIDNIGHT]
    assert convert(["2018-04-01 02:00"], declared) == [MIDNIGHT]
    assert convert(["2018-04-01T00:00:00Z"], declared) == [MIDNIGHT]


@pytest.mark.parametrize("suffix", ["", ".0000000"])
def test_hour_that_occurs_twice_is_resolved_by_the_order_of_rows(suffix: str) -> None:
    texts = [f"2018-10-28 {clock}:00{suffix}" for clock in ("01:59", "02:30", "02:10", "02:40", "03:00")]
    times = convert(texts, TimeFormat(timezone="Europe/Berlin"))
    minutes = [(time - times[0]) // 60_000 for time in times]  # type: ignore[operator]
    assert minutes == [0, 31, 71, 101, 121]


@pytest.mark.parametrize("suffix", ["", "never"])
def test_time_that_does_not_occur_is_as_long_after_the_change_as_it_says(suffix: str) -> None:
    texts = ["2026-03-29T01:59:00", "2026-03-29T02:10:00", "2026-03-29T02:50:00", "2026-03-29T03:00:00"]
    times = convert([*texts, *filter(None, [suffix])], TimeFormat(timezone="Europe/Berlin"))
    first = 1_774_745_940_000
    assert [(time_ms - first) // 60_000 for time_ms in times[:4]] == [0, 11, 51, 1]


def test_kind_is_that_of_the_first_text_that_is_a_time() -> None:
    assert convert(["", "N/A", "1522540800"]) == [None, None, MIDNIGHT]


def test_naive_times_are_noticed() -> None:
    for text, expected in (("2018-04-01", True), ("2018-04-01T00:00Z", False)):
        converter = TimeConverter(TimeKind.detect(TimeFormat(), [text]))
        converter.convert(pyarrow.array([text]))
        assert converter.has_naive is expected


def test_time_after_the_year_5138_is_invalid_in_a_batch_of_mixed_forms() -> None:
    assert convert(["2018-04-01", "20180401", "9999-01-01"]) == [MIDNIGHT, MIDNIGHT, None]
