"""Train the eyes of the picture judge (card `picture-eyes`) on rendered art.

    python recipes/picture_judge.py draw --art DIR --cache DIR             sprites and backdrops
    python recipes/picture_judge.py finder --cache DIR --minutes 4         where things are
    python recipes/picture_judge.py features --cache DIR --minutes 2       crops, described
    python recipes/picture_judge.py recognizer --cache DIR --minutes 2     what things are
    python recipes/picture_judge.py renew --art DIR --cache DIR --minutes 2 [--again drawn:hat]
                             new drawings, and changed ones; then `recognizer`, with --go-on if
                             no class is new
    python recipes/picture_judge.py export --art DIR --cache DIR --out DIR

Nothing but our own renderings is learned from: the art pack's drawings and our own, in shaded and
flat style, recoloured, turned, mirrored, partly hidden, on backdrops, gradients and clutter. Flat
drawings of a seventh of the classes, one recolouring of each class and a fifth of the backdrops are
never trained on; the measures are taken on them. One processor thread; minutes are those of the
processor.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from picture_studio import FLAT, HELD, SHADED, SIDE, Studio, draw, redraw

AGAIN = 220
"""Crops of each drawing that was added or changed."""
GENTLY = 2.5e-4
"""Learning rate of a training that goes on."""

# ---------------------------------------------------------------- training


def make_features(cache: Path, minutes: float) -> None:
    """Describe crops of every class, round after round, for so many minutes of processor time."""
    describe_held_out(cache)
    describe_rounds(cache, Studio(cache, 1), [], [], minutes)


def renew_features(cache: Path, art: Path, again: list[str], minutes: float) -> None:
    """After drawings were added or changed: theirs are described anew, all others are kept."""
    hot, moved = redraw(art, cache, again)
    data = np.load(cache / "train.npz")
    labels = moved[data["labels"]]
    keep = (labels >= 0) & ~np.isin(labels, hot)
    rows, studio = [data["rows"][keep]], Studio(cache, zlib.crc32(repr(hot).encode()))
    order = hot * AGAIN
    rows += described(studio, order)
    describe_held_out(cache)
    describe_rounds(cache, studio, rows, [*labels[keep].tolist(), *order], minutes)


def describe_held_out(cache: Path) -> None:
    """Crops that are measured on and never trained on."""
    from omnimuse.backends.thing_features import describe

    held = Studio(cache, 2, is_held_out=True)
    sets: dict[str, list[tuple[int, int | None]]] = {
        "own": [(i, SHADED) for i in held.drawn[::2]],
        "recoloured": [(i, HELD) for i in held.drawn[1::2]],
        "flat": [(i, FLAT) for i in sorted(held.no_flat)],
        "nothing": [(0, None)] * 200,
    }
    test: dict[str, np.ndarray] = {}
    for name, pairs in sets.items():
        crops = [held.crop(i, v) for i, v in pairs]
        test[name] = np.concatenate([describe(np.stack(c)) for c in pieces(crops)])
        test[f"{name} labels"] = np.array([i for i, _ in pairs])
    np.savez(cache / "test.npz", **test)


def describe_rounds(
    cache: Path, studio: Studio, rows: list[np.ndarray], labels: list[int], minutes: float
) -> None:
    """Add rounds of crops of every class; kept after every fifth."""
    start, lap = time.process_time(), 0
    while (time.process_time() - start) / 60 < minutes:
        order = [*studio.drawn, *studio.slim, *([0] * 50)]
        rows += described(studio, order)
        labels += order
        lap += 1
        print(lap, round(time.process_time() - start), flush=True)
        if lap % 5 == 0:
            np.savez(cache / "train.npz", rows=np.concatenate(rows), labels=np.array(labels))
    np.savez(cache / "train.npz", rows=np.concatenate(rows), labels=np.array(labels))


def described(studio: Studio, classes: list[int]) -> list[np.ndarray]:
    """Features of a crop of each class, in pieces, in half precision."""
    from omnimuse.backends.thing_features import describe

    return [
        describe(np.stack([studio.crop(i) for i in part])).astype(np.float16)
        for part in pieces(classes)
    ]


def pieces(items: list[Any], size: int = 64) -> Iterator[list[Any]]:
    """The items in pieces of a size."""
    for at in range(0, len(items), size):
        yield items[at : at + size]


def train_recognizer(cache: Path, minutes: float, *, goes_on: bool = False) -> None:
    """A linear discriminant, then cross-entropy with smoothed labels from there.

    Args:
        cache: holds the features.
        minutes: of processor time.
        goes_on: from the recogniser that is there, more gently; the classes must be the same.
    """
    import torch
    from torch.nn import functional

    from omnimuse.models.picture_eyes import ThingRecognizer

    torch.set_num_threads(1)
    torch.manual_seed(0)
    data = np.load(cache / "train.npz")
    rows, labels = data["rows"], torch.from_numpy(data["labels"])
    count = len(json.loads((cache / "classes.json").read_text()))
    if goes_on:
        net = ThingRecognizer(rows.shape[1], count)
        net.load_state_dict(torch.load(cache / "recognizer.pt", weights_only=True))
    else:
        net = started(rows.astype(np.float32), data["labels"], count)
    rate = GENTLY if goes_on else 1e-3
    print("at first", json.dumps(measure_recognizer(cache, net)), flush=True)
    features = torch.from_numpy(rows)
    optimizer = torch.optim.AdamW(net.parameters(), rate, weight_decay=0.02)
    start, step, batch = time.process_time(), 0, 512
    while (share := (time.process_time() - start) / 60 / minutes) < 1:
        set_rate(optimizer, rate, share)
        chosen = torch.randint(len(rows), (batch,))
        x = features[chosen].float()
        x = x * (torch.rand_like(x) > 0.1) + 0.01 * torch.randn_like(x)
        loss = functional.cross_entropy(net(x), labels[chosen], label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
        if step % 400 == 0:
            found = json.dumps(measure_recognizer(cache, net))
            print(f"{step} {share:.2f} loss {float(loss):.3f} {found}", flush=True)
    torch.save(net.state_dict(), cache / "recognizer.pt")
    print(json.dumps(measure_recognizer(cache, net)), flush=True)


def started(rows: np.ndarray, labels: np.ndarray, count: int, shrinkage: float = 0.3) -> Any:
    """A recogniser whose straight way is the linear discriminant of the classes."""
    import torch

    from omnimuse.models.picture_eyes import ThingRecognizer

    order = np.argsort(labels, kind="stable")
    kinds, starts = np.unique(labels[order], return_index=True)
    means = np.add.reduceat(rows[order], starts) / np.bincount(labels)[kinds][:, None]
    place = np.zeros(count, np.int64)
    place[kinds] = np.arange(len(kinds))
    rest = rows - means[place[labels]]
    covariance = rest.T @ rest / len(rest)
    covariance += shrinkage * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    weights = np.linalg.solve(covariance, means.T).T
    net = ThingRecognizer(rows.shape[1], count)
    with torch.no_grad():
        net.straight.weight.zero_()
        net.straight.bias.fill_(-30.0)
        net.straight.weight[kinds] = torch.from_numpy(0.35 * weights).float()
        biases = -0.5 * (means * weights).sum(axis=1)
        net.straight.bias[kinds] = torch.from_numpy(0.35 * (biases - biases.mean())).float()
    return net


def measure_recognizer(cache: Path, net: Any) -> dict[str, float]:
    """Accuracy on what training never saw; "nouns" counts a class with a noun in common."""
    import torch

    names = [set(c["names"]) for c in json.loads((cache / "classes.json").read_text())]
    test, found = np.load(cache / "test.npz"), {}
    for name in ("own", "recoloured", "flat", "nothing"):
        with torch.inference_mode():
            guess = net(torch.from_numpy(test[name])).argmax(1).tolist()
        pairs = list(zip(guess, test[f"{name} labels"].tolist(), strict=True))
        found[name] = round(sum(g == t for g, t in pairs) / len(pairs), 4)
        if name != "nothing":
            alike = sum(g == t or bool(names[g] & names[t]) for g, t in pairs)
            found[f"{name}, nouns"] = round(alike / len(pairs), 4)
    return found


def train_finder(cache: Path, minutes: float) -> None:
    """Focal loss on centres, cross-entropy on coverage, distances at the centres.

    Goes on from the cache's finder if there is one, with pictures that it has not seen.
    """
    import torch

    from omnimuse.models.picture_eyes import ThingFinder

    torch.set_num_threads(1)
    torch.manual_seed(0)
    studio = Studio(cache, 3)
    net = ThingFinder().to(memory_format=torch.channels_last)
    if (cache / "finder.pt").exists():
        net.load_state_dict(torch.load(cache / "finder.pt", weights_only=True))
        studio = Studio(cache, zlib.crc32((cache / "finder.pt").read_bytes()))
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=0.01)
    start, step = time.process_time(), 0
    while (share := (time.process_time() - start) / 60 / minutes) < 1:
        set_rate(optimizer, 2e-3, share)
        scenes = [studio.scene() for _ in range(8)]
        parts = finder_losses(net(as_tensor(np.stack([s[0] for s in scenes]))), scenes)
        loss = sum(parts.values())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
        step += 1
        if step % 100 == 0:
            tell = " ".join(f"{k} {float(v):.3f}" for k, v in parts.items())
            print(f"{step} {share:.2f} {tell}", flush=True)
        if step % 200 == 0:
            torch.save(net.state_dict(), cache / "finder.pt")
    torch.save(net.state_dict(), cache / "finder.pt")


def finder_losses(out: Any, scenes: list[Any]) -> dict[str, Any]:
    """The three losses of a batch of pictures."""
    import torch
    from torch.nn import functional

    cells = out.shape[-1]
    heat = np.zeros((len(scenes), cells, cells), np.float32)
    sides = np.zeros((len(scenes), 4, cells, cells), np.float32)
    weight = np.zeros((len(scenes), cells, cells), np.float32)
    cover = np.stack(
        [cv2.resize(s[1], (cells, cells), interpolation=cv2.INTER_AREA) for s in scenes]
    )
    for k, (_, _, boxes) in enumerate(scenes):
        for box in boxes:
            spread(heat[k], sides[k], weight[k], box)
    truth = torch.from_numpy(heat)
    p = out[:, 1].clamp(1e-4, 1 - 1e-4)
    hit = truth >= 0.999
    focal = torch.where(hit, (1 - p) ** 2 * p.log(), (1 - truth) ** 4 * p**2 * (1 - p).log())
    w = torch.from_numpy(weight)
    far = (out[:, 2:].sqrt() - torch.from_numpy(sides).sqrt()).abs().sum(1)
    return {
        "cover": functional.binary_cross_entropy(out[:, 0], torch.from_numpy(cover)),
        "centre": -focal.sum() / hit.sum().clamp(min=1),
        "sides": 2 * (far * w).sum() / w.sum().clamp(min=1),
    }


def spread(
    heat: np.ndarray, sides: np.ndarray, weight: np.ndarray, box: tuple[float, float, float, float]
) -> None:
    """Mark a thing's centre as a Gaussian, and its distances around the centre."""
    cells = heat.shape[0]
    x, y, w, h = (v / 4 for v in box)
    cx, cy = int(np.clip(x + w / 2, 0, cells - 1)), int(np.clip(y + h / 2, 0, cells - 1))
    sx, sy = max(w * 0.09, 0.6), max(h * 0.09, 0.6)
    yy, xx = np.mgrid[0:cells, 0:cells].astype(np.float32)
    bump = np.exp(-((xx - cx) ** 2) / (2 * sx * sx) - (yy - cy) ** 2 / (2 * sy * sy))
    np.maximum(heat, bump, out=heat)
    near = (bump > 0.6) & (bump >= weight)
    weight[near] = bump[near]
    px, py = (xx + 0.5) * 4, (yy + 0.5) * 4
    x, y, w, h = box
    for channel, value in enumerate((px - x, py - y, x + w - px, y + h - py)):
        sides[channel][near] = np.maximum(value[near], 0.5) / 128.0


def set_rate(optimizer: Any, peak: float, share: float) -> None:
    """Linear warm-up, then a cosine down to a hundredth."""
    rate = share / 0.04 if share < 0.04 else 0.5 * (1 + math.cos(math.pi * share)) * 0.99 + 0.01
    for group in optimizer.param_groups:
        group["lr"] = peak * min(rate, 1.0)


def as_tensor(pictures: np.ndarray) -> Any:
    """uint8 (B, H, W, 3) as float (B, 3, H, W)."""
    import torch

    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div(255)


# ---------------------------------------------------------------- shipping


def export(cache: Path, art: Path, out: Path) -> None:
    """The finder as ONNX, the recogniser as arrays in half precision with its vocabulary."""
    import torch

    from omnimuse.crafts.illustration.art import ArtPack
    from omnimuse.crafts.judging.vocabulary import build_vocabulary
    from omnimuse.models.picture_eyes import ThingFinder

    classes = json.loads((cache / "classes.json").read_text())
    current = build_vocabulary(ArtPack(art))  # nouns may have been added since the training
    if [c["art"] for c in current] != [c["art"] for c in classes]:
        raise SystemExit("the classes have changed since the training")
    finder = ThingFinder()
    finder.load_state_dict(torch.load(cache / "finder.pt", weights_only=True))
    path = out / "picture-finder.onnx"
    path.write_bytes(to_onnx(finder, (1, 3, SIDE, SIDE), "pictures", {2: "height", 3: "width"}))
    weights = torch.load(cache / "recognizer.pt", weights_only=True)
    arrays = {name.replace(".", "_"): value.half().numpy() for name, value in weights.items()}
    nouns = json.dumps([c["names"] for c in current], ensure_ascii=False).encode()
    np.savez(out / "picture-recognizer.npz", nouns=np.frombuffer(nouns, np.uint8), **arrays)
    for part in (path, out / "picture-recognizer.npz"):
        data = part.read_bytes()
        print(part.name, len(data), hashlib.sha256(data).hexdigest())


def to_onnx(net: Any, shape: tuple[int, ...], name: str, free: dict[int, str]) -> bytes:
    """The network as an ONNX file; large weights are stored in half precision and cast back."""
    import io

    import onnx
    import torch
    from onnx import TensorProto, helper, numpy_helper

    buffer = io.BytesIO()
    torch.onnx.export(
        net.eval(), torch.zeros(shape), buffer, input_names=[name], output_names=["out"],
        dynamic_axes={name: free, "out": free}, opset_version=17, dynamo=False,
    )  # fmt: skip
    model = onnx.load_from_string(buffer.getvalue())
    casts, kept = [], []
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < 64:
            kept.append(weight)
            continue
        half = numpy_helper.from_array(values.astype(np.float16), weight.name + "_half")
        kept.append(half)
        casts.append(helper.make_node("Cast", [half.name], [weight.name], to=TensorProto.FLOAT))
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def main() -> None:
    """Run one step of the recipe."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "step", choices=("draw", "finder", "features", "renew", "recognizer", "export")
    )
    options.add_argument("--cache", type=Path, required=True)
    options.add_argument("--art", type=Path)
    options.add_argument("--out", type=Path)
    options.add_argument("--minutes", type=float, default=12.0)
    options.add_argument("--again", default="", help="changed drawings, e.g. fluent:bus,fluent:cup")
    options.add_argument("--go-on", action="store_true")
    chosen = options.parse_args()
    if chosen.step == "draw":
        draw(chosen.art, chosen.cache)
    elif chosen.step == "finder":
        train_finder(chosen.cache, chosen.minutes)
    elif chosen.step == "features":
        make_features(chosen.cache, chosen.minutes)
    elif chosen.step == "recognizer":
        train_recognizer(chosen.cache, chosen.minutes, goes_on=chosen.go_on)
    elif chosen.step == "renew":
        again = [name for name in chosen.again.split(",") if name]
        renew_features(chosen.cache, chosen.art, again, chosen.minutes)
    else:
        export(chosen.cache, chosen.art, chosen.out)


if __name__ == "__main__":
    main()
