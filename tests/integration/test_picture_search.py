"""Which picture shows what the words say: the shipped CLIP, and checkpoints in the real format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import image_asset
from omnimuse.backends.adhoc import card_for_choice
from omnimuse.backends.card import ModelCard
from omnimuse.backends.onnx_clip import OnnxClip
from omnimuse.backends.store import ModelStore
from omnimuse.config import Settings
from omnimuse.errors import ArgumentError, CheckpointError
from omnimuse.tools.picture_search import find_picture

ROLE = "zero-shot-image-classification"


class Context:
    """What the tool needs of a run."""

    def __init__(self, encoder: object) -> None:
        self.encoder = encoder

    def role(self, name: str) -> object:
        assert name == ROLE
        return self.encoder

    def checkpoint(self, share: float, words: str) -> None:
        """No one cancels."""


class Colours:
    """Pictures are their mean colour, words are colours."""

    scale = 10.0
    known = {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1)}

    def embed_pictures(self, pictures):
        means = np.array([p[..., :3].mean((0, 1)) for p in pictures], np.float32) + 1e-6
        return means / np.linalg.norm(means, axis=1, keepdims=True)

    def embed_texts(self, texts):
        return np.array([self.known[text] for text in texts], np.float32)


def plain(color: str) -> Asset:
    return image_asset(Image.new("RGB", (12, 9), color))


def test_the_best_picture_comes_first_and_the_table_ranks_all() -> None:
    images = [plain(color) for color in ("#0000ff", "#ff8080", "#ff0000")]
    found = find_picture(Context(Colours()), images, Asset.from_text(" red ", "text"))
    assert found.picture is images[2]
    rows = found.ranking.read_text().splitlines()
    assert rows[0] == "picture,cosine"
    assert [row.split(",")[0] for row in rows[1:]] == ["3", "2", "1"]
    assert float(rows[1].split(",")[1]) == pytest.approx(1, abs=1e-3)


def test_what_it_is_held_against_gives_probabilities() -> None:
    images = [plain("#ff0000"), plain("#00ff00")]
    words = Asset.from_text("red", "text")
    found = find_picture(Context(Colours()), images, words, against="green, blue")
    rows = [row.split(",") for row in found.ranking.read_text().splitlines()]
    assert rows[0] == ["picture", "cosine", "probability"]
    assert float(rows[1][2]) == pytest.approx(1 / (1 + 2 * np.exp(-10)), abs=1e-3)
    assert float(rows[2][2]) < 0.001


def test_no_pictures_or_no_words_are_named() -> None:
    with pytest.raises(ArgumentError, match="0 pictures"):
        find_picture(Context(Colours()), [], Asset.from_text("red", "text"))
    with pytest.raises(ArgumentError, match="0 letters"):
        find_picture(Context(Colours()), [plain("red")], Asset.from_text("  ", "text"))


@pytest.mark.weights
def test_the_shipped_model_finds_drawn_things(models_dir: Path) -> None:
    """Drawings that it has seen, asked for in words that it has not."""
    from omnimuse.backends.cards import load_cards

    settings = Settings(home=models_dir.parent, models_dir=models_dir)
    card = load_cards(settings)["icon-clip"]
    encoder = OnnxClip.from_settings(card, models_dir / "icon-clip", settings)
    import io
    import zipfile

    import resvg_py

    asked = {
        "fox": "a wild animal with a red tail",
        "bicycle": "a bike to ride",
        "guitar": "an instrument with strings",
        "pizza": "a slice of italian food",
        "snowman": "a figure made of snow",
        "airplane": "a plane in the air",
        "tulip": "a spring flower",
        "crown": "what a king wears",
        "umbrella": "keeps you dry in the rain",
        "turtle": "a slow reptile with a shell",
        "violin": "a fiddle",
        "carrot": "an orange vegetable",
    }
    pictures = []
    with zipfile.ZipFile(models_dir / "fluent-illustrator" / "modern.zip") as archive:
        for name in asked:
            svg = archive.read(f"{name}.svg").decode()
            png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=160, height=160))
            pictures.append(np.asarray(Image.open(io.BytesIO(png)).convert("RGBA")))
    cosines = encoder.embed_pictures(pictures) @ encoder.embed_texts(list(asked.values())).T
    right = int((cosines.argmax(axis=1) == np.arange(len(asked))).sum())
    assert right >= 7, right  # guessing gives one


def save_clip(folder: Path, kind: str) -> None:
    import torch
    from transformers import (
        CLIPConfig,
        CLIPImageProcessor,
        CLIPModel,
        SiglipConfig,
        SiglipImageProcessor,
        SiglipModel,
    )

    torch.manual_seed(0)
    text = {"vocab_size": 20, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
            "num_attention_heads": 2, "max_position_embeddings": 12}  # fmt: skip
    vision = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
              "num_attention_heads": 2, "image_size": 16, "patch_size": 8}  # fmt: skip
    if kind == "clip":
        ends = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1}
        config = CLIPConfig(text_config=text | ends, vision_config=vision, projection_dim=8)
        CLIPModel(config).save_pretrained(folder)
        size = {"shortest_edge": 16}
        CLIPImageProcessor(size=size, crop_size=16).save_pretrained(folder)
    else:
        config = SiglipConfig(text_config=text, vision_config=vision)
        SiglipModel(config).save_pretrained(folder)
        SiglipImageProcessor(size={"height": 16, "width": 16}).save_pretrained(folder)
    save_words(folder)


def save_words(folder: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = ["<start>", "<end>", "a", "red", "fox", "the", "moon"]
    made = Tokenizer(models.WordLevel({w: n for n, w in enumerate(words)}, unk_token="<end>"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made.post_processor = processors.TemplateProcessing(
        single="<start> $A <end>", special_tokens=[("<start>", 0), ("<end>", 1)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token="<start>", eos_token="<end>", pad_token="<end>",
        unk_token="<end>", model_max_length=12,
    ).save_pretrained(folder)  # fmt: skip


@pytest.mark.torch
@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_checkpoints_of_the_hubs_format_play_the_role(kind: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from omnimuse.backends.transformers_clip import TransformersClip

    save_clip(tmp_path / kind, kind)
    settings = Settings(home=tmp_path, models_dir=tmp_path / "models")
    store = ModelStore(settings.models_dir)
    card = card_for_choice(ROLE, f"file:{tmp_path / kind}", settings, store)
    assert (card.backend, card.roles) == ("transformers-clip", (ROLE,))
    encoder = TransformersClip(card, tmp_path / kind)
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (16, 16, 3)).astype(np.uint8)
    pictures = encoder.embed_pictures([pixels, pixels[:, ::-1]])
    texts = encoder.embed_texts(["a red fox", "the moon " * 40])
    assert pictures.shape[1] == texts.shape[1]
    assert np.allclose(np.linalg.norm(np.concatenate([pictures, texts]), axis=1), 1, atol=1e-5)
    assert np.allclose(encoder.embed_pictures([pixels[:, ::-1]])[0], pictures[1], atol=1e-5)

    # the same cosines as the library's own forward pass
    model = transformers.AutoModel.from_pretrained(tmp_path / kind).eval()
    look = transformers.AutoImageProcessor.from_pretrained(tmp_path / kind)
    words = transformers.AutoTokenizer.from_pretrained(tmp_path / kind)
    padding = "max_length" if kind == "siglip" else True
    inputs = words(["a red fox"], return_tensors="pt", padding=padding, max_length=12)
    inputs |= look(images=[pixels], return_tensors="pt")
    with torch.no_grad():
        wanted = model(**inputs).logits_per_image.item()
    found = float(pictures[0] @ texts[0]) * encoder.scale
    bias = float(model.logit_bias) if kind == "siglip" else 0.0
    assert found + bias == pytest.approx(wanted, abs=1e-3)


@pytest.mark.torch
def test_damaged_and_foreign_checkpoints_are_named(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from omnimuse.backends.transformers_clip import TransformersClip

    save_clip(tmp_path / "clip", "clip")
    (tmp_path / "clip" / "model.safetensors").write_bytes(b"torn")
    with pytest.raises(CheckpointError):
        TransformersClip(ModelCard("c", (ROLE,), "transformers-clip"), tmp_path / "clip")
