"""Words that go back in a conversation: "undo that", "go back to the first version".

They ask for no tool: an earlier result becomes the current one. What is asked for after it ("...
and make it blue") is left for the planner.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_COUNTS = {"once": 1, "one": 1, "twice": 2, "two": 2, "three": 3, "four": 4, "five": 5,
           "一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5}  # fmt: skip
_PLACES = {"first": 0, "original": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2,
           "fourth": 3, "4th": 3, "fifth": 4, "5th": 4,
           "一": 0, "二": 1, "两": 1, "三": 2, "四": 3, "五": 4}  # fmt: skip
_THING = (
    r"(?:version|one|picture|image|drawing|painting|photo|tune|song|text|poem|film|video|result)"
)
_NUMBER = "|".join(map(re.escape, _COUNTS))
_PLACE = "|".join(map(re.escape, _PLACES))
_WHAT = r"(?:that|it|this|(?:the|my) (?:last|latest) (?:change|edit|step|one|request|thing))"
_REST = r"(?:(?:[,;.]|\s)+(?:and |then |but |please )*(?P<rest>\S.*))?"
_END = r"[\s,]*(?:please)?[\s.!。！]*"
_UNDO = re.compile(
    rf"(?:please |no,? |ok,? )*(?:undo|revert|take back|step back|go back|cancel|roll back)"
    rf"(?: {_WHAT}| (?:one|a) step)?(?P<again> twice| once)?{_END}"
    rf"|(?:please )?(?:undo|take back|cancel|go back) (?:the last )?(?P<count>{_NUMBER}|\d)"
    rf" (?:changes|edits|steps|times|turns){_END}"
    rf"|(?:please )?take (?:that|it|this) back{_END}",
    re.I,
)
_PREVIOUS = re.compile(
    rf"(?:please )?(?:go back|return|back|revert|switch back) to (?:the |my )?"
    rf"(?:previous|last|earlier) {_THING}{_REST}",
    re.I,
)
_TO = re.compile(
    rf"(?:please )?(?:go back|return|back|revert|switch back|restore|go) (?:to )?(?:the |my )?"
    rf"(?P<place>{_PLACE}) {_THING}(?: again)?{_REST}",
    re.I,
)
_BETTER = re.compile(
    rf"I (?:liked|prefer|preferred) the (?P<place>{_PLACE}) {_THING}(?: better| more)?{_REST}", re.I
)
_ZH_UNDO = re.compile(
    r"(?:请)?(?:撤销|撤回|取消|回退|退回)(?:一下|它|这个|刚才的(?:修改|操作)|上一步|上一次(?:修改|操作)?)?"
    r"(?:(?P<count>[一两二三四五\d])步)?[。！!]*"
)
_ZH_TO = re.compile(
    r"(?:请)?(?:回到|返回|恢复到?|还是用|退回到?)第(?P<place>[一二三四五])"
    r"(?:个|张|首|版|幅|段|次)?(?:版本|图|图片|画|曲子|版)?(?:[，,。;；]\s*(?P<rest>.+))?[。！!]*"
)
_ZH_PREVIOUS = re.compile(
    r"(?:请)?(?:回到|返回|恢复)上一(?:个|张|首|版|幅|段)(?:版本|图|图片|画|曲子)?(?:[，,。]\s*(?P<rest>.+))?[。！!]*"
)


@dataclass(frozen=True)
class Return:
    """A wish to go back.

    Attributes:
        steps: so many turns back, 0 if a place is named.
        place: which version, 0 for the first; -1 if steps are meant.
        rest: what is asked for after going back.
    """

    steps: int = 0
    place: int = -1
    rest: str = ""


def read_return(prompt: str) -> Return | None:
    """The wish to go back that a request opens with, None if it has none.

    Args:
        prompt: in English or Chinese.
    """
    said = re.sub(r"\s+", " ", prompt).strip()
    if len(said) > 300:
        return None
    for pattern in (_UNDO, _ZH_UNDO):
        if match := pattern.fullmatch(said):
            groups = match.groupdict()
            count = groups.get("count") or (groups.get("again") or "").strip() or "one"
            return Return(steps=_COUNTS.get(count.lower()) or int(count))
    for pattern in (_PREVIOUS, _ZH_PREVIOUS):
        if match := pattern.fullmatch(said):
            return Return(steps=1, rest=_rest(match))
    for pattern in (_TO, _BETTER, _ZH_TO):
        if match := pattern.fullmatch(said):
            return Return(place=_PLACES[match["place"].lower()], rest=_rest(match))
    return None


def _rest(match: re.Match[str]) -> str:
    rest = (match["rest"] or "").strip(" .!。！")
    return "" if rest.lower() in ("", "please", "again") else rest
