from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.crafts.speech.ssml import looks_like_ssml, parse_ssml
from omnimuse.errors import InputError


def test_spans_styles_and_pauses():
    spans = parse_ssml(
        '<speak><p>Hello <emphasis level="strong">world</emphasis></p>'
        '<prosody rate="120%" pitch="+2st" volume="+3dB">fast '
        '<prosody rate="fast">faster</prosody></prosody><break time="1.5s"/>end</speak>'
    )
    assert [span.text.strip() for span in spans] == ["Hello", "world", "fast", "faster", "end"]
    assert spans[1].style.rate == pytest.approx(0.85)
    assert spans[1].pause_s == 0.8  # the paragraph
    assert spans[2].style.rate == pytest.approx(1.2)
    assert spans[2].style.pitch_semitones == 2
    assert spans[2].style.volume_db == 3
    assert spans[3].style.rate == pytest.approx(1.5)
    assert spans[3].pause_s == 1.5
    assert spans[4].style.rate == 1


def test_say_as_and_sub():
    spans = parse_ssml(
        '<speak><say-as interpret-as="characters">AB1</say-as>'
        '<say-as interpret-as="ordinal">3</say-as><say-as interpret-as="digits">42</say-as>'
        '<sub alias="World Wide Web">WWW</sub><voice name="amy">hi</voice></speak>'
    )
    assert [span.alias for span in spans] == ["A B one", "third", "four two", "World Wide Web", ""]
    assert spans[-1].style.voice == "amy"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<speak>a & b</speak>", "not well-formed.*line 1"),
        ("<speak><p>x</speak>", "mismatched"),
        ("<p>x</p>", "begins with <p>"),
        ("<speak><audio src='x'/></speak>", "<audio> is not supported.*line 1"),
        ("<speak><prosody rate='900%'>x</prosody></speak>", "outside of"),
        ("<speak><prosody contour='x'>x</prosody></speak>", "contour"),
        ("<speak><prosody pitch='+2octaves'>x</prosody></speak>", "pitch"),
        ("<speak><break time='99s'/></speak>", "99 s"),
        ("<speak><break time='soon'/></speak>", "break time 'soon'"),
        ("<speak><say-as interpret-as='song'>x</say-as></speak>", "say-as 'song'"),
        ("<speak><say-as interpret-as='ordinal'>x</say-as></speak>", "not a whole number"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><speak>&a;</speak>', "document type"),
        ('<!DOCTYPE x SYSTEM "file:///etc/passwd"><speak>a</speak>', "document type"),
    ],
)
def test_errors_are_named(text, message):
    with pytest.raises(InputError, match=message):
        parse_ssml(text)


def test_recognition_of_ssml():
    assert looks_like_ssml("  <speak>x</speak>")
    assert looks_like_ssml('<?xml version="1.0"?><speak version="1.1">x</speak>')
    assert not looks_like_ssml("<speaker> said")
    assert not looks_like_ssml("He said <speak>")


@given(st.text(alphabet="<>/speak &!;\"'=ab", max_size=60))
def test_garbage_is_refused_or_read_but_never_crashes(text):
    with contextlib.suppress(InputError):
        assert isinstance(parse_ssml(text), list)
