import pytest
import yaml

from detection.rules.yaml_reader import character_positions


@pytest.mark.parametrize(
    "written",
    [
        "hour > 5 and COLOUR",
        "hour > 5\n  and   COLOUR  # a comment",
        "'hour == ''x'' and COLOUR'",
        "'hour\n\n   and COLOUR'",
        '"hour == \\"x\\" and COLOUR"',
        '"\\u0068\\x6fur \\\n   and COLOUR"',
        '"hour\\tand\\nCOLOUR"',
        ">-\n  hour > 5 and\n  COLOUR",
        ">  # folded\n  hour > 5 and\n\n    COLOUR\n",
        "|\n  # a comment\n  hour > 5\n    and COLOUR\n",
        "|2-\n    hour and\n  COLOUR",
        "&anchor COLOUR",
        "!!str 'COLOUR'",
    ],
)
def test_characters_are_located_in_every_scalar_style(written: str) -> None:
    text = f"threshold: 1\nwhen: {written}\nid: a\n"
    scalar = yaml.compose(text).value[1][1]
    position = character_positions(scalar, text)[scalar.value.index("COLOUR")]
    assert position == text.index("COLOUR")


@pytest.mark.parametrize("written", ["''", '""', "|\n", ""])
def test_empty_scalar_has_a_position_for_its_end(written: str) -> None:
    text = f"when: {written}\n"
    scalar = yaml.compose(text).value[0][1]
    assert len(character_positions(scalar, text)) == 1
