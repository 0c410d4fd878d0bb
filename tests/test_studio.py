"""The studio without a browser: its answers, its workers, who may ask, its file, and its built page."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from pages import PATIENCE, running

from netdsl import zoo
from netdsl.tools.cli import main
from netdsl.tools.studio import answers, routes, safety, worker
from netdsl.tools.studio.answers import answer
from netdsl.tools.studio.file import File
from netdsl.tools.studio.questions import Units
from netdsl.tools.studio.workers import Workers

ROOT = Path(__file__).parent.parent
GOOD = "net Tiny\ninput 3x8x8\nconv3-4(act=relu) x2; maxpool\nfc: fc-10\n"
TABLE = "input 3x8x8\ntable\n| A | B |\n|---|---|\n| conv3-4 | conv3-8 |\n| fc-2 |\n"
RARE = "net Tiny # \U0001d11e\ninput 3x8x8 # \U0001d11e\U0001d11e\nconv3-4\nmaxpol\n"


# Answers -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["diagram", "layers", "source", "costs", "compare"])
def test_every_view_shows_a_network_and_says_why_it_cannot_show_a_wrong_one(name: str) -> None:
    found = answer({"ask": "show", "text": GOOD, "pane": name, "base": GOOD})
    assert found["figures"]["params"] == 910 and not found["messages"]
    assert found["pane"].get("message") is None and found["pane"]
    wrong = answer({"ask": "show", "text": "conv3-4\n", "pane": name, "base": GOOD})
    assert wrong["messages"] and json.dumps(wrong)


def test_the_answers_are_those_of_the_language_server() -> None:
    told = answer({"ask": "hover", "text": GOOD, "at": GOOD.index("conv3")})
    assert "convolution" in told["markdown"] and told["place"][0] == GOOD.index("conv3")
    items = answer({"ask": "complete", "text": "input 3x8x8\nma\n", "at": 14})["items"]
    assert {"maxpool", "matmul"} <= {each["label"] for each in items}
    assert answer({"ask": "format", "text": "input   3x8x8\n"})["edits"]
    [hint] = [each for each in answer({"ask": "show", "text": GOOD})["hints"] if "4x4x4" in each["text"]]
    assert hint["at"] == GOOD.index("\nfc")


def test_a_message_comes_with_what_mends_it() -> None:
    text = "input 3x8x8\nmaxpol\n"
    [message] = answer({"ask": "check", "text": text})["messages"]
    [edit] = message["fixes"][0]["edits"]
    start, end = edit["place"]
    assert text[:start] + edit["text"] + text[end:] == "input 3x8x8\nmaxpool\n"


def test_messages_of_every_variant_are_told_when_the_typing_rests() -> None:
    text = TABLE + "expect params = 1\n"
    quick = answer({"ask": "show", "text": text, "variant": "B"})
    whole = answer({"ask": "check", "text": text})["messages"]
    assert quick["variants"] == ["A", "B"] and quick["variant"] == "B"
    assert len([each for each in whole if each["severity"] == "error"]) == 2


def test_places_are_in_utf_16_units() -> None:
    message = next(each for each in answer({"ask": "check", "text": RARE})["messages"] if each["severity"] == "error")
    units = RARE.encode("utf-16-le")
    start, end = message["place"]
    assert units[2 * start : 2 * end].decode("utf-16-le") == "maxpol"
    tokens = answer({"ask": "colours", "text": RARE})["tokens"]
    assert sum(length for length, _ in tokens) == len(units) // 2
    both = Units(RARE)
    assert [both.into(both.out(at)) for at in range(len(RARE))] == list(range(len(RARE)))


def test_colours_are_those_of_the_lexer() -> None:
    tokens = answer({"ask": "colours", "text": "conv3-64 # a\n"})["tokens"]
    assert [tuple(each) for each in tokens] == [
        (4, "nb"),
        (1, "mi"),
        (1, "o"),
        (2, "mi"),
        (1, "w"),
        (3, "c1"),
        (1, "w"),
    ]


@pytest.mark.parametrize("kind", ["svg", "torch", "json", "tex", "dot"])
def test_exports_are_what_the_command_line_writes(kind: str, tmp_path: Path) -> None:
    found = answer({"ask": "export", "text": GOOD, "name": "tiny.net", "to": kind})
    (tmp_path / "tiny.net").write_text(GOOD)
    out = tmp_path / found["name"]
    assert main(["compile", str(tmp_path / "tiny.net"), "--to", kind, "-o", str(out)]) == 0
    made = base64.b64decode(found["data"]).decode()
    assert made == out.read_text().replace(str(tmp_path) + "/", "")


def test_the_difference_to_a_network_of_the_zoo() -> None:
    text = (zoo.directory() / "vgg.net").read_text()
    asked = {"ask": "show", "text": text, "name": "vgg.net", "home": str(zoo.directory()), "pane": "compare"}
    same = answer({**asked, "variant": "D", "with": "vgg:D"})["pane"]["lines"]
    other = answer({**asked, "variant": "E", "with": "vgg:D"})["pane"]["lines"]
    assert "the same" in same[0]["text"]
    assert {each["role"] for each in other} >= {"strong", "added"}


def test_a_network_of_the_zoo_is_never_a_file_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vgg").write_text("secret\n")
    monkeypatch.chdir(tmp_path)
    assert answer({"ask": "network", "name": "vgg"})["text"].startswith("net VGG")
    for name in ("../vgg", str(tmp_path / "vgg"), "nothing", None):
        assert "wrong" in answer({"ask": "network", "name": name})


def test_a_file_that_is_used_and_has_changed_is_read_again(tmp_path: Path) -> None:
    question = {"ask": "show", "text": 'use "own.net"\ninput 3x8x8\nown\n', "name": "a.net", "home": str(tmp_path)}
    found = []
    for channels in (4, 8):
        (tmp_path / "own.net").write_text(f"block own {{ conv3-{channels}(bias=false) }}\n")
        os.utime(tmp_path / "own.net", (time.time() + channels, time.time() + channels))
        found.append(answer(question)["figures"]["params"])
    assert found == [3 * 4 * 9, 3 * 8 * 9]


@pytest.mark.parametrize(
    "question",
    [{}, {"ask": []}, {"ask": "show"}, {"ask": "show", "text": 1}, {"ask": "show", "text": "x" * (2**20 + 1)},
     {"ask": "hover", "text": GOOD}, {"ask": "hover", "text": GOOD, "at": -1}, {"ask": "export", "text": GOOD, "to": "../x"},
     {"ask": "export", "text": GOOD, "to": "svg", "style": "../x"}],
)  # fmt: skip
def test_what_is_no_question_is_told(question: dict[str, Any]) -> None:
    assert "wrong" in answer(question)


def test_half_a_character_is_no_reason_to_fail() -> None:
    assert answer({"ask": "show", "text": "net \ud800\n", "pane": "diagram"})["messages"]


# Workers -------------------------------------------------------------------------------------------------------------


def asked(workers: Workers, *questions: dict[str, Any], after: Any = lambda workers, number: None) -> list[Any]:
    async def all_of_them() -> list[Any]:
        workers.start()
        found = []
        for number, question in enumerate(questions):
            found.append(await workers.ask(question, "test"))
            after(workers, number)
        await workers.end()
        return found

    return asyncio.run(all_of_them())


def test_a_worker_that_ends_is_replaced_and_the_question_answered() -> None:
    numbers = []

    def kill(workers: Workers, number: int) -> None:
        [each] = workers.all
        assert each.process is not None
        numbers.append(each.process.pid)
        if number == 0:
            each.process.kill()

    first, second = asked(Workers(1), *[{"ask": "show", "text": GOOD}] * 2, after=kill)
    assert first == second and first["figures"]["params"] == 910
    assert numbers[0] != numbers[1]


def test_a_text_that_takes_too_long_is_given_up_and_the_next_one_answered() -> None:
    slow = "input 3x8x8\n" + "\n".join(f"conv3-4(act=relu) # {each}" for each in range(9000))
    first, second = asked(Workers(1, 0.25), {"ask": "show", "text": slow}, {"ask": "colours", "text": "x"})
    assert "longer than 0.25 seconds" in first["wrong"]
    assert second["tokens"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs limits of memory")
def test_a_text_that_takes_too_much_memory_is_told_and_ends_nothing_else() -> None:
    code = (
        "import sys, resource; from netdsl.tools.studio import answers, worker; worker._limit();"
        "answers.ANSWERS['fill'] = lambda question: bytearray(worker.MEMORY);"
        'print(worker._answer(b\'{"ask": "fill"}\'), resource.getrlimit(resource.RLIMIT_AS)[0])'
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE)
    assert run.stdout.split() == [
        *["{'wrong':", "'This", "text", "takes", "more", "memory", "than", "the", "studio", "gives", "it.'}"],
        str(worker.MEMORY),
    ]


def test_a_mistake_of_ours_is_told_as_such_and_is_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(answers.ANSWERS, "fail", lambda question: 1 / 0)
    assert worker._answer(b'{"ask": "fail"}') == {
        "wrong": "internal error of netdsl: ZeroDivisionError: division by zero"
    }


# Who may ask ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def studio() -> Iterator[routes.Server]:
    with running() as server:
        yield server


def request(
    studio: routes.Server, method: str, path: str, body: bytes = b"", **headers: str | None
) -> tuple[int, dict[str, str], bytes]:
    own = f"127.0.0.1:{studio.port}"
    token = studio.address.rpartition("=")[2]
    sent = {"Host": own, "Origin": f"http://{own}", "X-Netdsl-Token": token, "Content-Length": str(len(body))}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection = HTTPConnection("127.0.0.1", studio.port, timeout=PATIENCE)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in sent.items():
        if value is not None:
            connection.putheader(name, value)
    connection.endheaders(body)
    answered = connection.getresponse()
    found = answered.status, {name.lower(): value for name, value in answered.getheaders()}, answered.read()
    connection.close()
    return found


def test_its_own_page_is_answered(studio: routes.Server) -> None:
    status, headers, body = request(studio, "POST", "/ask", json.dumps({"ask": "show", "text": GOOD}).encode())
    assert status == 200 and json.loads(body)["figures"]["params"] == 910
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1"}, 403),
        ({"Host": None}, 400),
        ({"Origin": None}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"X-Netdsl-Token": None}, 401),
        ({"X-Netdsl-Token": "guess"}, 401),
        ({"X-Netdsl-Token": "\xe9"}, 401),
        ({"Content-Length": str(safety.LONGEST + 1)}, 413),
    ],
)
def test_nobody_else_is(studio: routes.Server, headers: dict[str, str | None], status: int) -> None:
    found, _, body = request(studio, "POST", "/ask", b'{"ask": "networks"}', **headers)
    assert found == status
    assert b"networks" not in body


def test_the_page_too_is_shown_under_this_machine_s_name_alone(studio: routes.Server) -> None:
    assert request(studio, "GET", "/", Host="evil.example")[0] == 403
    assert request(studio, "GET", "/", Host=f"localhost:{studio.port}")[0] == 200


def test_the_page_runs_no_script_but_its_own(studio: routes.Server) -> None:
    one, two = (request(studio, "GET", "/") for _ in range(2))
    policy = one[1]["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "script-src 'self';" in policy
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert f'nonce="{nonce}"' in one[2].decode() and nonce not in two[2].decode()
    assert one[1]["x-content-type-options"] == "nosniff" and one[1]["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "path",
    ["/answers.py", "/../answers.py", "/page/../answers.py", "/%2e%2e/answers.py", "/studio.js/../../answers.py", "//etc/passwd",
     "/studio.js%00", "/index.html", "/page", "/ask/x"],
)  # fmt: skip
def test_no_other_file_is_given(studio: routes.Server, path: str) -> None:
    assert request(studio, "GET", path)[0] == 404
    assert request(studio, "GET", "/ask")[0] == 405


def test_a_body_longer_than_it_says_is_not_read(studio: routes.Server) -> None:
    with closing(HTTPConnection("127.0.0.1", studio.port, timeout=PATIENCE)) as connection:
        own = f"127.0.0.1:{studio.port}"
        headers = {"Host": own, "Origin": f"http://{own}", "X-Netdsl-Token": studio.address.rpartition("=")[2]}
        piece = b"x" * 2**20
        try:
            connection.request("POST", "/ask", iter([piece] * 40), headers, encode_chunked=True)
            status = connection.getresponse().status
        except (BrokenPipeError, ConnectionResetError):
            status = 400  # it was hung up on while it was still writing
        assert status == 400


def test_what_is_no_json_is_told(studio: routes.Server) -> None:
    for body in (b"", b"[]", b"{", b"\xff", b"[" * 100_000):
        status, _, answered = request(studio, "POST", "/ask", body)
        assert status == 400 and b"JSON" in answered


def test_questions_are_bounded_in_their_rate() -> None:
    now = [0.0]
    guard = safety.Guard(lambda *_: None, port=1, token="t", clock=lambda: now[0])  # type: ignore[arg-type, return-value]
    assert sum(guard._counted() for _ in range(1000)) == safety.BURST
    now[0] += 1
    assert sum(guard._counted() for _ in range(1000)) == safety.RATE


def test_a_page_never_says_what_may_be_read(studio: routes.Server, tmp_path: Path) -> None:
    (tmp_path / "other.net").write_text(GOOD)
    text = 'extends "other.net"\n'
    for more in ({"home": str(tmp_path)}, {"home": str(tmp_path), "place": "file"}, {"place": str(tmp_path)}):
        question = {"ask": "show", "text": text, "name": "mine.net", **more}
        found = json.loads(request(studio, "POST", "/ask", json.dumps(question).encode())[2])
        assert any("lies in no directory" in each["text"] for each in found["messages"])


# The file ------------------------------------------------------------------------------------------------------------


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_file_is_saved_whole_over_the_text_that_was_opened_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.net"
    path.write_text("one\n")
    path.chmod(0o600)
    file = File(path)
    assert file.state()["digest"] == digest("one\n")
    assert file.save("two\r\n", digest("one\n")) == {"digest": digest("two\r\n")}
    assert path.read_bytes() == b"two\r\n" and path.stat().st_mode & 0o777 == 0o600
    assert file.save("three\n", digest("one\n"))["changed"]["text"] == "two\r\n"
    assert path.read_bytes() == b"two\r\n" and os.listdir(tmp_path) == ["a.net"]


def test_a_new_file_is_made_when_saved_and_not_over_one_that_has_come(tmp_path: Path) -> None:
    file = File(tmp_path / "new.net")
    state = file.state()
    assert (state["name"], state["text"], state["digest"]) == ("new.net", None, None)
    assert state["id"] != File(tmp_path / "other" / "new.net").state()["id"]
    assert file.save("one\n", None) == {"digest": digest("one\n")}
    assert file.save("two\n", None)["changed"]["text"] == "one\n"


@pytest.mark.parametrize("text", [None, 3, "x" * (2**20 + 1), "\ud800"])
def test_what_is_no_text_is_not_saved(tmp_path: Path, text: Any) -> None:
    file = File(tmp_path / "a.net")
    assert "wrong" in file.save(text, None)
    assert not file.path.exists()


def test_a_file_that_cannot_be_read_or_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.net").write_bytes(b"\xff")
    assert "not UTF-8" in File(tmp_path / "a.net").state()["wrong"]
    assert "a.net" in File(tmp_path / "gone" / "a.net").save("x", None)["wrong"]


# The command, the page -----------------------------------------------------------------------------------------------


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["studio", "--no-open", str(tmp_path / "gone" / "a.net")]) == 2
    assert "there is no directory" in capsys.readouterr().err
    assert main(["studio", "--no-open", "resnett"]) == 2
    assert "no such network in the zoo" in capsys.readouterr().err
    (tmp_path / "bad.net").write_bytes(b"\xff")
    assert main(["studio", "--no-open", str(tmp_path / "bad.net")]) == 2
    assert "not UTF-8" in capsys.readouterr().err


def test_a_port_that_is_taken_is_told_or_passed_over(studio: routes.Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["studio", "--no-open", "--port", str(studio.port)]) == 2
    assert f"port {studio.port} cannot be used" in capsys.readouterr().err
    one, two = routes._bound(None), routes._bound(None)
    assert one.getsockname() != two.getsockname() and one.getsockname()[0] == "127.0.0.1"
    one.close()
    two.close()


def test_a_file_has_a_port_of_its_own_so_that_a_browser_finds_what_was_typed(tmp_path: Path) -> None:
    ports = []
    for name in ("a.net", "b.net", "a.net"):
        server = routes.Server(File(tmp_path / name))
        ports.append(server.port)
        server.socket.close()
    assert ports[0] == ports[2] != ports[1]


def test_the_page_is_built_from_its_sources(tmp_path: Path) -> None:
    if shutil.which("node") is None or not (ROOT / "studio" / "node_modules").is_dir():
        pytest.skip("`npm ci` has not been run in studio")
    subprocess.run(["node", "build.mjs", str(tmp_path)], cwd=ROOT / "studio", check=True, timeout=PATIENCE)
    for built in sorted(tmp_path.iterdir()):
        assert built.read_bytes() == (routes.PAGE / built.name).read_bytes(), (
            f"run `npm run build` in studio: {built.name}"
        )
    assert (
        {*routes.FILES, "index.html"}
        == {each.name for each in tmp_path.iterdir()}
        == {each.name for each in routes.PAGE.iterdir()}
    )


def test_the_page_loads_nothing_from_elsewhere() -> None:
    for name in ("index.html", "studio.css"):
        assert "//" not in (routes.PAGE / name).read_text().replace("http://www.w3.org", "")
    assert "resolved" not in (ROOT / "studio" / "package-lock.json").read_text()
