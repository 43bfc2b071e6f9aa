"""Sending a file as a user does it: what is printed, what is kept, and the exit status."""

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.ingest.record_kinds import LABELS
from operations.ingest.send import REASONS_SHOWN, send
from terminal.errors import UserError
from tests.unit.operations.fake_api import FakeApi, running

HEADER = b"transaction_id,account_id,merchant_id,amount,currency,timestamp\n"


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running() as fake:
        yield fake


def written(folder: Path, name: str, content: bytes) -> str:
    (folder / name).write_bytes(content)
    return str(folder / name)


def test_a_file_is_sent_line_by_line(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, "f.jsonl", b'{"n":1}\n{"n":2}\n')
    assert send(api.target(), file) == 0
    assert sorted(request.body for request in api.requests) == [b'{"n":1}', b'{"n":2}']
    assert "2 stored, 0 replayed, 0 rejected" in capsys.readouterr().out


def test_standard_input_is_sent(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(HEADER + b"t,a,m,1.10,EUR,5\n")))
    assert send(api.target(), "-") == 0
    assert api.requests[0].transaction()["amount"] == "1.10"
    assert "1 stored" in capsys.readouterr().out


def test_a_refused_line_is_told_with_its_number_and_the_others_go(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.answer(400, {"errors": [{"field": "amount", "detail": "must be greater than 0"}]})
    file = written(tmp_path, "f.jsonl", b'{"n":1}\n\nnonsense\n{"n":2}\n')
    assert send(api.target(), file, concurrency=1) == 1
    shown = capsys.readouterr()
    assert "line 1: rejected: amount: must be greater than 0\n" in shown.err
    assert "line 3: rejected: not JSON: Expecting value, column 1\n" in shown.err
    assert "1 stored, 0 replayed, 2 rejected" in shown.out


def test_only_so_many_reasons_are_shown(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, "f.jsonl", b"nonsense\n" * (REASONS_SHOWN + 5))
    send(api.target(), file)
    shown = capsys.readouterr().err
    assert shown.count("not JSON") == REASONS_SHOWN
    assert "and 5 more" in shown


def test_the_summary_as_json_is_all_there_is_on_standard_output(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.answer(200)
    send(api.target(), written(tmp_path, "f.jsonl", b"{}\nx\n"), as_json=True)
    summary = json.loads(capsys.readouterr().out)
    assert summary["seconds"] >= 0
    assert {key: summary[key] for key in ("stored", "replayed", "rejected", "failed", "interrupted")} == {
        "stored": 0,
        "replayed": 1,
        "rejected": 1,
        "failed": 0,
        "interrupted": False,
    }


def test_rejects_are_kept_as_they_came_and_can_be_sent_again(api: FakeApi, tmp_path: Path) -> None:
    api.answer(201)
    api.answer(409, {"detail": "taken"})
    file = written(
        tmp_path,
        "f.csv",
        b"\xef\xbb\xbf" + HEADER + b"t1,a,m,1,EUR,5\r\nt2,a,m,1,EUR,5\r\nt3,a\r\nt4,a,m,1,EUR,5",
    )
    kept = tmp_path / "kept.csv"
    assert send(api.target(), file, concurrency=1, rejects=str(kept)) == 1
    assert kept.read_bytes() == HEADER + b"t2,a,m,1,EUR,5\r\nt3,a\r\n"
    reasons = [json.loads(line) for line in (tmp_path / "kept.csv.reasons.jsonl").read_text().splitlines()]
    assert [(reason["line"], reason["input_line"], reason["status"]) for reason in reasons] == [
        (2, 3, 409),
        (3, 4, None),
    ]
    kept.write_bytes(kept.read_bytes().replace(b"t3,a\r\n", b"t3,a,m,1,EUR,5\r\n"))
    assert send(api.target(), str(kept)) == 0


def test_reasons_name_the_line_where_a_row_of_several_lines_starts(api: FakeApi, tmp_path: Path) -> None:
    file = written(tmp_path, "f.csv", HEADER + b't1,"a\n\nb"\nt2,a\n')
    kept = tmp_path / "kept.csv"
    send(api.target(), file, rejects=str(kept))
    assert kept.read_bytes() == HEADER + b't1,"a\n\nb"\nt2,a\n'
    reasons = (tmp_path / "kept.csv.reasons.jsonl").read_text().splitlines()
    assert [json.loads(line)["line"] for line in reasons] == [2, 5]


def test_what_failed_is_kept_with_the_rejects(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.answer(503, {"detail": "busy"}, Retry_After="3600")
    kept = tmp_path / "kept.jsonl"
    send(api.target(), written(tmp_path, "f.jsonl", b"{}\n"), rejects=str(kept))
    assert kept.read_bytes() == b"{}\n"
    assert "1 failed" in capsys.readouterr().out


def test_without_rejects_no_file_is_left(api: FakeApi, tmp_path: Path) -> None:
    kept = tmp_path / "kept.jsonl"
    kept.write_text("of an earlier run")
    send(api.target(), written(tmp_path, "f.jsonl", b"{}\n"), rejects=str(kept))
    assert [path.name for path in tmp_path.iterdir()] == ["f.jsonl"]


def test_the_file_that_is_sent_is_not_overwritten(api: FakeApi, tmp_path: Path) -> None:
    file = written(tmp_path, "f.jsonl", b"{}\n")
    with pytest.raises(UserError, match="is the file that is sent"):
        send(api.target(), file, rejects=file)
    assert Path(file).read_bytes() == b"{}\n"


def test_rejects_that_cannot_be_written_are_found_before_anything_is_sent(
    api: FakeApi, tmp_path: Path
) -> None:
    file = written(tmp_path, "f.jsonl", b"{}\n")
    with pytest.raises(UserError, match="Cannot write"):
        send(api.target(), file, rejects=str(tmp_path / "missing" / "kept"))
    assert not api.requests


def test_a_missing_file_is_said_in_one_line(api: FakeApi) -> None:
    with pytest.raises(UserError, match=r"Cannot read nowhere.jsonl: No such file"):
        send(api.target(), "nowhere.jsonl")


def test_an_option_in_the_place_of_the_file_says_how_it_is_used(api: FakeApi) -> None:
    with pytest.raises(UserError, match=r"invoke send FILE"):
        send(api.target(), "--json")


@pytest.mark.parametrize("concurrency", [0, 257])
def test_concurrency_has_bounds(api: FakeApi, concurrency: int) -> None:
    with pytest.raises(UserError, match="--concurrency"):
        send(api.target(), "-", concurrency=concurrency)


def test_a_refused_caller_is_told_after_the_summary(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.answer(201)
    api.answer(403, {"message": "The security token is invalid"})
    file = written(tmp_path, "f.jsonl", b"{}\n" * 2)
    with pytest.raises(UserError, match="security token is invalid"):
        send(api.target(), file, concurrency=1)
    shown = capsys.readouterr().out
    assert "1 stored" in shown
    assert "Send the file again" in shown


LABELS_HEADER = b"transaction_id,timestamp,label,source,reported_at\n"


def test_a_file_of_labels_is_posted_with_its_own_columns(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, "f.csv", LABELS_HEADER + b"t1,5,fraud,chargeback,7\nt2,6,genuine,,\n")
    api.answers += [(201, b'{"status": "stored"}', {}), (200, b'{"status": "changed"}', {})]
    assert send(api.target(), file, LABELS, concurrency=1) == 0
    assert [request.transaction() for request in api.requests] == [
        {"transaction_id": "t1", "timestamp": 5, "label": "fraud", "source": "chargeback", "reported_at": 7},
        {"transaction_id": "t2", "timestamp": 6, "label": "genuine"},
    ]
    assert "2 labels in" in (shown := capsys.readouterr().out)
    assert "1 stored, 1 changed, 0 unchanged, 0 rejected" in shown


def test_a_label_of_an_unknown_transaction_is_rejected_and_the_others_go(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown = {"type": "urn:fraud-pipeline:problem:unknown-transaction", "detail": "There is none"}
    api.answer(404, unknown)
    api.answer(200, {"status": "unchanged"})
    kept = tmp_path / "kept.jsonl"
    file = written(tmp_path, "f.jsonl", b'{"transaction_id":"t1"}\n{"transaction_id":"t2"}\n')
    assert send(api.target(), file, LABELS, concurrency=1, rejects=str(kept), as_json=True) == 1
    shown = capsys.readouterr()
    assert "line 1: rejected: There is none" in shown.err
    counts = {name: json.loads(shown.out)[name] for name in ("stored", "unchanged", "rejected", "failed")}
    assert counts == {"stored": 0, "unchanged": 1, "rejected": 1, "failed": 0}
    assert kept.read_bytes() == b'{"transaction_id":"t1"}\n'


def test_labels_where_there_is_no_api_for_them_say_what_to_deploy(api: FakeApi, tmp_path: Path) -> None:
    api.answer(404, {"message": "Not Found"})
    with pytest.raises(UserError, match="Deploy the layer 'edge'"):
        send(api.target(), written(tmp_path, "f.jsonl", b"{}\n"), LABELS)


def test_of_two_labels_of_one_transaction_the_later_one_is_posted_last(api: FakeApi, tmp_path: Path) -> None:
    lines = [
        json.dumps({"transaction_id": f"t{number % 5}", "label": str(number)}).encode()
        for number in range(60)
    ]
    send(api.target(), written(tmp_path, "f.jsonl", b"\n".join(lines)), LABELS, concurrency=8)
    for transaction in range(5):
        labels = [
            int(str(request.transaction()["label"]))
            for request in api.requests
            if request.transaction()["transaction_id"] == f"t{transaction}"
        ]
        assert labels == sorted(labels)


def test_a_file_of_transactions_is_no_file_of_labels(api: FakeApi, tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"unknown account_id.*missing label.*Columns: transaction_id, timest"
    ):
        send(api.target(), written(tmp_path, "f.csv", HEADER), LABELS)
    with pytest.raises(UserError, match="invoke label FILE"):
        send(api.target(), "--json", LABELS)
