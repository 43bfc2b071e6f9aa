"""Boxes in columns and straight arrows as SVG."""

from xml.etree import ElementTree

from orchestration.status.drawing import Box, Section, draw_svg

SVG = "{http://www.w3.org/2000/svg}"
BASE = Box("base", "platform", (Section("gives", ("key",)),))
SHOP = Box("shop", "sales", (Section("from base", ("key",), "base"), Section("gives", ("url",) * 20)))
MAIL = Box("mail", "a & <b>", (Section("from base", (), "base"), Section("from shop", ("url",), "shop")))


def draw(*boxes: Box) -> ElementTree.Element:
    return ElementTree.fromstring(draw_svg(boxes))  # noqa: S314 - it is our own


def read_boxes(picture: ElementTree.Element) -> list[tuple[float, float, float, float]]:
    """Return left, top, right and bottom of each box."""
    boxes = []
    for element in picture.findall(f"{SVG}rect[@class='box']"):
        left, top, width, height = (float(element.attrib[key]) for key in ("x", "y", "width", "height"))
        boxes.append((left, top, left + width, top + height))
    return boxes


def read_arrows(picture: ElementTree.Element) -> list[tuple[float, float, float, float]]:
    """Return x and y of the start and of the end of each arrow."""
    elements = picture.findall(f"{SVG}line[@class='arrow']")
    return [
        (
            float(element.attrib["x1"]),
            float(element.attrib["y1"]),
            float(element.attrib["x2"]),
            float(element.attrib["y2"]),
        )
        for element in elements
    ]


def test_box_is_right_of_all_its_sources() -> None:
    base, shop, mail = read_boxes(draw(BASE, SHOP, MAIL))
    assert base[2] < shop[0] < shop[2] < mail[0]


def test_arrow_leads_from_the_right_of_its_source_to_the_left_of_its_target() -> None:
    picture = draw(BASE, SHOP)
    [(x1, y1, x2, y2)], [base, shop] = read_arrows(picture), read_boxes(picture)
    assert x1 == base[2]
    assert base[1] < y1 < base[3]
    assert x2 == shop[0]
    assert shop[1] < y2 < shop[3]


def test_arrows_to_one_box_end_at_different_sections() -> None:
    _, from_base, from_shop = read_arrows(draw(BASE, SHOP, MAIL))
    assert from_base[3] < from_shop[3]


def test_arrows_are_drawn_before_boxes_and_so_behind_them() -> None:
    classes = [element.attrib.get("class") for element in draw(BASE, SHOP, MAIL)]
    assert max(index for index, name in enumerate(classes) if name == "arrow") < classes.index("box")


def test_boxes_of_one_column_do_not_overlap() -> None:
    other = Box("post", "", (Section("from base", ("key",), "base"),))
    _, shop, post = read_boxes(draw(BASE, SHOP, other))
    assert shop[0] == post[0]
    assert shop[3] < post[1]


def test_picture_contains_all_boxes() -> None:
    picture = draw(BASE, SHOP, MAIL)
    width, height = float(picture.attrib["width"]), float(picture.attrib["height"])
    assert all(right < width and bottom < height for _, _, right, bottom in read_boxes(picture))


def test_text_is_escaped() -> None:
    assert "a & <b>" in [text.text for text in draw(BASE, SHOP, MAIL).iter(f"{SVG}text")]


def test_no_boxes_are_an_empty_picture() -> None:
    assert read_boxes(draw()) == []
