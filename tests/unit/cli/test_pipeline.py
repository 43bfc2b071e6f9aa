import pytest
from invoke.context import Context

from cli import pipeline


@pytest.mark.parametrize(
    "options", [{"account": "a-1", "follow": True}, {"account": "a-1", "full": True}, {"since": "7d"}]
)
def test_options_of_mails_and_of_an_account_exclude_each_other(
    options: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        pipeline.alerts.body(Context(), **options)
    assert "--account" in capsys.readouterr().err


@pytest.mark.parametrize("options", [{"account": "a b"}, {"account": "a-1", "since": "yesterday"}])
def test_invalid_account_or_period_is_an_error_before_aws_is_called(
    options: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        pipeline.alerts.body(Context(), **options)
    assert capsys.readouterr().err.startswith("error: ")


@pytest.mark.parametrize("name", ["send", "label"])
def test_option_in_place_of_the_file_is_an_error_before_the_environment_is_opened(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        getattr(pipeline, name).body(Context(), file="--help")
    assert f"invoke --help {name}" in capsys.readouterr().err
