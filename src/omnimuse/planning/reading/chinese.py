"""Chinese requests into steps: word segmentation, clauses, and a bilingual lexicon.

The tool index is English, so each clause is glossed word by word for it ("写一首关于狐狸的诗" ->
"write about fox poem"); what the thing is about stays in the user's own words. Chinese leaves out
objects that are clear, so a clause that acts on nothing acts on what came before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from omnimuse.backends.base import Dictionary
from omnimuse.planning.building.resources import related
from omnimuse.planning.intent import Intent, Literal, Mention, Step
from omnimuse.planning.reading.chinese_whole import (
    BREAK,
    asked,
    described,
    is_told,
    remarked,
    told_apart,
    without_titles,
)
from omnimuse.planning.reading.chinese_words import Token, tokens_of
from omnimuse.planning.reading.masking import Masked, mask
from omnimuse.planning.reading.mending import core_of
from omnimuse.planning.reading.vocabulary import kind_made_by

_SIZED = re.compile(r"\b(?:size|format|speed)\b")


class ChineseDecomposer:
    """Splits Chinese requests.

    Args:
        given: kinds of the attachments, if things that are only described may be made; a plan
            over foreign tools (None) takes them as given.
        dictionary: for words that the lexicon lacks.
    """

    def __init__(
        self, *, given: frozenset[str] | None = None, dictionary: Dictionary | None = None
    ) -> None:
        self._given, self._dictionary = given, dictionary

    def decompose(self, prompt: str, masked: Masked | None = None) -> Intent:
        """The steps of a request, in the order of doing; `masked` if it was masked already."""
        masked = masked or mask(prompt)
        steps: list[Step] = []
        offset = 0
        said = masked.text if self._given is None else told_apart(masked.text)
        for part in BREAK.split(said):
            start = max(0, said.find(part, offset))
            offset = start + len(part)
            if self._given is not None and is_told(part, part == masked.text):
                continue
            tokens = tokens_of(part, self._dictionary)
            if steps and not any(t.part in _VERBS for t in tokens):
                _add_details(steps, tokens, masked.unmask(part))  # "..., 尺寸1024x768"
            for clause in _reading_first(list(_clauses(tokens))):
                reader = _Clause(clause, masked, start, len(steps), given=self._given)
                steps.extend(reader.steps())
        if self._given and len(steps) < 2 and (question := asked(masked, self._dictionary)):
            steps = [question]
        if self._given and len(steps) == 1:
            steps = [remarked(steps[0], masked, self._given)]
        if not steps and (bare := described(masked, self._dictionary)):
            steps.append(bare)
        if self._given is not None:
            steps = without_titles(steps)
        return Intent(prompt, "zh", tuple(steps), masked.literals, masked=masked.text)


def _reading_first(clauses: list[list[Token]]) -> list[list[Token]]:
    """Such as "配上钢琴曲朗读出来": what is done comes before what goes along with it."""
    parts = [next((t.part for t in clause if t.part in _VERBS), "") for clause in clauses]
    for n in range(len(clauses) - 1):
        if parts[n : n + 2] == ["joiner", "doer"]:
            clauses[n : n + 2] = clauses[n + 1], clauses[n]
            parts[n : n + 2] = parts[n + 1], parts[n]
    return clauses


def _add_details(steps: list[Step], tokens: list[Token], said: str) -> None:
    """Let the last step read its values from these words too, and show what they tell."""
    more = " ".join(t.gloss for t in tokens if t.gloss)
    last = steps[-1]
    details = {**last.details, "english": f"{last.details.get('english', '')} {more}"}
    is_measure = any(t.part == "quantity" or _SIZED.search(t.gloss) for t in tokens)
    tells = any(t.part in ("word", "other") for t in tokens) and not is_measure
    if last.wanted and last.content and tells:
        known = all(t.gloss or t.part != "other" for t in tokens)
        gloss = str(details.get("content_en", ""))
        details["content_en"] = f"{gloss}, {more}" if gloss and known else ""
        last = replace(last, content=f"{last.content}，{said.strip()}")
    steps[-1] = replace(last, details=details)


_LEADING = frozenset(["给", "为", "根据", "按", "按照", "以", "由", "基于", "从"])
_PLACED = frozenset(["放在", "放到", "贴在", "贴到"])
_VERBS = ("maker", "turner", "doer", "joiner")


def _clauses(tokens: list[Token]) -> Iterator[list[Token]]:
    """One verb each: a new clause begins at a linking word or at a verb that follows an object."""
    current: list[Token] = []
    has_verb = has_object = False
    for number, token in enumerate(tokens):
        token = _as_verb_or_noun(tokens, number)
        opens = token.part in _VERBS and has_verb and (has_object or current[-1].part == "link")
        links = (
            token.part == "link"
            and has_verb
            and any(t.part in _VERBS or t.part == "input" for t in tokens[number + 1 : number + 4])
        )
        takes = (
            token.part == "input" and token.text in ("把", "将", "给") and has_verb and has_object
        )
        if (opens or links or takes) and current:
            yield current
            current, has_verb, has_object = [], False, False
        current.append(token)
        if token.part in _VERBS:
            has_verb, has_object = True, False
        elif token.part in ("media", "literal", "other", "pronoun") or (
            token.part == "word" and token.gloss
        ):
            has_object = has_verb
    if any(t.part in (*_VERBS, "media", "literal") for t in current):
        yield current


def _is_thing(mention: Mention) -> bool:
    """Something that can be acted on; a quotation is only words."""
    return not (mention.literals and all(item.type == "quote" for item in mention.literals))


_ENDING_IN = frozenset(["画成", "做成", "制成", "弄成", "制作成"])


def _is_written_on(tokens: list[Token], number: int) -> bool:
    """Such as "在画上写'秋'": words that are given, on something."""
    before = [t.text for t in tokens[:number]]
    is_placed = "在" in before or "到" in before
    return is_placed and any(t.part == "literal" for t in tokens[number + 1 :])


def _as_verb_or_noun(tokens: list[Token], number: int) -> Token:
    """Such as "画" paints at the head of a clause and is a painting after a measure or "的"."""
    token = tokens[number]
    before = tokens[number - 1] if number else None
    if token.text in _PLACED and any(t.part == "maker" for t in tokens[:number]):
        is_moved = any(t.text in ("把", "将") for t in tokens[:number])
        return token if is_moved else Token(token.text, "word", "on")
    if token.text in _ENDING_IN and any("style" in t.gloss for t in tokens[number + 1 :]):
        return Token(token.text, "turner", "turn into")
    if token.text == "写" and _is_written_on(tokens, number):
        return Token(token.text, "doer", "write words on")
    if token.text == "画":
        is_noun = before is not None and (
            before.part in ("count", "known") or before.text in ("的", "在", "到")
        )
        return (
            Token("画", "media", "painting", "image") if is_noun else Token("画", "maker", "paint")
        )
    if token.text == "截图" and before is not None and before.part == "count":
        return Token("截图", "media", "still frame", "image")
    if token.text in (
        "来",
        "作",
        "想",
        "发",
        "订",
        "讲",
        "加",
        "配",
        "剪",
        "混",
        "拼",
        "念",
        "读",
        "谱",
        "编",
        "建",
    ):
        after = tokens[number + 1] if number + 1 < len(tokens) else None
        if after is None or after.part not in (
            "count",
            "known",
            "media",
            "word",
            "other",
            "pronoun",
            "literal",
        ):
            return Token(token.text, "link")
    return token


class _Clause:
    """One clause being read."""

    def __init__(
        self,
        tokens: list[Token],
        masked: Masked,
        start: int,
        index: int,
        *,
        given: frozenset[str] | None = None,
    ) -> None:
        self.tokens, self.masked, self.start, self.index = tokens, masked, start, index
        self.given = given
        self.verb = next((t for t in tokens if t.part in _VERBS), None)

    def steps(self) -> list[Step]:
        """The clause as a step, with what accompanies it as another."""
        if self.verb is None and self.index:
            return []
        at = self.tokens.index(self.verb) if self.verb else -1
        mentions = self._mentions(at)
        is_left_out = False
        if self.verb is not None and self.verb.part == "joiner":
            return self._accompaniment(mentions)
        before = self._scenery(at, mentions)
        if before:
            mentions = [
                replace(m, status="known", role="on", is_wrought=True)
                if m.start == before.start
                else m
                for m in mentions
            ]
        acts = self.verb is not None and self.verb.part != "maker"
        if acts and not any(not m.is_output and _is_thing(m) for m in mentions):
            mentions.append(Mention("它", "it", "object", "pronoun", start=self.start))
            is_left_out = True
        if (
            self.verb
            and self.verb.part == "maker"
            and not any(m.is_output or m.literals for m in mentions)
            and not self._content(at)
        ):
            mentions.append(Mention("它", "subject", "about", "known", start=self.start))
        gloss = self._gloss() + (" it" if is_left_out else "")
        text = self.masked.unmask("".join(t.text for t in self.tokens))
        wanted = next((m.kind for m in reversed(mentions) if m.is_output), "")
        verb = self.verb.gloss.split()[0] if self.verb else ""
        is_making = bool(self.verb and self.verb.part == "maker")
        if is_making and not any(
            (m.kind or m.literals) and m.role != "from" and m.kind != "score" for m in mentions
        ):
            wanted = wanted or kind_made_by(verb)
        core = core_of(verb, wanted, mentions) if is_making else ""
        step = Step(
            text=text,
            query=gloss,
            verb=verb,
            content=self._content(at),
            mentions=tuple(mentions),
            wanted=wanted,
            start=self.start,
            details={
                "english": self._english(),
                "content_en": self._content_gloss(at),
                **({"core": core} if core else {}),
                **self._thing(at),
                **self._subject(at),
            },
        )
        if before:
            it = Mention("它", "it", "object", "pronoun", start=self.start)
            own = mentions if any(m.status == "pronoun" for m in mentions) else [it, *mentions]
            details = {"english": "put it onto the picture"}
            put = replace(step, query=details["english"], content="", mentions=tuple(own))
            return [before, replace(put, details=details)]
        return [step, *self._style(step)]

    def _scenery(self, at: int, mentions: list[Mention]) -> Step | None:
        """Such as "放到一张雪山的图片上": the picture that a thing is put on is made before."""
        if self.verb is None or self.verb.text not in _PLACED:
            return None
        for mention in mentions:
            place = mention.start - self.start
            words = self.tokens[at + 1 : place]
            counted = any(t.part == "count" for t in words)
            if mention.kind != "image" or mention.literals or place <= at or not counted:
                continue
            about = [t for t in words if t.part in ("word", "other") and t.text != "的"]
            if not about:
                continue
            said = "".join(t.text for t in about)
            gloss = " ".join(t.gloss for t in about) if all(t.gloss for t in about) else ""
            made = replace(mention, status="new", role="object", is_output=True)
            return Step(
                text=said, query=f"paint a picture of {gloss or said}", verb="paint", content=said,
                mentions=(made,), wanted="image", start=mention.start,
                details={"english": gloss, "content_en": gloss, "core": "paint a picture",
                         "subject": said, "subject_en": gloss},
            )  # fmt: skip
        return None

    def _accompaniment(self, mentions: list[Mention]) -> list[Step]:
        at = self.tokens.index(self.verb) if self.verb else -1
        targets = [m for m in mentions if m.start < self.start + at]
        things = [m for m in mentions if m.kind and m not in targets]
        steps = []
        for thing in things:
            whole = (
                self.tokens[at + 1 :]
                if len(things) == 1
                else [t for t in self.tokens[at + 1 :] if t.text == thing.text]
            )
            if (targets and self._is_there(thing)) or (self.index and not thing.is_output):
                continue  # "配上这首音乐": it was made before
            made = replace(thing, is_output=True, status="new", role="object")
            steps.append(
                Step(
                    text=self.masked.unmask("".join(t.text for t in self.tokens)),
                    query=" ".join(t.gloss for t in whole if t.gloss),
                    verb="",
                    content="".join(t.text for t in whole),
                    mentions=(made,),
                    wanted=thing.kind,
                    joins=-1 if targets else self.index - 1,
                    start=self.start,
                    details={"english": self._english(), "content_en": self._content_gloss(at)},
                )
            )
        return [*steps, self._putting(targets, things)] if targets and things else steps

    def _is_there(self, thing: Mention) -> bool:
        return self.given is None or any(related(thing.kind, kind) for kind in self.given)

    def _putting(self, targets: list[Mention], things: list[Mention]) -> Step:
        """Such as "给视频配上音乐": the one is put to the other."""
        parts = [replace(m, status="known", role="object", is_output=False) for m in things]
        wholes = [
            m if m.status == "pronoun" else replace(m, status="known", role="to", is_output=False)
            for m in targets
        ]
        said = " and ".join(m.head for m in parts) + " to the " + wholes[0].head
        return Step(
            text=self.masked.unmask("".join(t.text for t in self.tokens)),
            query=f"add {said}",
            verb="add",
            mentions=(*wholes, *parts),
            start=self.start,
            details={"english": self._english()},
        )

    def _mentions(self, at: int) -> list[Mention]:
        found: list[Mention] = []
        is_input = False
        count, status = 1, "new"
        modifiers: list[str] = []
        led = ""
        for n, token in enumerate(self.tokens):
            if token.part == "input":
                is_input = token.text != "用" or is_input
                led = self._led_by(token)
            elif token.part in _VERBS:
                is_input, modifiers, count, status = False, [], 1, "new"
            elif token.part == "known" or (
                token.part == "pronoun"
                and [t.part for t in self.tokens[n + 1 : n + 2]] == ["media"]
            ):
                status = "known"
                count = 0 if token.text in ("这些", "所有") else count
            elif token.part == "count" and token.number is not None:
                if token.gloss.rpartition(" ")[2] not in ("line", "sentence", "words"):
                    count = int(token.number) or 1
                modifiers.append(token.gloss)
            elif token.part == "pronoun":
                several = 0 if token.text[:1] in "两二" or token.text[-1:] in "们俩些" else 1
                at_n = self.start + n
                found.append(
                    Mention(token.text, "it", "object", "pronoun", count=several, start=at_n)
                )
            elif token.part == "literal":
                mention = self._literal(token, n, modifiers)
                found.append(replace(mention, role=led) if led and n < at else mention)
            elif token.part == "media":
                following = self.tokens[n + 1] if n + 1 < len(self.tokens) else None
                if following is not None and following.part == "media":
                    modifiers.extend(token.gloss.split())
                    continue
                if (
                    found
                    and found[-1].literals
                    and following is None
                    and n
                    and (self.tokens[n - 1].part == "literal")
                ):
                    continue
                mention = self._medium(token, n, at, is_input, status, count, modifiers)
                found.append(replace(mention, role=led) if led and n < at else mention)
                count, status, modifiers = 1, "new", []
            elif token.gloss:
                modifiers.extend(token.gloss.split())
        return [*found, *self._counted(at, found)]

    def _counted(self, at: int, found: list[Mention]) -> list[Mention]:
        """Such as "画三张不同的树": the measure word counts pictures, though none is named."""
        if self.verb is None or self.verb.part != "maker" or any(m.is_output for m in found):
            return []
        after = self.tokens[at + 1 :]
        count = next((t for t in after if t.part == "count" and t.text[-1:] in "张幅"), None)
        if kind_made_by(self.verb.gloss.split()[0]) != "image" or count is None:
            return []
        number = int(count.number or 1)
        return [
            Mention(
                "图", "picture", "object", "new", "image", number, start=self.start, is_output=True
            )
        ]

    def _led_by(self, token: Token) -> str:
        """What the thing after a word like "给" is to a thing that is made: for it, or from it."""
        if self.verb is None or self.verb.part != "maker":
            return ""
        return {"给": "for", "为": "for"}.get(token.text, "from") if token.text in _LEADING else ""

    def _is_medium(self, n: int) -> bool:
        return n < len(self.tokens) and self.tokens[n].part == "media"

    def _literal(self, token: Token, n: int, modifiers: list[str]) -> Mention:
        literals: tuple[Literal, ...] = self.masked.find(token.text)
        kind = literals[0].kind if literals else ""
        return Mention(
            token.text,
            "file",
            "object",
            "literal",
            kind,
            modifiers=tuple(modifiers),
            literals=literals,
            start=self.start + n,
        )

    def _medium(
        self,
        token: Token,
        n: int,
        at: int,
        is_input: bool,
        status: str,
        count: int,
        modifiers: list[str],
    ) -> Mention:
        verb = self.verb
        after = verb is not None and n > at
        if verb is not None and verb.text in ("画", "画出", "绘制") and token.kind == "score":
            return Mention(  # "画出乐谱": a picture of the notes that are there
                token.text, "score", "object", "known", "score", start=self.start + n
            )
        makes = verb is not None and (
            verb.part in ("maker", "turner", "joiner") or verb.gloss.startswith("extract")
        )
        is_output = after and makes and status == "new" and not is_input
        nothing_before = verb is None
        role = "into" if verb is not None and verb.part == "turner" and after else "object"
        return Mention(
            text=token.text,
            head=token.gloss.split()[-1],
            role=role,
            status="new" if is_output or nothing_before else "known",
            kind=token.kind,
            count=count,
            modifiers=(*modifiers, *token.gloss.split()[:-1]),
            start=self.start + n,
            is_output=is_output or nothing_before,
            is_each=count == 0,
        )

    def _gloss(self) -> str:
        parts = []
        for token in self.tokens:
            if token.part == "literal":
                parts.append(self.masked.speak(token.text))
            elif token.gloss and token.part != "known":
                parts.append(token.gloss)
        verb = self.verb.gloss if self.verb else ""
        rest = [p for p in parts if p != verb]
        return " ".join([verb, *rest]).strip()

    def _english(self) -> str:
        """Glosses with quotations kept, for reading values."""
        return " ".join(
            self.masked.unmask(t.text) if t.part == "literal" else t.gloss
            for t in self.tokens
            if t.gloss or t.part == "literal"
        )

    def _content_tokens(self, at: int) -> list[Token]:
        rest = [t for t in self.tokens[at + 1 :] if t.part not in ("link", "input", "known")]
        while rest and rest[-1].part == "link":
            rest.pop()
        return rest

    def _content(self, at: int) -> str:
        """What is to be made, in the user's words, without the counting of pictures."""
        rest = self._content_tokens(at)
        if all(t.text in ("出", "出来", "成", "上", "下来") or t.part == "pronoun" for t in rest):
            return ""
        if rest and rest[-1].part == "media" and rest[-1].kind in ("image", "video", "scene3d"):
            kept = [t for t in rest[:-1] if t.part not in ("count", "quantity")]
            while kept and kept[-1].text == "的":
                kept.pop()
            rest = kept or rest
        return self.masked.unmask("".join(t.text for t in rest)).strip("，, ")

    def _content_gloss(self, at: int) -> str:
        """The content in English, empty if some word of it is unknown."""
        rest = self._content_tokens(at)
        if any(t.part == "other" and not t.gloss for t in rest):
            return ""
        about = next((n for n, t in enumerate(rest) if t.text == "关于"), -1)
        end = max((n for n, t in enumerate(rest) if n > about and t.text == "的"), default=-1)
        if about < 0 or end < 0:
            return " ".join(t.gloss for t in rest if t.gloss).strip()
        subject = " ".join(t.gloss for t in rest[about + 1 : end] if t.gloss)
        named = [t.gloss for t in rest[end + 1 :] if t.gloss]
        return f"a {' '.join(named)} about {subject}"

    def _subject(self, at: int) -> dict[str, str]:
        """What a made thing is about, in both languages: 红狐狸 of 一首关于红狐狸的两行诗."""
        rest = [t for t in self._content_tokens(at) if t.part not in ("count", "quantity")]
        while rest and (rest[-1].part == "media" or rest[-1].text == "的"):
            rest.pop()
        while rest and rest[0].text == "关于":
            rest.pop(0)
        known = all(t.gloss or t.part != "other" for t in rest)
        gloss = " ".join(t.gloss for t in rest if t.gloss) if known else ""
        return {"subject": "".join(t.text for t in rest), "subject_en": gloss}

    def _thing(self, at: int) -> dict[str, str]:
        """What is acted on in a picture: 天空 of 把天空变成蓝色, 狗 of 去掉照片里的狗."""
        if self.verb is None or self.verb.part in ("maker", "joiner"):
            return {}
        before, after = self.tokens[:at], self.tokens[at + 1 :]
        start = next((n + 1 for n, t in enumerate(before) if t.text in ("把", "将", "给")), -1)
        part = before[start:] if start >= 0 else after
        last = max((n for n, t in enumerate(part) if t.text in ("的", "里", "中")), default=-1)
        words = [t for t in part[last + 1 :] if t.part in ("word", "other") and t.text != "一下"]
        if not words or any(t.part in ("media", "literal", "quantity") for t in part[last + 1 :]):
            return {}
        return {"thing_en": " ".join(t.gloss or t.text for t in words)}

    def _style(self, main: Step) -> list[Step]:
        """Such as "油画风格" on a thing that is being made: a step of its own after it."""
        names = [t.gloss for t in self.tokens]
        if "style" not in names or self.verb is None or self.verb.part != "maker":
            return []
        if main.wanted not in ("image", "video", ""):
            return []  # "80年代风格的音乐": composers take styles in their words
        at = names.index("style")
        style = names[at - 1] if at else ""
        if not style:
            return []
        said = f"in the style of {style}"
        pointer = Mention("它", "it", "object", "pronoun", start=self.start)
        return [
            Step(
                text=said,
                query=said,
                verb="",
                content=style,
                mentions=(pointer,),
                is_firm=False,
                start=self.start,
                details={"adjunct": True, "english": said},
            )
        ]
