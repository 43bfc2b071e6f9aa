"""Boxes and arrows as SVG: each arrow leads to its section and crosses no box."""

import re
from xml.etree import ElementTree

from orchestration.status.drawing import Box, Section, as_svg

SVG = "{http://www.w3.org/2000/svg}"
BASE = Box("base", "platform", (Section("gives", ("key",)),))
SHOP = Box("shop", "sales", (Section("from base", ("key",), "base"), Section("gives", ("url",) * 20)))
MAIL = Box("mail", "a & <b>", (Section("from base", (), "base"), Section("from shop", ("url",), "shop")))


def drawn(*boxes: Box) -> ElementTree.Element:
    return ElementTree.fromstring(as_svg(boxes))  # noqa: S314 - it is our own


def boxes_of(picture: ElementTree.Element) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of each box."""
    found = []
    for one in picture.findall(f"{SVG}rect[@class='box']"):
        left, top, width, height = (float(one.attrib[key]) for key in ("x", "y", "width", "height"))
        found.append((left, top, left + width, top + height))
    return found


def arrows_of(picture: ElementTree.Element) -> list[list[tuple[float, float]]]:
    """The points that each arrow passes."""
    arrows = []
    for one in picture.findall(f"{SVG}path[@class='arrow']"):
        numbers = [float(number) for number in re.findall(r"[-\d.e]+", one.attrib["d"])]
        pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
        arrows.append([pairs[0], *pairs[3::3]])
    return arrows


def test_a_box_stands_right_of_all_that_it_gets_anything_from() -> None:
    base, shop, mail = boxes_of(drawn(BASE, SHOP, MAIL))
    assert base[2] < shop[0] < shop[2] < mail[0]


def test_an_arrow_leads_from_the_right_of_one_box_to_the_left_of_the_other() -> None:
    picture = drawn(BASE, SHOP)
    [arrow], [base, shop] = arrows_of(picture), boxes_of(picture)
    assert arrow[0][0] == base[2]
    assert base[1] < arrow[0][1] < base[3]
    assert arrow[-1][0] == shop[0]
    assert shop[1] < arrow[-1][1] < shop[3]


def test_arrows_to_one_box_end_at_their_own_sections() -> None:
    _, from_base, from_shop = arrows_of(drawn(BASE, SHOP, MAIL))
    assert from_base[-1][1] < from_shop[-1][1]


def test_an_arrow_that_passes_a_column_goes_around_its_box() -> None:
    picture = drawn(BASE, SHOP, MAIL)
    _, shop, _ = boxes_of(picture)
    passing = arrows_of(picture)[1]
    within = [y for x, y in passing if shop[0] <= x <= shop[2]]
    assert within
    assert all(y < shop[1] or y > shop[3] for y in within)


def test_arrows_pass_a_column_on_the_side_of_where_they_lead() -> None:
    upper, lower = (Box(name, "", MAIL.sections) for name in ("upper", "lower"))
    picture = drawn(BASE, SHOP, upper, lower)
    _, shop, *_ = boxes_of(picture)
    to_upper, to_lower = arrows_of(picture)[1::2]
    assert to_upper[1][1] < shop[1]
    assert to_lower[1][1] > shop[3]


def test_boxes_of_one_column_do_not_overlap() -> None:
    other = Box("post", "", (Section("from base", ("key",), "base"),))
    _, shop, post = boxes_of(drawn(BASE, SHOP, other))
    assert shop[0] == post[0]
    assert shop[3] < post[1] or post[3] < shop[1]


def test_text_is_written_as_it_is() -> None:
    assert "a & <b>" in [text.text for text in drawn(BASE, SHOP, MAIL).iter(f"{SVG}text")]


def test_nothing_is_an_empty_picture() -> None:
    assert boxes_of(drawn()) == []
