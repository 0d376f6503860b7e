"""Checkpoints that make sound, in their real formats: tiny random ones, saved by the libraries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omnimuse.backends.adhoc import card_for_choice
from omnimuse.backends.base import AudioGenerator, SpeechSynthesizer, Vocoder, VoiceCloner
from omnimuse.backends.registry import BackendRegistry
from omnimuse.backends.store import ModelStore
from omnimuse.config import Settings
from omnimuse.errors import ArgumentError, CheckpointError

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
diffusers = pytest.importorskip("diffusers")
pytestmark = pytest.mark.torch
LETTERS = [*"_ abcdefghijklmnopqrstuvwxyz'.,", "<s>", "</s>", "<unk>"]


def open_role(role: str, folder: Path) -> Any:
    settings = Settings()
    card = card_for_choice(role, f"file:{folder}", settings, ModelStore(folder.parent))
    assert role in card.roles
    return BackendRegistry().create(card, folder, settings)


def save_letters(folder: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    made = Tokenizer(models.WordLevel({c: i for i, c in enumerate(LETTERS)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="_", unk_token="<unk>", bos_token="<s>", eos_token="</s>",
        cls_token="<s>", sep_token="</s>", model_max_length=77,
    ).save_pretrained(folder)  # fmt: skip


def vocoder_config(bands: int = 8) -> Any:
    return transformers.SpeechT5HifiGanConfig(
        model_in_dim=bands, sampling_rate=16000, upsample_initial_channel=16,
        upsample_rates=[4, 4], upsample_kernel_sizes=[8, 8], resblock_kernel_sizes=[3],
        resblock_dilation_sizes=[[1]], normalize_before=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def musicgen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("musicgen")
    torch.manual_seed(0)
    text = transformers.T5Config(
        vocab_size=len(LETTERS), d_model=16, d_ff=32, num_layers=1, num_heads=2, d_kv=8
    )
    codec = transformers.EncodecConfig(
        sampling_rate=3200, upsampling_ratios=[4, 4], num_filters=4, hidden_size=16,
        codebook_size=32, target_bandwidths=[2.0], num_lstm_layers=1, codebook_dim=16,
    )  # fmt: skip
    decoder = transformers.MusicgenDecoderConfig(
        vocab_size=32, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, ffn_dim=32,
        num_codebooks=2, max_position_embeddings=256, pad_token_id=32, bos_token_id=32,
    )  # fmt: skip
    config = transformers.MusicgenConfig(
        text_encoder=text.to_dict(), audio_encoder=codec.to_dict(), decoder=decoder.to_dict()
    )
    model = transformers.MusicgenForConditionalGeneration(config)
    for layer in model.audio_encoder.quantizer.layers:
        layer.codebook.embed.normal_()  # they begin as zeros
    model.generation_config.decoder_start_token_id = 32
    model.generation_config.pad_token_id = 32
    model.save_pretrained(folder)
    save_letters(folder)
    return folder


@pytest.fixture(scope="module")
def vits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vits")
    torch.manual_seed(0)
    config = transformers.VitsConfig(
        vocab_size=len(LETTERS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        ffn_dim=16, flow_size=16, spectrogram_bins=9, upsample_initial_channel=16,
        upsample_rates=[4, 4], upsample_kernel_sizes=[8, 8], resblock_kernel_sizes=[3],
        resblock_dilation_sizes=[[1]], prior_encoder_num_flows=1,
        prior_encoder_num_wavenet_layers=1,
        posterior_encoder_num_wavenet_layers=1, duration_predictor_num_flows=2,
        depth_separable_num_layers=1, wavenet_dilation_rate=1, num_speakers=2,
        speaker_embedding_size=8, sampling_rate=16000,
    )  # fmt: skip
    transformers.VitsModel(config).save_pretrained(folder)
    save_letters(folder)
    return folder


@pytest.fixture(scope="module")
def speecht5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("speecht5")
    torch.manual_seed(0)
    config = transformers.SpeechT5Config(
        vocab_size=len(LETTERS), hidden_size=16, encoder_layers=1, decoder_layers=1,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=32,
        decoder_ffn_dim=32, num_mel_bins=8, speech_decoder_prenet_units=8,
        speech_decoder_prenet_layers=1, speech_decoder_postnet_layers=1,
        speech_decoder_postnet_units=8, speaker_embedding_dim=4, max_text_positions=200,
        max_speech_positions=400, reduction_factor=2,
    )  # fmt: skip
    transformers.SpeechT5ForTextToSpeech(config).save_pretrained(folder)
    transformers.SpeechT5HifiGan(vocoder_config()).save_pretrained(folder / "vocoder")
    save_letters(folder)
    return folder


@pytest.fixture(scope="module")
def audioldm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audioldm")
    torch.manual_seed(0)
    unet = diffusers.UNet2DConditionModel(
        block_out_channels=(8, 16), layers_per_block=1, sample_size=8, in_channels=4,
        out_channels=4, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=(8, 16),
        class_embed_type="simple_projection", projection_class_embeddings_input_dim=8,
        class_embeddings_concat=True, norm_num_groups=4, attention_head_dim=4,
    )  # fmt: skip
    vae = diffusers.AutoencoderKL(
        block_out_channels=[8, 16], in_channels=1, out_channels=1, latent_channels=4,
        norm_num_groups=4, down_block_types=["DownEncoderBlock2D"] * 2,
        up_block_types=["UpDecoderBlock2D"] * 2,
    )  # fmt: skip
    config = transformers.ClapTextConfig(
        vocab_size=len(LETTERS), hidden_size=8, intermediate_size=16, num_hidden_layers=1,
        num_attention_heads=2, projection_dim=8, max_position_embeddings=100, pad_token_id=0,
        bos_token_id=30, eos_token_id=31,
    )  # fmt: skip
    text = transformers.ClapTextModelWithProjection(config)
    save_letters(folder / "letters")
    pipeline = diffusers.AudioLDMPipeline(
        vae=vae, text_encoder=text, unet=unet,
        tokenizer=transformers.AutoTokenizer.from_pretrained(folder / "letters"),
        scheduler=diffusers.DDIMScheduler(beta_schedule="scaled_linear", clip_sample=False),
        vocoder=transformers.SpeechT5HifiGan(vocoder_config()),
    )  # fmt: skip
    pipeline.save_pretrained(folder / "pipeline")
    return folder / "pipeline"


def test_musicgen_makes_as_much_music_as_asked(musicgen: Path) -> None:
    model = open_role("text-to-audio", musicgen)
    assert isinstance(model, AudioGenerator)
    first, rate = model.generate_audio("a calm tune", duration_s=0.2, seed=1)
    again, _ = model.generate_audio("a calm tune", duration_s=0.2, seed=1)
    other, _ = model.generate_audio("a calm tune", duration_s=0.2, seed=2)
    assert rate == 3200
    assert first.shape[1] == 1
    assert abs(len(first) / rate - 0.2) < 0.03
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    with pytest.raises(ArgumentError, match="can be generated"):
        model.generate_audio("a tune", duration_s=900, seed=0)
    with pytest.raises(ArgumentError, match="negative"):
        model.generate_audio("a tune", duration_s=1, seed=0, negative_prompt="noise")


def test_vits_speaks_with_its_voices_and_faster(vits: Path) -> None:
    voice = open_role("text-to-speech", vits)
    assert isinstance(voice, SpeechSynthesizer)
    assert voice.voices == ("speaker 0", "speaker 1")
    slow, rate = voice.speak("hello there, who is it", rate=0.5, seed=1)
    fast, _ = voice.speak("hello there, who is it", rate=2.0, seed=1)
    assert rate == 16000
    assert slow.shape[1] == 1
    assert len(fast) < len(slow)
    one, _ = voice.speak("hello", voice="speaker 0", seed=1)
    two, _ = voice.speak("hello", voice="speaker 1", seed=1)
    assert one.shape != two.shape or not np.array_equal(one, two)
    with pytest.raises(ArgumentError, match="no voice"):
        voice.speak("hello", voice="nobody")


def test_speecht5_speaks_clones_and_needs_its_vocoder(speecht5: Path, tmp_path: Path) -> None:
    voice = open_role("text-to-speech", speecht5)
    assert isinstance(voice, VoiceCloner)
    said, rate = voice.speak("hello", seed=1)
    assert (rate, said.shape[1]) == (16000, 1)
    assert len(said) > 0
    cloned, _ = voice.clone("hello", np.array([3, -3, 3, -3], np.float32), seed=1)
    assert cloned.shape != said.shape or not np.array_equal(cloned, said)
    with pytest.raises(ArgumentError, match="embedding"):
        voice.clone("hello", np.zeros(3, np.float32))
    with pytest.raises(ArgumentError, match="own rate"):
        voice.speak("hello", rate=1.5)


def test_hifigan_turns_mel_spectra_into_sound(speecht5: Path) -> None:
    vocoder = open_role("vocoder", speecht5 / "vocoder")
    assert isinstance(vocoder, Vocoder)
    sound, rate = vocoder.vocode(np.zeros((10, 8), np.float32))
    assert (len(sound), rate) == (160, 16000)
    with pytest.raises(ArgumentError, match="mel spectrum"):
        vocoder.vocode(np.zeros((10, 5), np.float32))


def test_audioldm_diffuses_sound(audioldm: Path) -> None:
    model = open_role("text-to-audio", audioldm)
    given = {"duration_s": 0.1, "num_inference_steps": 2}
    first, rate = model.generate_audio("rain", seed=1, **given)
    assert (rate, len(first)) == (16000, 1600)
    assert np.array_equal(first, model.generate_audio("rain", seed=1, **given)[0])
    assert not np.array_equal(first, model.generate_audio("rain", seed=2, **given)[0])


def test_what_is_no_sound_or_carries_code_is_refused(vits: Path, tmp_path: Path) -> None:
    from omnimuse.backends.card import ModelCard
    from omnimuse.backends.transformers_audio import TransformersAudio

    (tmp_path / "config.json").write_text('{"model_type": "vits", "architectures": ["VitsModel"]}')
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(CheckpointError, match="carry code"):
        open_role("text-to-speech", tmp_path)
    (tmp_path / "pytorch_model.bin").unlink()
    (tmp_path / "model.safetensors").write_bytes((vits / "model.safetensors").read_bytes()[:-64])
    with pytest.raises(CheckpointError):
        open_role("text-to-speech", tmp_path)
    (tmp_path / "model.safetensors").write_bytes((vits / "model.safetensors").read_bytes())
    (tmp_path / "config.json").write_text(
        '{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}'
    )
    with pytest.raises(CheckpointError, match="makes no sound"):
        TransformersAudio(ModelCard("x", ("text-to-speech",), "transformers-audio"), tmp_path)


def test_a_voice_converter_says_it_again(speecht5: Path, tmp_path: Path) -> None:
    from omnimuse.backends.base import VoiceConverter

    config = transformers.SpeechT5Config.from_pretrained(speecht5)
    config.conv_dim, config.conv_kernel, config.conv_stride = (8, 8), (10, 8), (80, 4)
    config.num_feat_extract_layers = 2
    config.num_conv_pos_embeddings, config.num_conv_pos_embedding_groups = 4, 2
    transformers.SpeechT5ForSpeechToSpeech(config).save_pretrained(tmp_path)
    transformers.SpeechT5HifiGan(vocoder_config()).save_pretrained(tmp_path / "vocoder")
    model = open_role("voice-conversion", tmp_path)
    assert isinstance(model, VoiceConverter)
    speech = np.random.default_rng(0).normal(0, 0.1, (16000, 1)).astype(np.float32)
    said, rate = model.convert(speech, 16000, np.ones(4, np.float32))
    assert rate == 16000
    assert said.shape[1] == 1
    with pytest.raises(ArgumentError, match="16000"):
        model.convert(speech, 8000, np.ones(4, np.float32))


def test_bark_speaks_by_a_codec_language_model(tmp_path: Path) -> None:
    torch.manual_seed(0)
    small = {"hidden_size": 16, "num_layers": 1, "num_heads": 2, "block_size": 1100}
    codec = transformers.EncodecConfig(
        sampling_rate=3200, upsampling_ratios=[4, 4], num_filters=4, hidden_size=16,
        codebook_size=16, target_bandwidths=[16.0], num_lstm_layers=1, codebook_dim=16,
    )  # fmt: skip
    config = transformers.BarkConfig(
        semantic_config={**small, "input_vocab_size": 160, "output_vocab_size": 64},
        coarse_acoustics_config={**small, "input_vocab_size": 96, "output_vocab_size": 96},
        fine_acoustics_config={**small, "input_vocab_size": 17, "output_vocab_size": 17,
                               "n_codes_total": 8, "n_codes_given": 1},
        codec_config=codec.to_dict(),
    )  # fmt: skip
    model = transformers.BarkModel(config)
    generation = {
        "semantic_config": {"text_encoding_offset": 100, "text_pad_token": 159,
                            "semantic_pad_token": 40, "semantic_infer_token": 140,
                            "semantic_vocab_size": 40, "max_input_semantic_length": 8,
                            "semantic_rate_hz": 50, "max_new_tokens": 6, "eos_token_id": 40},
        "coarse_acoustics_config": {"semantic_vocab_size": 40, "coarse_semantic_pad_token": 90,
                                    "coarse_infer_token": 91, "codebook_size": 16,
                                    "n_coarse_codebooks": 2, "coarse_rate_hz": 75,
                                    "max_coarse_input_length": 16, "max_coarse_history": 16,
                                    "sliding_window_len": 8},
        "fine_acoustics_config": {"codebook_size": 16, "n_fine_codebooks": 8,
                                  "max_fine_history_length": 512,
                                  "max_fine_input_length": 1024},
        "sample_rate": 3200, "codebook_size": 16,
    }  # fmt: skip
    model.save_pretrained(tmp_path)
    (tmp_path / "generation_config.json").write_text(json.dumps(generation))
    save_letters(tmp_path)
    voice = open_role("text-to-speech", tmp_path)
    said, rate = voice.speak("hi", seed=3)
    assert rate == 3200
    assert said.shape[1] == 1
    assert np.array_equal(said, voice.speak("hi", seed=3)[0])


def test_voices_are_told_apart_by_an_encoder(tmp_path: Path) -> None:
    from omnimuse.backends.base import SpeakerEncoder

    torch.manual_seed(0)
    config = transformers.WavLMConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        conv_dim=(8, 8), conv_kernel=(10, 8), conv_stride=(80, 4), num_feat_extract_layers=2,
        num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2, xvector_output_dim=12,
        tdnn_dim=(8, 8, 24), tdnn_kernel=(3, 3, 1), tdnn_dilation=(1, 1, 1), num_buckets=8,
        max_bucket_distance=16,
    )  # fmt: skip
    transformers.WavLMForXVector(config).save_pretrained(tmp_path)
    encoder = open_role("speaker-embedding", tmp_path)
    assert isinstance(encoder, SpeakerEncoder)
    rng = np.random.default_rng(0)
    speech = rng.normal(0, 0.1, (16000, 1)).astype(np.float32)
    vector = encoder.embed_voice(speech, 16000)
    assert vector.shape == (12,)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
