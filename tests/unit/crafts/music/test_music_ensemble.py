"""The composers' collective against a scripted model, also over a real HTTP endpoint."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from omnimuse.config import Settings
from omnimuse.crafts.music.ensemble import Ensemble, parse_chord
from omnimuse.crafts.music.keyfinding import find_key, heard_in
from omnimuse.crafts.music.theory import Key
from omnimuse.errors import InputError, ToolError

CHARTER = {"title": "Rain", "key": "D minor", "metre": "3/4", "tempo_bpm": 96, "bars": 4,
           "mood": "sad", "advice": {"melody": "sigh"}}  # fmt: skip
HEAD = "X:1\nT:Rain\nM:3/4\nL:1/4\nK:Dm\n"
GOOD = HEAD + "D F A | B A G | A ^c e | d3 |]"
OTHER = HEAD + "A d A | G B d | e ^c A | d3 |]"
SHORT = HEAD + "D F A | B A | A ^c e | d3 |]"
CHORDS = {"bars": ["Dm", "Gm", "A7", "Dm"]}
ROLES = ("leader", "melodist", "harmonist", "reviewer", "instrumentalist", "arranger")


class Script:
    """Answers by role, one after another; remembers what it was asked."""

    def __init__(self, **answers: Sequence[Any]) -> None:
        usual: dict[str, Sequence[Any]] = {
            "leader": [CHARTER], "melodist": [GOOD], "harmonist": [CHORDS],
            "reviewer": [{"verdict": "accept", "notes": ["fine"]}],
            "instrumentalist": [{"players": ["violin", "piano"]}],
            "arranger": [{"style": "waltz", "tempo_bpm": 90}],
        }  # fmt: skip
        self._left = {role: list(given) for role, given in {**usual, **answers}.items()}
        self.asked: list[tuple[str, str]] = []

    def __call__(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]) -> str:
        system = messages[0]["content"]
        role = next(name for name in ROLES if f"the {name}" in system.split(".")[0])
        self.asked.append((role, messages[-1]["content"]))
        given = self._left[role]
        answer = given.pop(0) if len(given) > 1 else given[0]
        return answer if isinstance(answer, str) else json.dumps(answer)


def test_six_roles_make_one_checked_piece() -> None:
    script = Script()
    made = Ensemble(script).compose("a sad waltz about rain", seed=1)
    assert [role for role, _ in script.asked] == [
        "leader", "melodist", "harmonist", "reviewer", "instrumentalist", "arranger",
    ]  # fmt: skip
    assert (made.calls, made.repairs, made.revisions) == (6, 0, 0)
    piece = made.piece
    assert (piece.key.name, piece.metre.name, piece.bars, piece.tempo_bpm) == (
        "D minor",
        "3/4",
        4,
        90,
    )
    assert piece.title == "Rain"
    assert [c.symbol(piece.key) for c in piece.chords] == ["Dm", "Gm", "A7", "Dm"]
    assert {part.name for part in piece.parts} == {"violin", "piano"}
    melody = piece.part("melody")
    assert melody is not None
    assert [n.pitch % 12 for n in melody.notes] == [2, 5, 9, 10, 9, 7, 9, 1, 4, 2]
    assert find_key(heard_in(piece)) == Key(2, "minor")
    assert Ensemble(Script()).compose("a sad waltz about rain", seed=1).piece == piece


def test_what_does_not_add_up_goes_back_with_its_faults() -> None:
    script = Script(melodist=["no music today", SHORT, GOOD])
    made = Ensemble(script).compose("a sad waltz", seed=1)
    assert made.repairs == 2
    told = [text for role, text in script.asked if role == "melodist"]
    assert "no ABC tune" in told[1]
    assert "bars [2] do not add up to 3/4" in told[2]


@pytest.mark.parametrize(
    ("role", "bad", "fault"),
    [
        ("melodist", SHORT, "do not add up"),
        ("melodist", GOOD.replace("K:Dm", "K:G"), "agreed was D minor"),
        ("melodist", GOOD.replace("d3 |]", "e3 |]"), "end on the tonic"),
        ("harmonist", {"bars": ["Dm", "Gm", "A7", "Gm"]}, "close on the tonic"),
        ("harmonist", {"bars": ["Dm"]}, "4 are wanted"),
        ("harmonist", {"bars": ["Hm", "Gm", "A7", "Dm"]}, "not a chord"),
        ("harmonist", {"bars": ["B", "Db", "Eb", "Dm"]}, "do not carry"),
        ("instrumentalist", {"players": ["theremin army"]}, "unknown players"),
        ("arranger", {"style": "vaporpunk"}, "no style"),
        ("leader", {**CHARTER, "bars": 900}, "are possible"),
        ("reviewer", {"verdict": "burn it"}, "burn it"),
        ("leader", "sure, here you go", "no JSON"),
    ],
)
def test_repairs_are_bounded_and_the_fault_is_named(role: str, bad: Any, fault: str) -> None:
    script = Script(**{role: [bad]})
    with pytest.raises(ToolError, match="gave no answer that holds") as caught:
        Ensemble(script, repairs=1).compose("a sad waltz", seed=1)
    assert fault in str(caught.value)
    assert sum(name == role for name, _ in script.asked) == 2


def test_the_reviewer_sends_back_so_many_times_and_no_more() -> None:
    again = {"verdict": "revise melody", "notes": ["begin higher"]}
    script = Script(reviewer=[again], melodist=[GOOD, OTHER])
    made = Ensemble(script, rounds=2).compose("a sad waltz", seed=1)
    assert made.revisions == 2
    assert made.notes == ("begin higher",)
    melody = made.piece.part("melody")
    assert melody is not None
    assert melody.notes[0].pitch % 12 == 9
    assert any("begin higher" in text for role, text in script.asked if role == "melodist")


def test_chord_symbols() -> None:
    key = Key.parse("C")
    assert parse_chord("F#m7/C#", key).pitch_classes == (6, 9, 1, 4)
    assert parse_chord("Bb", key).root == 10
    with pytest.raises(InputError):
        parse_chord("C$", key)


@pytest.fixture
def endpoint() -> Iterator[Callable[[Script], str]]:
    servers: list[HTTPServer] = []

    def start(script: Script) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                text = script(body["messages"], body.get("response_format", {}))
                data = json.dumps({"choices": [{"message": {"content": text}}]}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/v1"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_roles_play_over_an_endpoint(endpoint: Callable[[Script], str]) -> None:
    from omnimuse.planning.llms.endpoint import endpoint_completion

    script = Script(melodist=[SHORT, GOOD])
    ask = endpoint_completion(Settings(endpoint_url=endpoint(script)))
    made = Ensemble(ask).compose("a sad waltz", seed=1)
    assert (made.calls, made.repairs) == (7, 1)
    assert made.piece.key.name == "D minor"
