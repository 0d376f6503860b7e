"""Train the request tagger: which words of a request ask for which tool of any tool set.

A tool set is given by names and descriptions at run time, as entity types are to GLiNER (Zaratiana
et al. 2023, arXiv:2311.08526): words and tools meet in one vector space. Frozen: the embedded
sentence encoder. Trained: a two-layer transformer over its word states, and a projection of the
tools' sentence vectors. Trained on requests of `recipes/tool_requests.py`; tools of three trades
and every seventh of the others never appear in training, and all figures are on those.

    python recipes/tool_tagger.py --out DIR [--steps 6000] [--minutes 30]
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parent))
from tool_requests import NOUNS, Tool, Writer, held_tools, read_tools, with_lent

WIDTH, HEADS, HIDDEN, LAYERS = 384, 6, 768, 2
MAX_TOKENS = 160
MANY = 6  # phrases beside a tool's description


class Encoder:
    """The embedded sentence encoder: word states and sentence vectors.

    Args:
        folder: the pulled card, with `model.onnx` and `tokenizer.json`.
    """

    def __init__(self, folder: Path) -> None:
        import onnxruntime as ort
        from tokenizers import Tokenizer

        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = ort.InferenceSession(str(folder / "model.onnx"), options)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding()

    def states(
        self, texts: list[str]
    ) -> tuple[np.ndarray, np.ndarray, list[list[tuple[int, int]]]]:
        """Word states (n, tokens, 384), mask (n, tokens), and the tokens' character ranges."""
        coded = self._tokenizer.encode_batch(texts)
        ids = np.array([c.ids for c in coded], np.int64)
        mask = np.array([c.attention_mask for c in coded], np.int64)
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (states,) = self._session.run(None, feed)
        return states, mask, [c.offsets for c in coded]

    def vectors(self, texts: list[str]) -> np.ndarray:
        """Unit sentence vectors (n, 384)."""
        out = []
        for start in range(0, len(texts), 32):
            states, mask, _ = self.states(texts[start : start + 32])
            pooled = (states * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
            out.append(pooled / np.linalg.norm(pooled, axis=1, keepdims=True))
        return np.concatenate(out).astype(np.float32)


class RequestTagger(nn.Module):
    """Word states and tool vectors -> how strongly each word asks for each tool.

    Shapes: states (n, t, 384), mask (n, t), docs (k, d, 384), kinds (k, 384) -> (n, t, k) and
    (n, t, 1): which tool, if any, and whether there is one. The two are apart, so that a tool that
    is only fairly near is still found where words surely ask for something. Tools stay where the
    encoder puts them: only the words are moved towards them, which new tools profit from too.
    """

    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(
            WIDTH, HEADS, HIDDEN, dropout=0.1, batch_first=True, norm_first=True, activation="gelu"
        )
        self.context = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(WIDTH)
        self.word = nn.Linear(WIDTH, WIDTH)
        self.kind = nn.Linear(WIDTH, WIDTH)
        self.ask = nn.Linear(WIDTH, 1)
        self.scale = nn.Parameter(torch.tensor(2.7))
        nn.init.eye_(self.word.weight)
        nn.init.zeros_(self.word.bias)
        nn.init.normal_(self.kind.weight, std=0.01)
        for block in self.context.layers:  # residual branches start silent
            nn.init.zeros_(block.self_attn.out_proj.weight)
            nn.init.zeros_(block.linear2.weight)

    def forward(
        self, states: Tensor, mask: Tensor, docs: Tensor, kinds: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Scores of the tools, and of there being one; softmax and sigmoid make shares of them."""
        context = self.norm(self.context(states, src_key_padding_mask=mask == 0))
        words = F.normalize(self.word(context), dim=-1)
        tools = F.normalize(docs + self.kind(kinds)[:, None], dim=-1)
        near = torch.einsum("ntw,kdw->ntkd", words, tools).amax(-1)
        return near * self.scale.exp(), self.ask(context)


def targets(
    spans: list[tuple[int, int, str]],
    offsets: list[tuple[int, int]],
    order: dict[str, int],
    length: int,
) -> np.ndarray:
    """For each token the share of each tool, or of "no tool" (last column)."""
    wanted = np.zeros((length, len(order) + 1), np.float32)
    for n, (start, end) in enumerate(offsets):
        inside = {order[t] for a, b, t in spans if start < b and end > a and end > start}
        for tool in inside or {len(order)}:
            wanted[n, tool] = 1 / max(1, len(inside))
    return wanted


def documents(tool: Tool) -> tuple[list[str], str]:
    """A tool's own words, as the planner has them, and its kinds."""
    kinds = f"{' and '.join(tool.inputs)} to {tool.output}"
    return [f"{tool.name}. {tool.about}", tool.about], kinds


def shares(tools: Tensor, ask: Tensor) -> Tensor:
    """Probability of each tool for each word; what is left to 1 is "none"."""
    return tools.softmax(-1) * ask.sigmoid()


def found_tools(share: Tensor, names: list[str], mask: np.ndarray) -> set[str]:
    """Tools that two neighbouring words ask for."""
    p = share.numpy()[mask > 0][1:-1]
    pair = (p[:-1] + p[1:]) / 2 if len(p) > 1 else p
    return {name for name, best in zip(names, pair.max(0) if len(p) else []) if best > 0.4}


def objective(near: Tensor, ask: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """Whether words ask for a tool (all words), and for which (those that do): cross entropies."""
    asks = 1 - wanted[..., -1]
    which = -(wanted[..., :-1] * near.log_softmax(-1)).sum(-1)
    whether = F.binary_cross_entropy_with_logits(ask[..., 0], asks, reduction="none")
    return ((which + whether) * weight).sum() / weight.sum()


class Documents:
    """Vectors of all that may be said of a tool: its description, and phrases as examples."""

    def __init__(self, tools: list[Tool], encoder: Encoder) -> None:
        texts: list[str] = []
        self._rows: dict[str, list[int]] = {}
        for tool in tools:
            said = [p for p in tool.phrases if p[0] != "%"]
            plain = [re.sub(r"\{2?\}", tool.inputs[0], p.lstrip("=~?")) for p in said]
            own = [*documents(tool)[0], tool.name, *plain]
            self._rows[tool.name] = list(range(len(texts), len(texts) + len(own)))
            texts += own
        self._vectors = torch.tensor(encoder.vectors(texts))
        self._kinds = torch.tensor(encoder.vectors([documents(tool)[1] for tool in tools]))
        self._number = {tool.name: n for n, tool in enumerate(tools)}

    def of(self, tools: list[Tool], rng: random.Random | None) -> tuple[Tensor, Tensor]:
        """Two vectors a tool (its description; or, by chance, something else), and kinds.

        Half of the batches have phrases beside the description, as the planner does where it has
        recognised a tool (`planning/foreign/phrasebook.py`).
        """
        many = rng is not None and rng.random() < 0.5
        rows = []
        for tool in tools:
            own = self._rows[tool.name]
            first, second = own[0], own[1]
            if rng is not None and not many and rng.random() < 0.5:
                first = rng.choice(own)
                second = rng.choice([first, *own[:3]])
            rows.append([first, second])
            if rng is not None and many:
                rows[-1] += rng.choices(own[3:], k=MANY)
        return self._vectors[torch.tensor(rows)], self._kinds[[self._number[t.name] for t in tools]]


def likeness(tools: list[Tool], encoder: Encoder) -> np.ndarray:
    """How near tools' phrases are to each other whatever they are about: (tools, tools)."""
    kinds = "|".join(sorted({noun for nouns in NOUNS.values() for noun in nouns}, key=len)[::-1])
    bare = re.compile(rf"\\{{2?\\}}|\\b(?:the |a |an )?(?:{kinds})s?\\b")
    said = [[bare.sub("it", p.lstrip("=~?")) for p in t.phrases if p[0] != "%"] for t in tools]
    vectors = np.split(
        encoder.vectors([p for own in said for p in own]),
        np.cumsum([len(own) for own in said])[:-1],
    )
    table = np.array(
        [[np.sort((a @ b.T).max(1))[-8:].mean() for b in vectors] for a in vectors], np.float32
    )
    return (table + table.T) / 2


def averaged(files: list[Path]) -> dict[str, Tensor]:
    """The mean of several states of one training (Wortsman et al. 2022, arXiv:2203.05482)."""
    states = [torch.load(file, weights_only=True) for file in files]
    return {name: sum(state[name] for state in states) / len(states) for name in states[0]}


def export(state: dict[str, Tensor], folder: Path) -> None:
    """Write the weights as the planner reads them."""
    arrays = {name: value.numpy().astype(np.float16) for name, value in state.items()}
    np.savez(folder / "request-tagger.npz", **arrays)


def main() -> None:
    """Train, measure on tools that were held out, save weights and card figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--encoder", type=Path, required=True, help="folder of all-minilm-l6-v2-int8"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--init", type=Path, help="tagger.pt of an earlier training to go on from")
    parser.add_argument(
        "--average", type=Path, nargs="+", help="train nothing: write the mean of these tagger.pt"
    )
    parser.add_argument(
        "--all", action="store_true", help="train on the held-out tools too: the shipped weights"
    )
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    if options.average:
        export(averaged(options.average), options.out)
        return
    encoder, tools = Encoder(options.encoder), read_tools()
    alike = likeness(tools, encoder)
    tools = with_lent(tools, alike)
    place = {tool.name: n for n, tool in enumerate(tools)}
    held = set() if options.all else held_tools(tools)
    shelf = Documents(tools, encoder)
    known = [t for t in tools if t.name not in held]
    unseen = [t for t in tools if t.name in held]
    model = RequestTagger()
    if options.init:
        model.load_state_dict(torch.load(options.init, weights_only=True))
    moved = [*model.word.parameters(), *model.kind.parameters()]
    slow = {id(p) for p in moved}
    rest = [p for p in model.parameters() if id(p) not in slow]
    best = torch.optim.AdamW(
        [{"params": rest, "peak": 4e-4}, {"params": moved, "peak": 5e-5}], weight_decay=0.05
    )
    rng = random.Random(options.seed)
    began = time.monotonic()

    def batch(pool: list[Tool], rng: random.Random, size: int, most: int) -> tuple[Any, ...]:
        chosen = rng.sample(pool, min(len(pool), rng.randint(12, most)))
        if pool is known and rng.random() < 0.6:  # tools that are easily taken for each other
            chosen = rivals(chosen[: rng.randint(3, 8)], pool)
        writer = Writer(chosen, rng)
        said = [writer.write(rng.choice([1, 1, 2, 2, 3, 3, 4, 5, 6])) for _ in range(size)]
        states, mask, offsets = encoder.states([r.text for r in said])
        order = {t.name: n for n, t in enumerate(chosen)}
        wanted = np.stack(
            [targets(r.spans, o, order, mask.shape[1]) for r, o in zip(said, offsets)]
        )
        d, k = shelf.of(chosen, rng if pool is known else None)
        return said, torch.tensor(states), mask, d, k, torch.tensor(wanted), list(order)

    def rivals(some: list[Tool], pool: list[Tool]) -> list[Tool]:
        """Some tools, and of the pool the six nearest to each."""
        found = {tool.name: tool for tool in some}
        for tool in some:
            row = alike[place[tool.name]]
            found |= {t.name: t for t in sorted(pool, key=lambda t: -row[place[t.name]])[:7]}
        return list(found.values())

    def measure(pool: list[Tool], count: int = 160) -> dict[str, float]:
        check = random.Random(99)
        hits = said_n = wanted_n = exact = 0
        model.eval()
        with torch.inference_mode():
            for _ in range(count // 20):
                said, states, mask, d, k, _, names = batch(pool, check, 20, 40)
                share = shares(*model(states, torch.tensor(mask), d, k))
                for n, request in enumerate(said):
                    wanted = {t for _, _, t in request.spans}
                    guess = found_tools(share[n], names, mask[n])
                    hits += len(guess & wanted)
                    said_n, wanted_n = said_n + len(guess), wanted_n + len(wanted)
                    exact += guess == wanted
        model.train()
        p, r = hits / max(said_n, 1), hits / max(wanted_n, 1)
        f1, share = 2 * p * r / max(p + r, 1e-9), exact / (count // 20 * 20)
        figures = {"precision": p, "recall": r, "f1": f1, "exact": share}
        return {name: round(value, 4) for name, value in figures.items()}

    watched = unseen or known
    print("before", json.dumps(measure(watched)), flush=True)
    last = 0.0
    for step in range(options.steps):
        share = max(step / options.steps, (time.monotonic() - began) / (60 * options.minutes))
        if share >= 1:
            break
        for group in best.param_groups:
            group["lr"] = (
                group["peak"] * min(1.0, (step + 1) / 200) * 0.5 * (1 + np.cos(np.pi * share))
            )
        _, states, mask, d, k, wanted, _ = batch(known, rng, 16, 60)
        near, ask = model(states, torch.tensor(mask), d, k)
        loss = objective(near, ask, wanted, torch.tensor(mask, dtype=torch.float32))
        best.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        best.step()
        last = 0.98 * last + 0.02 * loss.item() if step else loss.item()
        if step % 200 == 199:
            print(step + 1, f"loss {last:.4f}", f"{time.monotonic() - began:.0f} s", flush=True)
        if step % 1000 == 999:
            print("watched tools", json.dumps(measure(watched)), flush=True)
            torch.save(model.state_dict(), options.out / f"tagger-{step + 1}.pt")
    figures = {"known": measure(known), "steps": step + 1, "loss": last}
    if unseen:
        figures["unseen"] = measure(unseen)
    print(json.dumps(figures), flush=True)
    torch.save(model.state_dict(), options.out / "tagger.pt")
    export(model.state_dict(), options.out)
    (options.out / "figures.json").write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
