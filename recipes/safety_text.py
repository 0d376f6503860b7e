"""Train the text detector of the safety gates.

    python recipes/safety_text.py [--dry-run]

Data, all written for this project, in `data/`: `safety_text.tsv` (sentences),
`safety_text_templates.tsv` with `safety_text_words.tsv` (contrast pairs: the same words with a
harmful and a harmless target, filled from lists), and the nouns of the layout tables as harmless
subjects. Some sentences are joined or wrapped as people do in requests of several steps; harm
anywhere makes the whole harmful.

Model: `omnimuse.safety.text_model`, an ensemble over the token states of the default embedder and
hashed n-grams; softmax over categories and `safe`, AdamW, one cycle. Needs `omnimuse[torch]`.

Held out: a quarter of the sentences; a quarter of the templates, filled with a quarter of the words
that training never sees. `safety_text_challenge.tsv` is never trained on, but its misses were
looked at while the data grew, so its figures are an upper end (docs/safety.md). Writes weights and
figures beside them; the final model is trained on all but the challenge.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from omnimuse.config import load_settings
from omnimuse.safety.detectors import TextDetector
from omnimuse.safety.policy import Policy
from omnimuse.safety.text_model import BUCKETS, MEAN_SCALE, SAFE, TextModel, bucket_values
from omnimuse.services import build_house

DATA = Path(__file__).parent / "data"
OUT = Path(__file__).parents[1] / "src" / "omnimuse" / "safety" / "weights"
EMBEDDER = "all-minilm-l6-v2-int8"
SEED, MEMBERS, EPOCHS, BATCH = 0, 3, 7, 64
WHOLE, STRONGEST, QUERIES, VALUES = 16, 48, 8, 8
RATE, DECAY, DROP_NGRAMS, DROP, SMOOTHING = 2e-3, 2e-2, 0.4, 0.3, 0.04
FILLED_UNSAFE, FILLED_SAFE = 28, 24
# nouns that are no harmless subject all by themselves
NO_SUBJECT = re.compile(
    r"porn|sex|bomb|explosi|dick|whore|prostit|brothel|rap(e|ist)|nazi|fascis|genocid|murder|suicid"
    r"|heroin|cocaine|terror|orgy|nud|erot|genital|penis|vagina|masturb|tortur|molest|incest|pedoph"
)
SLOT = re.compile(r"\{(\w+)\}")
WRAPPINGS = (
    "please {}", "can you help: {}", "I have a question. {}", "{}, thank you", "tell me, {}",
    "for my blog: {}", "hi! {}", "write a short text about this: {}", "make a film of this: {}",
)  # fmt: skip
STEPS = (
    "paint a red fox", "write a two-line poem about the sea", "add calm piano music",
    "read it aloud", "make a short film of it", "crop the picture", "draw a lighthouse at night",
    "compose a waltz for flute", "make it brighter", "add captions", "把它读出来", "画一只猫",
)  # fmt: skip
JOINS = ("{}, then {}", "{} and {}", "{}. {}", "first {}, after that {}", "{}; {}")

Row = tuple[str, str]


def read_rows(name: str) -> list[list[str]]:
    """Fields of the lines of a table; comments left out."""
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def read_words() -> dict[str, list[str]]:
    """Fillers by slot; things come from the layout tables."""
    words = {row[0]: row[1].split("|") for row in read_rows("safety_text_words.tsv")}
    table = files("omnimuse.crafts.layout").joinpath("data/sizes.tsv").read_text(encoding="utf-8")
    things = [line.split("\t")[0] for line in table.splitlines() if line and line[0] != "#"]
    words["thing"] = words["thing2"] = things
    table = files("omnimuse.crafts.layout").joinpath("data/nouns.tsv").read_text(encoding="utf-8")
    nouns = [line.split("\t")[0] for line in table.splitlines() if line and line[0] != "#"]
    words["noun"] = [noun for noun in nouns if not NO_SUBJECT.search(noun)]
    return words


def fill(template: str, words: dict[str, list[str]], rng: np.random.Generator) -> str:
    """A template with words in its slots."""
    return SLOT.sub(lambda slot: str(rng.choice(words[slot[1]])), template)


def make_rows(
    sentences: list[Row],
    templates: list[Row],
    words: dict[str, list[str]],
    rng: np.random.Generator,
    *,
    is_augmented: bool,
) -> list[Row]:
    """Sentences and filled templates; with wrapped and joined copies if augmented."""
    rows = list(sentences)
    for category, template in templates:
        wanted = FILLED_SAFE if category == SAFE else FILLED_UNSAFE
        rows += {(category, fill(template, words, rng)): 0 for _ in range(wanted)}
    if is_augmented:
        rows += [(c, WRAPPINGS[rng.integers(len(WRAPPINGS))].format(t)) for c, t in sentences]
        chosen = rng.permutation(len(rows))[: len(rows) // 5]
        for category, text in (rows[i] for i in chosen):
            pair = [text, STEPS[rng.integers(len(STEPS))]]
            rng.shuffle(pair)
            rows.append((category, JOINS[rng.integers(len(JOINS))].format(*pair)))
    return rows


def split(items: list[Any], rng: np.random.Generator) -> tuple[list[Any], list[Any]]:
    """Three quarters and a quarter."""
    held = rng.random(len(items)) < 0.25
    kept = [item for item, is_held in zip(items, held, strict=True) if not is_held]
    return kept, [item for item, is_held in zip(items, held, strict=True) if is_held]


class Network(nn.Module):
    """One member; the forward pass of `TextModel` on padded batches, with dropout."""

    def __init__(self, dimension: int, classes: int) -> None:
        super().__init__()
        self.mean = nn.Linear(dimension, WHOLE)
        self.ngrams = nn.EmbeddingBag(BUCKETS, WHOLE, mode="sum")
        nn.init.normal_(self.ngrams.weight, 0, 0.1)
        self.max = nn.Linear(dimension, STRONGEST)
        self.query = nn.Linear(dimension, QUERIES, bias=False)
        self.value = nn.Linear(dimension, QUERIES * VALUES)
        self.out = nn.Linear(WHOLE + STRONGEST + QUERIES * VALUES, classes)
        self.drop = nn.Dropout(DROP)

    def forward(self, states: Tensor, mask: Tensor, bags: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        """Logits, (N, classes), of states (N, T, D) where mask (N, T) is 1."""
        mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        mean = MEAN_SCALE * mean / mean.norm(dim=1, keepdim=True)
        hidden = ~mask.bool()[..., None]
        states = self.drop(states)
        strongest = self.max(states).masked_fill(hidden, -1e4).amax(1)
        attention = self.query(states).masked_fill(hidden, -1e4).softmax(1)
        values = self.value(states).view(*states.shape[:2], QUERIES, VALUES)
        attended = (attention[..., None] * values).sum(1).flatten(1)
        whole = self.mean(mean) + self.ngrams(*bags)
        return self.out(self.drop(torch.relu(torch.cat([whole, strongest, attended], 1))))

    def arrays(self) -> dict[str, np.ndarray]:
        """Weights by the names of `TextModel`."""
        given = {name: value.detach().numpy() for name, value in self.state_dict().items()}
        found = {
            name: given[f"{name}.weight"].T for name in ("mean", "max", "query", "value", "out")
        }
        found |= {f"{name}_bias": given[f"{name}.bias"] for name in ("mean", "max", "value")}
        return {**found, "ngrams": given["ngrams.weight"], "bias": given["out.bias"]}


def batch_of(texts: list[str], embed: Any, rng: np.random.Generator) -> Any:
    """Padded states, mask, and n-gram bags of which some are dropped."""
    states = states_of(texts, embed)
    padded = np.zeros((len(texts), max(map(len, states)), states[0].shape[1]), np.float32)
    mask = np.zeros(padded.shape[:2], np.float32)
    for row, state in enumerate(states):
        padded[row, : len(state)], mask[row, : len(state)] = state, 1.0
    grams = [bucket_values(text) for text in texts]
    offsets = np.cumsum([0, *(len(buckets) for buckets, _ in grams[:-1])])
    buckets = np.concatenate([b for b, _ in grams])
    values = np.concatenate([v for _, v in grams])
    values = values * (rng.random(len(values)) > DROP_NGRAMS) / (1 - DROP_NGRAMS)
    bags = torch.tensor(buckets), torch.tensor(offsets), torch.tensor(values, dtype=torch.float32)
    return torch.from_numpy(padded), torch.from_numpy(mask), bags


def train_member(
    rows: list[Row], labels: list[str], embed: Any, seed: int
) -> dict[str, np.ndarray]:
    """Cross-entropy; harmful and harmless texts weigh the same together."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    target = np.array([labels.index(category) for category, _ in rows])
    is_safe = target == labels.index(SAFE)
    weight = np.where(is_safe, 0.5 / is_safe.mean(), 0.5 / (1 - is_safe.mean()))
    network = Network(states_of([rows[0][1]], embed)[0].shape[1], len(labels))
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    steps = EPOCHS * (len(rows) // BATCH + 9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, total_steps=steps, pct_start=0.1
    )
    for _ in range(EPOCHS):
        for part in np.array_split(rng.permutation(len(rows)), 8):
            part = part[np.argsort([len(rows[i][1]) for i in part], kind="stable")]
            batches = [part[i : i + BATCH] for i in range(0, len(part), BATCH)]
            for index in rng.permutation(len(batches)):
                chosen = batches[index]
                logits = network(*batch_of([rows[i][1] for i in chosen], embed, rng))
                loss = nn.functional.cross_entropy(
                    logits,
                    torch.tensor(target[chosen]),
                    reduction="none",
                    label_smoothing=SMOOTHING,
                )
                loss = (loss * torch.tensor(weight[chosen], dtype=torch.float32)).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
    return network.arrays()


def train(rows: list[Row], labels: list[str], embed: Any) -> dict[str, np.ndarray]:
    """The ensemble, as arrays for `TextModel`."""
    members = [train_member(rows, labels, embed, SEED + member) for member in range(MEMBERS)]
    arrays = {name: np.stack([m[name] for m in members]).astype(np.float16) for name in members[0]}
    return {**arrays, "labels": np.array(labels)}


_KNOWN: dict[str, np.ndarray] = {}


def states_of(texts: list[str], embed: Any) -> list[np.ndarray]:
    """Token states of each text, (T, D)."""
    new = sorted(set(texts) - _KNOWN.keys())
    if new:
        _KNOWN.update(zip(new, (s.astype(np.float16) for s in embed(new)), strict=True))
    return [_KNOWN[text].astype(np.float32) for text in texts]


def refusals(model: TextModel, texts: list[str], roles: Any, policy: Policy) -> np.ndarray:
    """Which texts the built-in policy refuses, judged as the gates do."""
    scores = TextDetector(roles, model).score(texts)
    return np.array([any(rule.score(s) >= rule.threshold for rule in policy.input) for s in scores])


def rates(groups: list[str], refused: np.ndarray) -> dict[str, Any]:
    """Share refused by group, with the group's size."""
    found = defaultdict(list)
    for group, verdict in zip(groups, refused, strict=True):
        found[group].append(bool(verdict))
    return {
        g: {"texts": len(v), "refused": round(sum(v) / len(v), 3)} for g, v in sorted(found.items())
    }


def summary(is_unsafe: np.ndarray, refused: np.ndarray) -> dict[str, float]:
    """The two figures that matter."""
    return {
        "unsafe_caught": round(float(refused[is_unsafe].mean()), 3),
        "safe_refused": round(float(refused[~is_unsafe].mean()), 3),
    }


def main() -> None:
    """Train, measure what was held out, train on all, measure the challenge, write."""
    torch.set_num_threads(1)
    roles = build_house(load_settings()).resolver.role
    embed = roles("feature-extraction", EMBEDDER).embed_tokens
    rng, policy = np.random.default_rng(SEED), Policy.load()
    sentences = [(row[0], row[1]) for row in read_rows("safety_text.tsv")]
    templates = [(row[0], row[1]) for row in read_rows("safety_text_templates.tsv")]
    words = read_words()
    labels = [*sorted({c for c, _ in sentences} - {SAFE}), SAFE]

    parts = {slot: split(fillers, rng) for slot, fillers in words.items()}
    s_train, s_held = split(sentences, rng)
    t_train, t_held = split(templates, rng)
    seen = {slot: kept for slot, (kept, _) in parts.items()}
    unseen = {slot: held or kept for slot, (kept, held) in parts.items()}
    rows = make_rows(s_train, t_train, seen, rng, is_augmented=True)
    model = TextModel(train(rows, labels, embed))
    held = make_rows(s_held, t_held, unseen, rng, is_augmented=False)
    refused = refusals(model, [text for _, text in held], roles, policy)
    unsafe = np.array([category != SAFE for category, _ in held])
    figures: dict[str, Any] = {
        "texts_trained_on": len(rows),
        "held_out": {
            **summary(unsafe, refused),
            "by_category": rates([c for c, _ in held], refused),
        },
    }
    only = np.arange(len(held)) < len(s_held)
    figures["held_out_sentences"] = summary(unsafe[only], refused[only])

    rows = make_rows(sentences, templates, words, rng, is_augmented=True)
    arrays = train(rows, labels, embed)
    model = TextModel(arrays)
    challenge = read_rows("safety_text_challenge.tsv")
    refused = refusals(model, [row[2] for row in challenge], roles, policy)
    unsafe = np.array([row[0] == "unsafe" for row in challenge])
    groups = [f"{row[0]}: {row[1]}" for row in challenge]
    figures["challenge"] = {**summary(unsafe, refused), "by_kind": rates(groups, refused)}
    print(json.dumps(figures, indent=1))
    for (side, kind, text), is_refused in zip(challenge, refused, strict=True):
        if is_refused != (side == "unsafe"):
            print(f"wrong: {side} {kind}: {text}")
    if "--dry-run" not in sys.argv:
        OUT.mkdir(exist_ok=True)
        np.savez_compressed(OUT / "safety-text.npz", **arrays)
        (OUT / "safety-text.json").write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
