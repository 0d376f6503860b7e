"""LoRA and QLoRA: teach a language model of the transformers format from a text file.

    omnimuse train lora-text --set checkpoint=FOLDER --data my.txt --out runs/lora
    omnimuse train lora-text --set checkpoint=FOLDER --set base_bits=4 --data my.txt

Only small matrices beside the frozen ones are trained; with `base_bits` the frozen ones are kept in
8 or 4 bits (QLoRA with absmax groups of 32 by torchao in place of the paper's NF4). The adapter is
written in peft's own format into `adapter/`. Only safetensors checkpoints are read, and no code of
a checkpoint is run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from omnimuse.errors import CheckpointError, ConfigError, DatasetError
from omnimuse.training.dataset import Batch, Dataset, DataSpec
from omnimuse.training.quantize import quantize
from omnimuse.training.recipe import Recipe, StepState


@dataclass(frozen=True)
class Config:
    """Settings of a text adapter."""

    checkpoint: str = ""
    """Folder of a causal language model with its tokenizer."""
    rank: int = 8
    """Inner width of the added matrices."""
    alpha: float = 16.0
    """Their scale is alpha / rank."""
    dropout: float = 0.0
    """Share of their inputs dropped in training."""
    targets: tuple[str, ...] = ("q_proj", "v_proj")
    """Names of the linear layers that get them."""
    base_bits: int = 16
    """8 or 4 keeps the frozen weights in so few bits; 16 leaves them as they are."""
    context: int = 256
    """Tokens of a paragraph that are read."""
    learning_rate: float = 3e-4
    """Of AdamW."""


def load_base(config: Config) -> tuple[Any, Any]:
    """The frozen model and its tokenizer.

    Raises:
        ConfigError: no checkpoint named.
        CheckpointError: not a causal language model in safetensors.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = Path(config.checkpoint).expanduser()
    if not config.checkpoint or not folder.is_dir():
        raise ConfigError(
            f"there is no checkpoint folder {config.checkpoint!r}",
            hint="Give one: --set checkpoint=FOLDER",
        )
    try:
        model = AutoModelForCausalLM.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, trust_remote_code=False
        )
        tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(f"{folder.name} is no usable checkpoint: {error}") from None
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model, tokenizer


def tokens_of(model: Any, config: Config, captions: list[str]) -> dict[str, Tensor]:
    """Padded token numbers, and -100 in the labels where there is padding."""
    tokens = model.tokenizer(
        captions, return_tensors="pt", padding=True, truncation=True, max_length=config.context,
        return_token_type_ids=False,
    )  # fmt: skip
    device = next(model.parameters()).device
    ids, mask = tokens["input_ids"].to(device), tokens["attention_mask"].to(device)
    return {"input_ids": ids, "attention_mask": mask, "labels": ids.masked_fill(mask == 0, -100)}


def perplexity(model: Any, config: Config, data: Dataset) -> dict[str, float]:
    """Exp of the mean loss a token."""
    import torch

    total, count = 0.0, 0
    with torch.no_grad():
        for batch in data.batches(8):
            inputs = tokens_of(model, config, batch["caption"])
            used = int((inputs["labels"][:, 1:] != -100).sum())
            if used:
                total += float(model(**inputs).loss) * used
                count += used
    if not count:
        raise DatasetError(f"{data.name}: the held-out paragraphs have fewer than two tokens")
    return {"perplexity": float(torch.tensor(total / count).exp())}


class LoraText(Recipe[Config]):
    """Next-token loss on paragraphs, through an adapter."""

    name = "lora-text"
    family = "adapter"
    summary = "LoRA and QLoRA adapters for language models of the transformers format"
    paper = "Hu et al. 2021, arXiv:2106.09685; Dettmers et al. 2023, arXiv:2305.14314"
    config = Config
    monitor = "perplexity"
    role = "text-generation"
    saves_trained_only = True
    search_space = {"learning_rate": ("log", 1e-5, 1e-3), "rank": ("choice", 4, 8, 16)}

    def build(self, config: Config, spec: DataSpec) -> Any:
        """The base with an adapter that does nothing yet."""
        from peft import LoraConfig, get_peft_model

        if spec.kind != "text" and not spec.has_captions:
            raise DatasetError("lora-text learns from text", hint="Give --data FILE.txt")
        base, tokenizer = load_base(config)
        if config.base_bits != 16:
            quantize(base, config.base_bits)
        lora = LoraConfig(
            r=config.rank, lora_alpha=config.alpha, lora_dropout=config.dropout,
            target_modules=list(config.targets), task_type="CAUSAL_LM",
        )  # fmt: skip
        try:
            model = get_peft_model(base, lora)
        except ValueError as error:
            raise ConfigError(f"the adapter does not fit the checkpoint: {error}") from None
        model.tokenizer = tokenizer
        return model

    def loss(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """Mean next-token loss in nats."""
        return {"loss": state.model(**tokens_of(state.model, state.config, batch["caption"])).loss}

    def evaluate(
        self, model: Any, config: Config, data: Dataset, *, generator: Any
    ) -> dict[str, float]:
        """Perplexity of held-out paragraphs."""
        return perplexity(model, config, data)

    def floor(self, config: Config, train: Dataset, held_out: Dataset) -> dict[str, float]:
        """The base without an adapter, in full precision."""
        base, tokenizer = load_base(config)
        base.tokenizer = tokenizer
        return perplexity(base.eval(), config, held_out)

    def finish(self, model: Any, config: Config, folder: Path) -> None:
        """The adapter in peft's format."""
        model.save_pretrained(folder / "adapter", safe_serialization=True)


RECIPE = LoraText()
