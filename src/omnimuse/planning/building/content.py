"""What a made thing is about: "the fox" becomes the red fox that was spoken of before."""

from __future__ import annotations

import re

from omnimuse.graph.spec import ToolSpec
from omnimuse.planning.intent import KNOWN, Intent, Mention, Step
from omnimuse.planning.reading.phrases import subject_of

_STYLE_TAIL = re.compile(
    r"\s*,?\s*\b(?:in|with)\s+(?:the|an?)?\s*(?:[\w-]+\s+)?style\b(?:\s+of\s+[^,.;]+)?", re.I
)
_PLAIN = ("image", "picture", "photo", "model")
_NO_MORE = re.compile(
    r"\W*(?:(?:an?|the|this)\s+)?(?:(?:picture|image|photo|drawing|painting|illustration|3d|model)\s*)*"
    r"(?:of|showing|after|from|:)?\W*", re.I
)  # fmt: skip
_SOUGHT = re.compile(
    r"\b(?:shows?|showing|contains?|depicts?|has|fits?|matches|with)\s+(.+)$", re.I
)
_LEADING = re.compile(r"^(?:an?|the|some|my|your)\s+", re.I)


def resolve_content(step: Step, spec: ToolSpec, intent: Intent) -> str:
    """The words that a tool gets as its prompt.

    Phrases that point back ("the fox", "it") are replaced by what they point at; a style that
    another tool will give is left to it only if the tool makes pictures in one style alone.
    """
    is_told = any(port.name == "instruction" for port in spec.inputs)
    if is_told and intent.language != "zh":
        return step.text.strip(" ,.;:")  # what to do, verb and all: "replace the cat by a fox"
    quotes = [item.value for m in step.mentions for item in m.literals if item.type == "quote"]
    is_shown = bool(spec.outputs) and spec.outputs[0].kind in ("image", "scene3d")
    said = re.sub(r"'[^']*'|\"[^\"]*\"", "", step.content)
    is_all = not is_shown or _NO_MORE.fullmatch(said) is not None
    is_sought = any(port.name == "words" for port in spec.inputs)
    if quotes and (is_sought or (is_all and not any(p.kind == "image" for p in spec.inputs))):
        return quotes[0]
    if intent.language == "zh":
        return _chinese(step, spec, intent)
    content = step.content.strip(" ,.;:") or step.text
    if is_sought and (sought := _SOUGHT.search(content)):
        content = sought[1]
    content = _STYLE_TAIL.sub("", content).strip(" ,") or content
    content = _expand(content, step, intent)
    if spec.outputs and spec.outputs[0].kind in ("image", "scene3d", "mesh", "layout", "video"):
        return _described(content, step, spec)
    return content


def _chinese(step: Step, spec: ToolSpec, intent: Intent) -> str:
    """The user's own words; their gloss for a tool that says it understands English alone."""
    source = step
    shows = bool(spec.outputs) and spec.outputs[0].kind in ("image", "video", "scene3d", "mesh")
    if not step.content or (shows and not step.details.get("subject")):
        earlier = [s for s in intent.steps if s.start < step.start and s.details.get("subject")]
        source = earlier[-1] if earlier else step
    own = source.content or source.text
    gloss = str(source.details.get("content_en", ""))
    if source is not step:
        own = str(source.details.get("subject", "")) or own
        gloss = str(source.details.get("subject_en", "")) or gloss
    said = f"{spec.summary} {spec.description}"
    is_english_only = "English" in said and "Chinese" not in said
    return re.sub(r"\s+", " ", gloss) if is_english_only and gloss else own


def _described(content: str, step: Step, spec: ToolSpec) -> str:
    """Drop "a picture of", but keep what is said of the picture ("a watercolour painting of")."""
    head = next(
        (m for m in step.mentions if m.is_output and m.kind in ("image", "video", "scene3d")), None
    )
    if head is None:
        return content
    is_lettered = any(m.literals and m.literals[0].type == "quote" for m in step.mentions)
    if is_lettered and head.head not in _PLAIN:
        return content  # "a poster that says 'Open' with balloons" is more than its words
    if spec.outputs[0].kind not in (head.kind, "video"):
        return subject_of(content)  # a picture for a film shows what the film is of
    plain = {"new", "nice", "beautiful", "short", "image", "picture", "photo", "3d", "big", "good"}
    if set(head.modifiers) - plain and head.head not in _PLAIN:
        return content
    return subject_of(content)


def _expand(content: str, step: Step, intent: Intent) -> str:
    earlier = [s for s in intent.steps if s.start < step.start and s is not step]
    for mention in step.mentions:
        if mention.kind or mention.literals or mention.is_output:
            continue
        if mention.status == KNOWN:
            meaning = _antecedent(mention, earlier)
            if meaning and mention.text in content and meaning != mention.text:
                head = _bare(mention)
                target = head if head in content else mention.text
                content = content.replace(target, meaning, 1)
    return _replace_pronoun(content, step, earlier)


def _bare(mention: Mention) -> str:
    """The phrase up to its head: "the fox" of "the fox in the style of ..."."""
    match = re.match(rf"(.*?\b{re.escape(mention.head)}\w*)", mention.text, re.I)
    return match[1] if match else mention.text


def _antecedent(mention: Mention, earlier: list[Step]) -> str:
    """The fuller phrase with the same head noun, latest first."""
    for step in reversed(earlier):
        subject = subject_of(step.content)
        for other in step.mentions:
            if other.head == mention.head and other.status != KNOWN and not other.kind:
                return subject if other.head in subject.lower() else other.text
    return ""


def _replace_pronoun(content: str, step: Step, earlier: list[Step]) -> str:
    """Such as "a picture of it", "draw it": what the step before was about."""
    pattern = re.compile(r"\b(it|this|that|them|these|those)\b", re.I)
    if not pattern.search(content) or not earlier:
        return content
    subject = ""
    for before in reversed(earlier):
        subject = subject_of(before.content)
        if subject and not pattern.search(subject):
            break
    return pattern.sub(subject, content, count=1) if subject else content
