"""The text-to-image model: patch code, autoencoder, denoiser, and its other forms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

import onnxruntime  # noqa: E402

from omnimuse.errors import CheckpointError  # noqa: E402
from omnimuse.models.text_to_image import (  # noqa: E402
    TextToImageConfig,
    alphas,
    build_autoencoder,
    build_unet,
    decode_patches,
    encode_patches,
    fit_patch_code,
    v_loss,
)
from omnimuse.models.text_to_image_export import (  # noqa: E402
    Decoder,
    Encoder,
    compress,
    export_denoiser,
    quantize,
    to_onnx,
    widened,
)
from omnimuse.schedulers import DiscreteVP, cosine_betas  # noqa: E402

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]
SMALL = TextToImageConfig(
    side=32, latent_channels=8, channels=(32, 64), text_tokens=6, decoder_channels=16,
    decoder_blocks=(1, 0, 0, 0),
)  # fmt: skip


@pytest.fixture(scope="module")
def pictures() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(24, 3, 4, 4, generator=generator)
    return torch.nn.functional.interpolate(coarse, size=32, mode="bilinear").clamp(0, 1)


def test_all_components_give_the_picture_back(pictures: torch.Tensor) -> None:
    code = fit_patch_code(pictures, 48, 4)
    found = decode_patches(encode_patches(pictures, code), code)
    assert torch.allclose(found, pictures, atol=1e-4)


def test_fewer_components_are_the_best_that_many_numbers_can_do(pictures: torch.Tensor) -> None:
    def error(channels: int) -> float:
        code = fit_patch_code(pictures, channels, 8)
        return float(
            (decode_patches(encode_patches(pictures, code), code) - pictures).square().mean()
        )

    assert error(2) > error(4) > error(8)
    code = fit_patch_code(pictures, 4, 8)
    rows = torch.nn.functional.pixel_unshuffle(pictures, 8).permute(0, 2, 3, 1).flatten(0, 2)
    values = torch.linalg.svdvals((rows - rows.mean(0)).double()) ** 2
    assert error(4) * rows.numel() == pytest.approx(float(values[4:].sum()), rel=1e-3)
    latents = encode_patches(pictures, code)
    assert float(latents.square().mean()) == pytest.approx(1, rel=0.01)


@pytest.mark.parametrize("patch", [4, 8])
def test_diffusers_autoencoder_holds_the_patch_code(pictures: torch.Tensor, patch: int) -> None:
    blocks = (1, 0, 0, 0) if patch == 8 else (1, 0, 0)
    config = replace(SMALL, patch=patch, decoder_blocks=blocks)
    code = fit_patch_code(pictures, config.latent_channels, patch)
    model = build_autoencoder(config, code)
    found = model.encode(pictures * 2 - 1).latents * model.config.scaling_factor
    assert torch.allclose(found, encode_patches(pictures, code), atol=1e-4)
    assert model.decode(found / model.config.scaling_factor).sample.shape == pictures.shape


def test_noise_schedule_is_that_of_our_samplers() -> None:
    ours = DiscreteVP(cosine_betas()).alphas_cumprod
    assert np.abs(alphas().numpy() - ours).max() < 1e-5


def test_loss_of_a_network_that_knows_is_zero() -> None:
    latents, noise = torch.randn(2, 4, 8, 8), torch.randn(2, 4, 8, 8)
    times = torch.tensor([10, 700])
    share = alphas()[times][:, None, None, None]

    class Knows(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one = torch.nn.Parameter(torch.ones(()))

        def forward(self, x: torch.Tensor, *_: torch.Tensor) -> object:
            answer = share.sqrt() * noise - (1 - share).sqrt() * latents
            return type("Output", (), {"sample": answer})

    text = torch.zeros(2, 6, 384)
    assert float(v_loss(Knows(), latents, text, times, noise)) == pytest.approx(0, abs=1e-10)


def test_denoiser_learns_one_batch_and_listens_to_the_words() -> None:
    torch.manual_seed(0)
    unet = build_unet(SMALL)
    optimizer = torch.optim.Adam(unet.parameters(), 2e-3)
    latents, text = torch.randn(8, 8, 4, 4), torch.randn(8, 6, 384)
    times = torch.full((8,), 900)  # nearly noise alone: only the words can tell
    losses = []
    for _ in range(80):
        loss = v_loss(unet, latents, text, times, torch.randn_like(latents))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert np.mean(losses[-5:]) < 0.25 * np.mean(losses[:3])


def test_onnx_forms_compute_what_the_modules_do(pictures: torch.Tensor) -> None:
    torch.manual_seed(0)
    unet = build_unet(SMALL)
    for parameter in unet.parameters():  # equal tensors would be stored once
        torch.nn.init.normal_(parameter, std=0.05)
    plain = export_denoiser(unet, SMALL)
    small = compress(plain)
    assert len(small) < 0.4 * len(plain)
    unet.load_state_dict(widened(small, "unet."))
    inputs = (torch.randn(3, 8, 4, 4), torch.tensor([5.0, 500.0, 900.0]), torch.randn(3, 6, 384))
    wanted = unet(*inputs).sample.detach().numpy()
    session = onnxruntime.InferenceSession(small, providers=["CPUExecutionProvider"])
    names = ("latents", "time", "text")
    feed = {name: value.numpy() for name, value in zip(names, inputs, strict=True)}
    found, *shares = session.run(None, feed)
    assert np.abs(found - wanted).max() < 1e-4 * max(1.0, np.abs(wanted).max())
    assert len(shares) == 4
    assert all(np.allclose(s.sum(-1), 1, atol=1e-5) for s in shares)

    code = fit_patch_code(pictures, SMALL.latent_channels, SMALL.patch)
    auto = build_autoencoder(SMALL, code)
    latents = encode_patches(pictures[:3], code)
    encoder = to_onnx(Encoder(code, SMALL), {"pictures": pictures[:2]}, ["latents"])
    session = onnxruntime.InferenceSession(encoder, providers=["CPUExecutionProvider"])
    found = session.run(None, {"pictures": (pictures[:3] * 2 - 1).numpy()})[0]
    assert np.abs(found - latents.numpy()).max() < 1e-4
    decoder = to_onnx(Decoder(auto), {"latents": latents[:2]}, ["pictures"])
    session = onnxruntime.InferenceSession(decoder, providers=["CPUExecutionProvider"])
    found = session.run(None, {"latents": latents.numpy()})[0]
    wanted = auto.decode(latents / SMALL.latent_scale).sample.detach().numpy()
    assert np.abs(found - wanted).max() < 1e-4


def test_eight_bits_are_within_a_step_of_the_weights() -> None:
    values = np.random.default_rng(0).standard_normal((16, 300)).astype(np.float32)
    whole, scales = quantize(values)
    assert whole.dtype == np.int8
    assert scales.shape == (16, 1)
    plain = np.abs(values).max(axis=1, keepdims=True) / 127
    naive = np.rint(values / plain) * plain
    found = whole * scales
    assert ((found - values) ** 2).mean() <= ((naive - values) ** 2).mean()
    assert np.abs(quantize(np.zeros((2, 3), np.float32))[0]).max() == 0


def test_other_numbers_of_bits_are_refused() -> None:
    with pytest.raises(CheckpointError):
        compress(b"", bits=4)
