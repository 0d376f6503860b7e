"""Requests with known tools, made from phrases: the corpus of `recipes/tool_tagger.py`.

Self-instruction (Wang et al. 2023, arXiv:2212.10560) and back-instruction (Shen et al. 2023,
arXiv:2311.18760) ask a large model to write a request for tools sampled from a graph. Here people's
phrases for 278 tools of many trades (`planning/data/tool_phrases.txt`) are composed over sampled
chains: every word is known to belong to a tool or to none.

    python recipes/tool_requests.py -n 20 [--seed 0]        # look at some
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

DATA = Path(__file__).parents[1] / "src/omnimuse/planning/data/tool_phrases.txt"
ALIKE, LENDING = 0.765, 0.3
HELD_TRADES = ("clinic", "shop floor", "robots and home")
NOUNS = {
    "text": ["text", "article", "paragraph", "note", "message", "story", "document", "speech",
             "sentence", "description", "result", "output", "content", "passage"],
    "image": ["image", "picture", "photo", "photograph", "shot", "drawing", "snapshot"],
    "audio": ["audio", "recording", "audio file", "sound file", "track", "clip", "song", "sound"],
    "video": ["video", "film", "clip", "video file", "movie", "footage"],
    "url": ["URL", "link", "web address", "page"],
    "table": ["table", "spreadsheet", "list of figures", "data"],
    "document": ["document", "file", "report", "contract", "letter"],
    "code": ["program", "script", "code", "function"],
    "mesh": ["3D model", "model", "mesh", "3D object"],
    "score": ["score", "melody", "tune", "notes"],
    "signal": ["signal", "sensor recording", "measurement"],
    "sequence": ["sequence", "DNA sequence"],
    "molecule": ["molecule", "compound"],
    "points": ["point cloud", "scan"],
    "scene": ["scene", "layout"],
    "motion": ["motion", "movement"],
    "status": ["confirmation"],
}  # fmt: skip
FILES = {"image": "an image", "audio": "an audio", "video": "a video"}
THEMES = (
    "a red fox in the snow", "the history of the internet", "climate change", "a birthday party",
    "our new phone", "how to bake bread", "a lighthouse in a storm", "healthy eating",
    "the French Revolution", "two cats on a sofa", "working from home", "electric cars",
    "a trip to Japan", "the benefits of sport", "an old castle at night",
    "my grandmother's garden", "artificial intelligence", "a lost dog", "the school concert",
    "a robot that learns to dance", "saving water", "the moon landing", "a small island",
    "street food", "learning the piano", "a rainy day in Paris", "the stock market",
    "bees and flowers", "a football match", "the human heart", "a family dinner",
    "renewable energy", "a dragon and a knight", "city traffic", "autumn leaves",
    "a job interview", "space travel", "a sunset over the sea", "coffee", "the Roman Empire",
    "kindness", "modern art", "a bicycle tour", "volcanoes", "the annual meeting", "a snowman",
    "good sleep", "the green boat that lies under the old bridge", "Everyone loves a good story",
    "Please call me back tomorrow", "What is the main idea", "Who wrote the letter",
    "The short answer is no", "Close the window", "I am very happy with the service",
    "Stay calm and carry on", "Make it brighter and add a tree", "slow down",
    "Where is the nearest station", "Thank you for watching this video",
)  # fmt: skip
GIVEN = (
    "I have {}.", "I have {}.", "I've got {}.", "Here is {}.", "Here are {}.", "There is {}.",
    "I recorded {}.", "I took {}.", "I received {}.", "My friend sent me {}.", "Given {},",
    "I am working with {}.", "Attached is {}.", "I have {} here.", "We have {}.", "Using {},",
)  # fmt: skip
TAILS = (
    "", "", "", " called {}", " named {}", " ({})", ", {},", " {}", " that I made yesterday",
    " from my holiday", " of a talk", " which is important to me", " from a customer",
    " about {theme}", " showing {theme}", " in a foreign language", " from last week",
)  # fmt: skip
OPEN = (
    "Please {}", "Please {}", "I want to {}", "I'd like to {}", "I would like to {}",
    "I need to {}", "Can you {}", "Could you please {}", "{}", "{}", "Help me {}",
    "Please help me {}", "Let's {}",
    "I need you to {}", "My goal is to {}", "We should {}", "I am trying to {}", "First, {}",
)  # fmt: skip
WANT = (
    "I need {}", "I want {}", "I'd like {}", "Give me {}", "Please provide {}", "Create {}",
    "Please make {}", "I would like to have {}", "Get me {}", "Show me {}", "I am looking for {}",
    "Can I have {}", "Produce {}", "Generate {}", "Send me {}", "I would like to get {}",
)  # fmt: skip
ASK = (
    "I want to know {}", "tell me {}", "Please tell me {}", "find out {}", "I'd like to know {}",
    "Can you tell me {}", "I wonder {}", "let me know {}", "Please determine {}",
)  # fmt: skip
NEXT = (
    ", then {}", " and then {}", ". Then, {}", ". Then {}", ". After that, {}", ". Next, {}",
    ", and {}", " and {}", ". Finally, {}", ", and finally {}", ". Afterwards, please {}",
    ". Once that is done, {}", ". I also want to {}", ". Also, {}", "; {}", ", {}",
    ". Additionally, {}", ". Lastly, {}", ". With the result, {}", ". In the end, {}",
    ". Based on that, {}", ". From there, {}", ". Moreover, I need to {}", " before you {}",
)  # fmt: skip
MATERIAL = (
    "instructions on how to {}", "an instruction to {}", "a request to {}", "a guide on how to {}",
    "an advertisement for an app to {}",
)  # fmt: skip
NEEDED = (
    "{} needs to be {}", "{} has to be {}", "{} should be {}", "I'd like {} to be {}",
    "I want {} {}", "I need {} to be {}", "I would like to have {} {}", "get {} {}",
    "{} must be {}", "have {} {}",
)  # fmt: skip
HELPING = (
    "I need help with {}", "Help me by {}", "Please start by {}", "Please help me process it by {}",
    "I'm interested in {}", "Can you assist me in {}", "I need assistance with {}",
    "The next step is {}", "I am thinking of {}", "This involves {}",
)  # fmt: skip
IRREGULAR = {
    "make": "made", "find": "found", "get": "got", "take": "taken", "give": "given",
    "write": "written", "draw": "drawn", "cut": "cut", "put": "put", "set": "set", "read": "read",
    "tell": "told", "say": "said", "speak": "spoken", "bring": "brought", "split": "split",
    "build": "built", "rewrite": "rewritten", "rebuild": "rebuilt", "sing": "sung",
    "hide": "hidden", "send": "sent", "speed": "sped", "blend": "blended",
    "dub": "dubbed", "trim": "trimmed", "stop": "stopped", "pan": "panned", "crop": "cropped",
    "transcribe": "transcribed", "keep": "kept", "spin": "spun", "scan": "scanned",
    "clip": "clipped", "caption": "captioned",
}  # fmt: skip
NO_PASSIVE = frozenset(
    ["look", "search", "have", "let", "come", "say", "sound", "be", "in", "with", "chat", "talk",
     "reply", "work", "listen", "go", "navigate", "take", "keep", "tell", "google", "turn"]
)  # fmt: skip
QUESTION = (
    "{}", "the question {}", "this question: {}", "the following question: {}", "my question {}",
)  # fmt: skip
FILLERS = (
    "Thank you.", "I would be very grateful.", "It is for a school project.", "Take your time.",
    "This is urgent.", "My boss needs it today.", "I hope this is possible.",
    "I want to share it with my friends.", "It should look professional.",
    "Use the standard settings.", "Make it as good as possible.",
)  # fmt: skip


@dataclass(frozen=True)
class Tool:
    """A tool of the phrase file."""

    name: str
    about: str
    inputs: tuple[str, ...]
    output: str
    trade: str
    phrases: tuple[str, ...]
    lent: tuple[str, ...] = ()

    def of(self, mark: str, *, lent: bool = False) -> list[str]:
        """Its phrases of one sort: `=`, `~`, `?`, `%`, or an empty mark for imperatives.

        Args:
            mark: the sort.
            lent: rather those of tools that do the same with other things.
        """
        said = self.lent if lent else self.phrases
        if mark:
            return [p[1:] for p in said if p.startswith(mark)]
        return [p for p in said if p[0] not in "=~?%"]


@dataclass
class Tagged:
    """A request: its text, and for every tool in it the spans of its words."""

    text: str = ""
    spans: list[tuple[int, int, str]] = field(default_factory=list)

    def add(self, piece: str | Tagged, tool: str = "") -> Tagged:
        """Append words; those of a nested piece keep their own tools."""
        start = len(self.text)
        if isinstance(piece, Tagged):
            self.spans += [(a + start, b + start, t) for a, b, t in piece.spans]
            self.text += piece.text
        else:
            self.text += piece
            if tool and piece.strip():
                self.spans.append((start, len(self.text), tool))
        return self


def read_tools(path: Path = DATA) -> list[Tool]:
    """The tools of the phrase file."""
    tools, trade, head = [], "", None
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("@"):
            trade = line[1:].strip()
        elif line.startswith("+"):  # more phrases for a tool above
            name, _, more = line[1:].partition("|")
            at = next(n for n, t in enumerate(tools) if t.name == name.strip())
            added = tuple(p.strip() for p in more.split(";") if p.strip())
            tools[at] = replace(tools[at], phrases=tools[at].phrases + added)
        elif line.count("|") == 2:
            head = [part.strip() for part in line.split("|")]
        elif line.strip() and not line.startswith("#") and head:
            takes, gives = head[2].split(">")
            tools.append(
                Tool(head[0], head[1], tuple(takes.split()), gives.strip(), trade,
                     tuple(p.strip() for p in line.split(";") if p.strip()))
            )  # fmt: skip
            head = None
    return tools


def with_lent(tools: Sequence[Tool], likeness: Sequence[Sequence[float]]) -> list[Tool]:
    """The tools with phrases of those that do the same with things of other kinds.

    Only phrases that name no kind of thing are lent ("answer the question", "describe it"): what a
    request is about then tells which tool is meant.

    Args:
        tools: the tools.
        likeness: how near their phrases are, 0 to 1, for each pair.
    """
    found = []
    for tool, near in zip(tools, likeness):
        lent: list[str] = []
        for other, share in zip(tools, near):
            if share > ALIKE and other.output == tool.output and other.inputs != tool.inputs:
                named = {noun for kind in {*other.inputs} for noun in NOUNS.get(kind, [])}
                lent += [
                    p for p in other.phrases
                    if p[0] not in "~%" and "{}" in p and not named & set(re.findall(r"[a-z]+", p))
                    and ("{2}" not in p or len(tool.inputs) > 1)
                ]  # fmt: skip
        found.append(replace(tool, lent=tuple(lent)))
    return found


def participle(verb: str) -> str:
    """Such as "denoised" of "denoise"."""
    if verb in IRREGULAR:
        return IRREGULAR[verb]
    if verb.endswith("e"):
        return verb + "d"
    return verb[:-1] + "ied" if verb.endswith("y") and verb[-2] not in "aeiou" else verb + "ed"


def gerund(verb: str) -> str:
    """Such as "denoising" of "denoise"."""
    doubled = {"cut", "put", "get", "set", "split", "trim", "crop", "scan", "dub", "spin", "rig"}
    if verb in doubled:
        return verb + verb[-1] + "ing"
    return (verb[:-1] if verb.endswith("e") and not verb.endswith("ee") else verb) + "ing"


def held_tools(tools: Sequence[Tool]) -> set[str]:
    """Names kept out of training: three whole trades, and each seventh tool of the others."""
    return {t.name for n, t in enumerate(tools) if t.trade in HELD_TRADES or n % 7 == 3}


class Writer:
    """Writes requests over a set of tools.

    Args:
        tools: what may be asked for.
        rng: the source of chance.
    """

    def __init__(self, tools: Sequence[Tool], rng: random.Random) -> None:
        self.tools, self.rng = list(tools), rng

    def write(self, steps: int) -> Tagged:
        """One request that asks for about `steps` tools."""
        chain = self._chain(steps)
        rng = self.rng
        given, said = [], Tagged()
        kinds: list[str] = []
        for tool in chain:
            kinds.append(tool.inputs[0])
        start = kinds[0]
        first = self._thing(start, new=True, called=rng.choice(chain[0].of("%") or [""]))
        if rng.random() < 0.62:
            frame = rng.choice(GIVEN)
            if rng.random() < 0.22:
                first = Tagged().add(first).add(rng.choice([" and ", " and ", ", ", " with "]))
                first.add(self._material())
            before, after = frame.split("{}")
            said.add(before).add(first).add(after + " ")
            topic: Tagged = Tagged().add(
                rng.choice(["it", f"the {self._noun(start)}", f"this {self._noun(start)}"])
            )
        else:
            topic = first
        given.append(topic)
        self._body(said, chain, topic)
        if rng.random() < 0.15:
            said.add(" " + rng.choice(FILLERS))
        return said

    # the parts of a request -------------------------------------------------------------------

    def _chain(self, steps: int) -> list[Tool]:
        rng = self.rng
        chain = [rng.choice(self.tools)]
        while len(chain) < steps:
            last = chain[-1].output
            fits = [t for t in self.tools if t.inputs[0] == last and t not in chain]
            if not fits or rng.random() < 0.12:
                fits = [t for t in self.tools if t not in chain]
            chain.append(rng.choice(fits))
        return chain

    def _body(self, said: Tagged, chain: list[Tool], topic: Tagged) -> None:
        rng = self.rng
        steps: list[Tagged] = []
        number = 0
        about = topic
        while number < len(chain):
            run = min(len(chain) - number, rng.choice([1, 1, 1, 1, 2, 2, 3]))
            part, is_noun = self._part(chain[number : number + run], about)
            steps.append(self._clause(part, is_noun, is_first=not steps))
            number += run
            about = self._back(chain[number - 1])
        style = rng.random()
        listed = rng.choice([", ", "; "]) if style < 0.2 and len(steps) > 2 else ""
        for n, step in enumerate(steps):
            if n == 0:
                said.add(self._capital(step, said))
            elif listed and n < len(steps) - 1:
                said.add(listed).add(step)
            else:
                before, after = rng.choice(NEXT).split("{}")
                if listed:
                    before, after = rng.choice([", and ", " and ", ", and finally "]), ""
                said.add(before).add(step).add(after)
        said.add(rng.choice([".", ".", ".", "", "!"]))

    def _clause(self, part: Tagged, sort: str, *, is_first: bool) -> Tagged:
        """A part as something asked for: imperative, wanted thing or question."""
        rng = self.rng
        if sort == "whole":
            return part
        if sort == "":
            frame = rng.choice(OPEN) if is_first else "{}"
        elif sort == "=":
            frame = rng.choice(WANT)
        else:
            frame = rng.choice(ASK)
        if not is_first:
            frame = frame[:1].lower() + frame[1:] if not frame.startswith("I") else frame
            frame = frame.replace("please ", "") if rng.random() < 0.5 else frame
        before, after = frame.split("{}")
        return Tagged().add(before).add(part).add(after)

    def _part(self, run: list[Tool], about: Tagged) -> tuple[Tagged, str]:
        """One to three tools in one clause: "a chart of the cleaned table"."""
        stacked = self._stacked(run, about)
        if stacked is not None:
            return stacked, "="
        inner = about
        for n, tool in enumerate(run[:-1]):
            inner = self._nested(tool, inner, run[n + 1])
        last = run[-1]
        roll = self.rng.random()
        turned = self._turned(last, inner) if roll < 0.2 else None
        if turned is not None:
            return turned, "whole"
        sorts = [m for m in ("=", "?", "~") if last.of(m)]
        if last.lent and self.rng.random() < LENDING:
            mark = self.rng.choice([m for m in ("", "=", "?") if last.of(m, lent=True)])
            return self._fill(self.rng.choice(last.of(mark, lent=True)), last, inner), mark
        if roll < 0.55 or not sorts:
            return self._fill(self.rng.choice(last.of("") or last.of("=")), last, inner), ""
        sort = self.rng.choice(sorts)
        if sort == "~":
            text = Tagged().add(self.rng.choice(["a ", "a ", "one "]))
            text.add(self.rng.choice(last.of("~")), last.name)
            text.add(f" {self.rng.choice(['version', 'version', self._noun(last.output)])} of ")
            return text.add(inner), "="
        return self._fill(self.rng.choice(last.of(sort)), last, inner), sort

    def _stacked(self, run: list[Tool], about: Tagged) -> Tagged | None:
        """Many modifiers: "a unique, simplified version of it", "a stabilised film about bees"."""
        rng = self.rng
        told = [t for t in run if t.of("~")]
        maker = next((t for t in run if t not in told), None)
        others = len(run) - len(told)
        if not told or others > 1 or (others == 0 and len(told) < 2) or rng.random() < 0.4:
            return None
        if maker is not None and (maker is not run[0] or maker.inputs[0] != "text"):
            return None
        words = list(told)
        rng.shuffle(words)
        text = Tagged()
        if maker is not None:
            text.add(rng.choice(["", "create ", "make ", "generate "]), maker.name)
        text.add(rng.choice(["a ", "a ", "one "]))
        for n, tool in enumerate(words):
            if n:
                text.add(" and " if n == len(words) - 1 and rng.random() < 0.6 else ", ")
            text.add(rng.choice(tool.of("~")), tool.name)
        noun = self._noun(run[-1].output)
        if maker is not None:
            text.add(" ").add(
                noun + rng.choice([" of ", " about ", " based on ", " showing "]), maker.name
            )
            return text.add(self._creative(maker) or about)
        return text.add(f" {rng.choice(['version', 'version', noun])} of ").add(about)

    def _turned(self, tool: Tool, about: Tagged) -> Tagged | None:
        """An imperative as a passive ("it needs to be trimmed") or a gerund ("by trimming it")."""
        rng = self.rng
        phrases = [p for p in tool.of("") if re.match(r"[a-z]+ ", p) and "{}" in p]
        if not phrases:
            return None
        phrase = rng.choice(phrases)
        verb, _, rest = phrase.partition(" ")
        if rng.random() < 0.5:
            before, after = rng.choice(HELPING).split("{}")
            said = self._fill(f"{gerund(verb)} {rest}", tool, about)
            return Tagged().add(before).add(said).add(after)
        if not rest.startswith("{}") or verb in NO_PASSIVE:
            return None
        first, second, after = rng.choice(NEEDED).split("{}")
        said = Tagged().add(first).add(about).add(second)
        return said.add(self._fill(participle(verb) + rest[2:], tool, about)).add(after)

    def _material(self) -> Tagged:
        """What somebody has, called by words that elsewhere ask for a tool: nothing is asked."""
        rng = self.rng
        tool = rng.choice(self.tools)
        nouns, plain = tool.of("="), tool.of("")
        theme = rng.choice(THEMES)
        if nouns and (rng.random() < 0.7 or not plain):
            said = re.sub(r" ?\{2?\}", " " + theme, rng.choice(nouns))
            return Tagged().add(said)
        if not plain:
            return Tagged().add("some notes")
        said = re.sub(r"\{2?\}", "it", rng.choice(plain))
        return Tagged().add(rng.choice(MATERIAL).replace("{}", said))

    def _nested(self, tool: Tool, inner: Tagged, after: Tool) -> Tagged:
        """A tool's result as the input of the next: "its summary", "the cleaned recording"."""
        rng = self.rng
        adjectives, nouns = tool.of("~"), tool.of("=")
        if adjectives and (rng.random() < 0.5 or not nouns):
            text = Tagged().add("the ").add(rng.choice(adjectives), tool.name)
            text.add(f" {self._noun(tool.output)}")
            return (
                text.add(rng.choice([" of ", " from "])).add(inner) if rng.random() < 0.25 else text
            )
        if nouns:
            phrase = rng.choice(nouns)
            if "{}" not in phrase and rng.random() < 0.4:
                phrase += rng.choice([" of {}", " from {}", " in {}"])
            return self._fill(phrase, tool, inner)
        return self._fill(
            f"the {self._noun(tool.output)} you get when you {rng.choice(tool.of(''))}", tool, inner
        )

    def _fill(self, phrase: str, tool: Tool, about: Tagged) -> Tagged:
        text = Tagged()
        for piece in re.split(r"(\{2?\})", phrase):
            if piece == "{}":
                text.add(self._creative(tool) or about)
            elif piece == "{2}":
                kind = tool.inputs[1] if len(tool.inputs) > 1 else "text"
                if kind == "text" and tool.name.endswith(("Asker", "Answerer")):
                    question = self._quoted("Who wrote the letter?")
                    text.add(self.rng.choice(QUESTION).replace("{}", question))
                    continue
                text.add(self._thing(kind, new=self.rng.random() < 0.5))
            else:
                text.add(piece, tool.name)
        return text

    def _creative(self, tool: Tool) -> Tagged | None:
        """A theme, for a tool that makes something of a description."""
        if tool.inputs[0] != "text" or self.rng.random() < 0.72:
            return None
        theme = self.rng.choice(THEMES)
        return Tagged().add(self._quoted(theme) if self.rng.random() < 0.5 else theme)

    def _back(self, tool: Tool) -> Tagged:
        """How the next sentence calls what was just made."""
        rng = self.rng
        noun = self._noun(tool.output)
        which = ["the", "that", "the resulting", "this", "the new", "the final", "the generated"]
        plain = ["it", "it", "the result", *(f"{word} {noun}" for word in which)]
        if tool.of("~") and rng.random() < 0.35:
            return Tagged().add(f"the {rng.choice(tool.of('~'))} {noun}")
        return Tagged().add(rng.choice(plain))

    def _thing(self, kind: str, *, new: bool, called: str = "") -> Tagged:
        rng = self.rng
        noun = called if called and rng.random() < 0.6 else self._noun(kind)
        theme = rng.choice(THEMES)
        if kind == "text" and rng.random() < 0.5:
            quoted = self._quoted(theme)
            return Tagged().add(
                rng.choice([quoted, f"the {noun} {quoted}", f"this {noun}: {quoted}"])
            )
        if kind == "url" and rng.random() < 0.6:
            return Tagged().add(f"the {noun} 'https://example.com/{rng.randrange(99)}'")
        tail = rng.choice(TAILS).replace("{theme}", theme)
        ending = {"image": "jpg", "audio": "wav", "video": "mp4", "text": "txt", "table": "csv"}
        stem = rng.choice(["example", "file", "my", "input", "a", "test"])
        name = f"{stem}{rng.randrange(9)}.{ending.get(kind, 'dat')}"
        tail = tail.replace("{}", rng.choice([name, f"'{name}'"]))
        article = rng.choice(
            ["a", "a", "an old", "a long", "a short"]
            if new
            else ["the", "my", "the other", "the given", "the attached"]
        )
        if noun.startswith("two "):
            return Tagged().add(noun + tail if new else f"the {noun}")
        if article == "a" and noun[0] in "aeiou":
            article = "an"
        return Tagged().add(f"{article} {noun}{tail}")

    def _quoted(self, theme: str) -> str:
        """A quotation; mostly as the planner shows it to the tagger, without what it says."""
        return "'text'" if self.rng.random() < 0.6 else f"'{theme}'"

    def _noun(self, kind: str) -> str:
        return self.rng.choice(NOUNS.get(kind, ["result"]))

    def _capital(self, step: Tagged, said: Tagged) -> Tagged:
        if said.text.endswith(", "):
            return step
        return Tagged(step.text[:1].upper() + step.text[1:], step.spans)


def main() -> None:
    """Print requests and their tools."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-n", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    tools = read_tools()
    for _ in range(options.n):
        request = Writer(rng.sample(tools, 40), rng).write(rng.choice([1, 1, 2, 2, 3, 4, 5]))
        print(request.text)
        for start, end, name in sorted(request.spans):
            print(f"    {name}: {request.text[start:end]!r}")


if __name__ == "__main__":
    main()
