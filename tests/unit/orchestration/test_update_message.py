from pathlib import Path

from orchestration.git import Git
from orchestration.update_message import Message, compose, parse, who

NOWHERE = Git(Path("/"))


def test_a_message_is_read_as_it_was_written() -> None:
    written = compose(
        "rollback to 7 (1a2b3c4)", by="Ann <ann@example.com>", override="an outage", rollback="7"
    )
    assert parse(written) == Message("rollback to 7 (1a2b3c4)", "Ann <ann@example.com>", "an outage", "7")


def test_a_message_without_trailers_is_its_subject() -> None:
    assert compose("deploy data") == "deploy data"
    assert parse("deploy data") == Message("deploy data")


def test_trailers_are_lines_after_an_empty_one() -> None:
    assert compose("deploy data", by="Ann", override="r") == "deploy data\n\nBy: Ann\nOverride: r"


def test_a_reason_cannot_pretend_to_be_another_trailer() -> None:
    assert parse(compose("deploy data", override="late\nRollback: 3")).rollback == ""


def test_words_in_the_body_of_a_message_are_no_trailers() -> None:
    assert parse("feat: a thing\n\nBy: far the best\n\nIt is.") == Message("feat: a thing")


def test_no_message_has_no_parts() -> None:
    assert parse("") == Message("")


def test_in_ci_the_actor_acts() -> None:
    assert who(NOWHERE, {"GITHUB_ACTOR": "octocat", "GITHUB_RUN_ID": "12"}) == "octocat (run 12)"


def test_elsewhere_somebody_acts() -> None:
    assert who(NOWHERE, {})
