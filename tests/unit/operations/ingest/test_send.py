"""Sending a file: output, rejects file and exit status."""

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from functions.api.transaction_parser import TransactionParser
from functions.common.http.body import read_object
from functions.common.http.problem import ProblemError
from functions.common.runtime.clock import now_ms
from operations.ingest.record_kinds import LABELS
from operations.ingest.responses import CallerRefusedError
from operations.ingest.send import MAX_REASONS_SHOWN, send_file
from terminal.errors import UserError
from tests.unit.operations.fake_api import CREATED, Answer, FakeApi, Request, running

HEADER = b"transaction_id,account_id,merchant_id,amount,currency,timestamp\n"


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running() as fake:
        yield fake


def write_file(folder: Path, name: str, content: bytes) -> str:
    (folder / name).write_bytes(content)
    return str(folder / name)


def test_each_line_is_posted(api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_file(tmp_path, "f.jsonl", b'{"n":1}\n{"n":2}\n')
    assert send_file(api.target(), file) == 0
    assert sorted(request.body for request in api.requests) == [b'{"n":1}', b'{"n":2}']
    assert "2 stored, 0 replayed, 0 rejected" in capsys.readouterr().out


def _answer_batch(request: Request) -> Answer:
    entries = json.loads(request.body).get("transactions")
    if entries is None:
        return CREATED
    results = [
        {"status": 409, "problem": {"detail": "taken"}} if entry["n"] == 7 else {"status": 201, "body": {}}
        for entry in entries
    ]
    return 200, json.dumps({"results": results}).encode(), {}


def test_transactions_are_posted_in_batches_and_refused_ones_are_shown(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.respond = _answer_batch
    lines = [json.dumps({"account_id": f"a-{number}", "n": number}).encode() for number in range(8)]
    file = write_file(tmp_path, "f.jsonl", b"\n".join([*lines, b"nonsense", b""]))
    rejects = tmp_path / "rejects"
    batch_target = api.target()
    api.answer(201)
    code = send_file(api.target(), file, batch_target=batch_target, concurrency=1, rejects=str(rejects))
    output = capsys.readouterr()
    posted = [json.loads(request.body) for request in api.requests]
    numbers = [entry["n"] for body in posted for entry in body.get("transactions", [body])]
    assert sorted(numbers) == list(range(8))
    assert "line 9: rejected: not JSON" in output.err
    assert code == 1
    assert rejects.read_bytes().endswith(b"nonsense\n")


def test_past_transactions_are_posted_in_batches_only(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.respond = _answer_batch
    lines = [json.dumps({"account_id": f"a-{number}", "n": number}).encode() for number in range(3)]
    file = write_file(tmp_path, "f.jsonl", b"\n".join(lines))
    assert send_file(api.target(), file, historic=True, concurrency=1) == 0
    assert all("transactions" in json.loads(request.body) for request in api.requests)
    assert "3 stored" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("details", "hints"),
    [
        ({"timestamp": "is more than 30 days ago: post to /transactions/historic"}, 1),
        ({"currency": "is a withdrawn currency: post to /transactions/historic"}, 1),
        ({"timestamp": "post to /transactions/historic", "currency": "post to /transactions/historic"}, 2),
        ({"timestamp": "must be an integer"}, 0),
    ],
)
def test_each_reason_for_the_past_route_gives_its_hint_with_the_command(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str], details: dict[str, str], hints: int
) -> None:
    api.answer(400, {"errors": [{"field": field, "detail": text} for field, text in details.items()]})
    file = write_file(tmp_path, "f.jsonl", b"{}\n")
    assert send_file(api.target(), file) == 1
    lines = capsys.readouterr().err.splitlines()
    given = [line for line in lines if f"invoke send {file} --historic" in line]
    assert len(set(given)) == len(given) == hints
    # Only the times of transactions that are too old may have the wrong unit.
    assert any("unit" in line for line in given) is (hints > 0 and "timestamp" in details)


def test_standard_input_is_posted(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(HEADER + b"t,a,m,1.10,EUR,5\n")))
    assert send_file(api.target(), "-") == 0
    assert api.requests[0].transaction()["amount"] == "1.10"
    assert "1 stored" in capsys.readouterr().out


def test_refused_line_is_shown_with_its_number_and_the_rest_is_posted(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.answer(400, {"errors": [{"field": "amount", "detail": "must be greater than 0"}]})
    file = write_file(tmp_path, "f.jsonl", b'{"n":1}\n\nnonsense\n{"n":2}\n')
    assert send_file(api.target(), file, concurrency=1) == 1
    output = capsys.readouterr()
    assert "line 1: rejected: amount: must be greater than 0\n" in output.err
    assert "line 3: rejected: not JSON: Expecting value, column 1\n" in output.err
    assert "1 stored, 0 replayed, 2 rejected" in output.out


def test_number_of_shown_reasons_is_limited(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_file(tmp_path, "f.jsonl", b"nonsense\n" * (MAX_REASONS_SHOWN + 5))
    send_file(api.target(), file)
    output = capsys.readouterr().err
    assert output.count("not JSON") == MAX_REASONS_SHOWN
    assert output.splitlines()[-1].startswith("5 ")


def test_json_summary_is_the_only_output_on_standard_output(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.answer(200)
    send_file(api.target(), write_file(tmp_path, "f.jsonl", b"{}\nx\n"), as_json=True)
    summary = json.loads(capsys.readouterr().out)
    assert summary["seconds"] >= 0
    assert {key: summary[key] for key in ("stored", "replayed", "rejected", "failed", "interrupted")} == {
        "stored": 0,
        "replayed": 1,
        "rejected": 1,
        "failed": 0,
        "interrupted": False,
    }


def test_rejects_are_unchanged_copies_that_can_be_sent_again(api: FakeApi, tmp_path: Path) -> None:
    api.answer(201)
    api.answer(409, {"detail": "taken"})
    file = write_file(
        tmp_path,
        "f.csv",
        b"\xef\xbb\xbf" + HEADER + b"t1,a,m,1,EUR,5\r\nt2,a,m,1,EUR,5\r\nt3,a\r\nt4,a,m,1,EUR,5",
    )
    rejects = tmp_path / "rejects.csv"
    assert send_file(api.target(), file, concurrency=1, rejects=str(rejects)) == 1
    assert rejects.read_bytes() == HEADER + b"t2,a,m,1,EUR,5\r\nt3,a\r\n"
    reasons = [json.loads(line) for line in (tmp_path / "rejects.csv.reasons.jsonl").read_text().splitlines()]
    assert [(reason["line"], reason["input_line"], reason["status"]) for reason in reasons] == [
        (2, 3, 409),
        (3, 4, None),
    ]
    rejects.write_bytes(rejects.read_bytes().replace(b"t3,a\r\n", b"t3,a,m,1,EUR,5\r\n"))
    assert send_file(api.target(), str(rejects)) == 0


def test_reason_has_the_first_line_number_of_a_row_of_several_lines(api: FakeApi, tmp_path: Path) -> None:
    content = HEADER + b't1,"a\n\nb"\nt2,a\n'
    file = write_file(tmp_path, "f.csv", content + b"t3,a,m,1,EUR,5\n")
    rejects = tmp_path / "rejects.csv"
    send_file(api.target(), file, rejects=str(rejects))
    assert rejects.read_bytes() == HEADER + b't1,"a\n\nb"\nt2,a\n'
    reasons = (tmp_path / "rejects.csv.reasons.jsonl").read_text().splitlines()
    assert [json.loads(line)["line"] for line in reasons] == [2, 5]


def test_failed_records_are_written_to_the_rejects_file(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.answer(503, {"detail": "busy"}, Retry_After="3600")
    rejects = tmp_path / "rejects.jsonl"
    send_file(api.target(), write_file(tmp_path, "f.jsonl", b"{}\n"), rejects=str(rejects))
    assert rejects.read_bytes() == b"{}\n"
    assert "1 failed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "lines"),
    [
        ("f.jsonl", b"nonsense", [1]),
        ("f.csv", HEADER.replace(b"\n", b"\r") + b"t1,a,m,-,EUR,5\rt2,a,m,-,EUR,5\r", [2, 3]),
    ],
)
def test_rejects_without_a_line_feed_are_written(
    api: FakeApi, tmp_path: Path, name: str, content: bytes, lines: list[int]
) -> None:
    rejects = tmp_path / "rejects"
    send_file(api.target(), write_file(tmp_path, name, content), rejects=str(rejects))
    assert rejects.read_bytes() == content
    reasons = (tmp_path / "rejects.reasons.jsonl").read_text().splitlines()
    assert [json.loads(reason)["line"] for reason in reasons] == lines


def test_rejects_files_are_removed_if_no_record_is_refused(api: FakeApi, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.jsonl"
    rejects.write_text("of an earlier run")
    send_file(api.target(), write_file(tmp_path, "f.jsonl", b"{}\n"), rejects=str(rejects))
    assert [path.name for path in tmp_path.iterdir()] == ["f.jsonl"]


def test_file_that_is_sent_cannot_be_the_rejects_file(api: FakeApi, tmp_path: Path) -> None:
    file = write_file(tmp_path, "f.jsonl", b"{}\n")
    with pytest.raises(UserError) as raised:
        send_file(api.target(), file, rejects=file)
    assert raised.value.message.startswith(f"--rejects: {file}")
    assert Path(file).read_bytes() == b"{}\n"


def test_unwritable_rejects_file_fails_before_the_first_request(api: FakeApi, tmp_path: Path) -> None:
    file = write_file(tmp_path, "f.jsonl", b"{}\n")
    with pytest.raises(UserError) as raised:
        send_file(api.target(), file, rejects=str(tmp_path / "missing" / "rejects"))
    assert raised.value.message.startswith("--rejects: ")
    assert not api.requests


def test_missing_file_is_a_user_error(api: FakeApi) -> None:
    with pytest.raises(UserError) as raised:
        send_file(api.target(), "nowhere.jsonl")
    assert raised.value.message.startswith("nowhere.jsonl")
    assert isinstance(raised.value.__cause__, FileNotFoundError)


def test_option_in_place_of_the_file_gives_a_hint_on_the_usage(api: FakeApi) -> None:
    with pytest.raises(UserError) as raised:
        send_file(api.target(), "--json")
    assert "invoke send FILE" in raised.value.hint


@pytest.mark.parametrize("concurrency", [0, 257])
def test_concurrency_has_bounds(api: FakeApi, concurrency: int) -> None:
    with pytest.raises(UserError) as raised:
        send_file(api.target(), "-", concurrency=concurrency)
    assert raised.value.message.startswith("--concurrency")


def test_refused_caller_is_raised_after_the_summary(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.answer(201)
    api.answer(403, {"message": "The security token is invalid"})
    file = write_file(tmp_path, "f.jsonl", b"{}\n" * 2)
    with pytest.raises(CallerRefusedError) as raised:
        send_file(api.target(), file, concurrency=1)
    assert "security token is invalid" in raised.value.message
    assert "1 stored" in capsys.readouterr().out


LABELS_HEADER = b"transaction_id,timestamp,label,source,reported_at\n"


def test_label_file_is_posted_with_its_own_columns(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = b"t1,1700000000005,fraud,chargeback,1700000000007\nt2,1700000000006,genuine,,\n"
    file = write_file(tmp_path, "f.csv", LABELS_HEADER + rows)
    api.answers += [(201, b'{"status": "stored"}', {}), (200, b'{"status": "changed"}', {})]
    assert send_file(api.target(), file, LABELS, concurrency=1) == 0
    assert [request.transaction() for request in api.requests] == [
        {
            "transaction_id": "t1",
            "timestamp": 1_700_000_000_005,
            "label": "fraud",
            "source": "chargeback",
            "reported_at": 1_700_000_000_007,
        },
        {"transaction_id": "t2", "timestamp": 1_700_000_000_006, "label": "genuine"},
    ]
    assert "2 labels in" in (output := capsys.readouterr().out)
    assert "1 stored, 1 changed, 0 unchanged, 0 rejected" in output


def test_label_of_an_unknown_transaction_is_rejected_and_the_rest_is_posted(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown = {"type": "urn:fraud-pipeline:problem:unknown-transaction", "detail": "There is none"}
    api.answer(404, unknown)
    api.answer(200, {"status": "unchanged"})
    rejects = tmp_path / "rejects.jsonl"
    file = write_file(tmp_path, "f.jsonl", b'{"transaction_id":"t1"}\n{"transaction_id":"t2"}\n')
    assert send_file(api.target(), file, LABELS, concurrency=1, rejects=str(rejects), as_json=True) == 1
    output = capsys.readouterr()
    assert "line 1: rejected: There is none" in output.err
    counts = {name: json.loads(output.out)[name] for name in ("stored", "unchanged", "rejected", "failed")}
    assert counts == {"stored": 0, "unchanged": 1, "rejected": 1, "failed": 0}
    assert rejects.read_bytes() == b'{"transaction_id":"t1"}\n'


def test_missing_labels_api_gives_a_hint_on_the_layer_to_deploy(api: FakeApi, tmp_path: Path) -> None:
    api.answer(404, {"message": "Not Found"})
    with pytest.raises(UserError) as raised:
        send_file(api.target(), write_file(tmp_path, "f.jsonl", b"{}\n"), LABELS)
    assert "invoke deploy --layer edge" in raised.value.hint


def test_labels_of_one_transaction_are_posted_in_their_order(api: FakeApi, tmp_path: Path) -> None:
    lines = [
        json.dumps({"transaction_id": f"t{number % 5}", "label": str(number)}).encode()
        for number in range(60)
    ]
    send_file(api.target(), write_file(tmp_path, "f.jsonl", b"\n".join(lines)), LABELS, concurrency=8)
    for transaction in range(5):
        labels = [
            int(str(request.transaction()["label"]))
            for request in api.requests
            if request.transaction()["transaction_id"] == f"t{transaction}"
        ]
        assert labels == sorted(labels)


def test_file_without_labels_is_refused_as_a_label_file(api: FakeApi, tmp_path: Path) -> None:
    with pytest.raises(UserError) as raised:
        send_file(api.target(), write_file(tmp_path, "f.csv", HEADER.replace(b"amount", b"sum")), LABELS)
    assert "unknown sum" in raised.value.message
    assert "missing label" in raised.value.message
    assert "transaction_id, timestamp, label" in raised.value.hint


def test_option_in_place_of_a_label_file_names_the_label_task(api: FakeApi) -> None:
    with pytest.raises(UserError) as raised:
        send_file(api.target(), "--json", LABELS)
    assert "invoke label FILE" in raised.value.hint


def test_card_number_is_not_printed_and_is_masked_in_the_rejects_file(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = TransactionParser(max_age_days=30, extra_decimals="refuse")

    def answer(request: Request) -> Answer:
        try:
            parser.parse(read_object(request.body.decode()), now_ms())
        except ProblemError as error:
            return 400, msgspec.json.encode(error.problem), {}
        return CREATED

    api.respond = answer
    row = b"t-1,4111-1111-1111-1111,m-1,1.50,EUR,1780000000000\n"
    file = write_file(tmp_path, "f.jsonl", HEADER + row.replace(b"4111-1111-1111-1111", b"a 1") + row)
    rejects = tmp_path / "rejects"
    assert send_file(api.target(), file, file_format="csv", rejects=str(rejects)) == 1
    masked = row.replace(b"4111-1111-1111-1111", b"****-****-****-****")
    assert rejects.read_bytes() == HEADER + row.replace(b"4111-1111-1111-1111", b"a 1") + masked
    output = capsys.readouterr()
    assert "4111" not in output.out + output.err


def test_reason_that_quotes_a_card_number_is_masked(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = b"t-1,fraud\nt-2,4111111111111111\n"
    file = write_file(tmp_path, "f.csv", b"transaction_id,label\n" + row)
    rejects = tmp_path / "rejects"
    assert send_file(api.target(), file, LABELS, rejects=str(rejects)) == 1
    output = capsys.readouterr()
    written = rejects.read_text() + rejects.with_name("rejects.reasons.jsonl").read_text()
    assert "4111" not in output.out + output.err + written
