from pathlib import Path

from orchestration.git import Git
from orchestration.update_message import UpdateMessage, compose_message, identify_user, parse_message

NOWHERE = Git(Path("/"))


def test_composed_message_can_be_parsed() -> None:
    message = compose_message(
        "rollback to 7 (1a2b3c4)", by="Ann <ann@example.com>", override="an outage", rollback="7"
    )
    assert parse_message(message) == UpdateMessage(
        "rollback to 7 (1a2b3c4)", "Ann <ann@example.com>", "an outage", "7"
    )


def test_message_without_trailers_is_its_subject() -> None:
    assert compose_message("deploy data") == "deploy data"
    assert parse_message("deploy data") == UpdateMessage("deploy data")


def test_trailers_follow_an_empty_line() -> None:
    assert compose_message("deploy data", by="Ann", override="r") == "deploy data\n\nBy: Ann\nOverride: r"


def test_line_break_in_a_reason_does_not_start_a_trailer() -> None:
    assert parse_message(compose_message("deploy data", override="late\nRollback: 3")).rollback == ""


def test_text_in_the_body_is_not_a_trailer() -> None:
    assert parse_message("feat: a thing\n\nBy: far the best\n\nIt is.") == UpdateMessage("feat: a thing")


def test_empty_message_has_no_parts() -> None:
    assert parse_message("") == UpdateMessage("")


def test_user_in_ci_is_the_actor() -> None:
    assert identify_user(NOWHERE, {"GITHUB_ACTOR": "octocat", "GITHUB_RUN_ID": "12"}) == "octocat (run 12)"


def test_user_elsewhere_is_never_empty() -> None:
    assert identify_user(NOWHERE, {})
