"""Roles: what a tool may ask a model for, as Protocols. Backends implement them.

A role's name is the hub's task name. Arrays are NumPy: pictures uint8 (H, W, 3) or (H, W, 4), masks
float32 (H, W) in [0, 1], audio float32 (N, channels) in [-1, 1]. All randomness comes from `seed`.
Implementations raise `BackendUnavailableError`, `DeviceMemoryError` or `CheckpointError`, nothing
of their library's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from omnimuse.models.melody_tokens import Melody


@dataclass(frozen=True)
class Word:
    """A spoken word and its time in seconds."""

    text: str
    start_s: float
    end_s: float
    confidence: float = 1.0


@dataclass(frozen=True)
class Segment:
    """A spoken phrase with its words."""

    text: str
    start_s: float
    end_s: float
    words: tuple[Word, ...] = ()


@dataclass(frozen=True)
class Transcription:
    """What was said: whole text, language code, segments."""

    text: str
    language: str
    segments: tuple[Segment, ...] = ()


@dataclass(frozen=True)
class Detection:
    """A thing seen in a picture. `box` is x, y, width, height in pixels, origin top left."""

    label: str
    score: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Joint:
    """A joint of a person: its place in pixels (origin top left) and how sure it is, 0 to 1."""

    name: str
    x: float
    y: float
    score: float


@dataclass(frozen=True)
class Sighting:
    """A thing seen in a drawn picture, and what it may be.

    Attributes:
        box: x, y, width, height in pixels, origin top left.
        score: how sure it is that a whole thing is there, 0 to 1.
        classes: probability by class index, most probable first; class 0 is "nothing".
        cover: which pixels of the box the thing covers, float32 (h, w) in [0, 1].
    """

    box: tuple[float, float, float, float]
    score: float
    classes: tuple[tuple[int, float], ...]
    cover: NDArray[np.float32]


@dataclass(frozen=True)
class Painted:
    """What a text-to-image model gives: RGBA or RGB pixels, and the scene if it has one."""

    pixels: NDArray[np.uint8]
    scene: dict[str, Any] | None = None
    attribution: tuple[Any, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ParsedToken:
    """A word of a parsed sentence; tags are the Penn Treebank's, relations those of ClearNLP.

    Attributes:
        text: as written.
        lemma: dictionary form.
        tag: part of speech, e.g. `NN`, `NNS`, `VBG`.
        dep: relation to its head, e.g. `nsubj`, `pobj`, `ROOT`.
        head: index of its head; its own index at a root.
        start: where it begins in the text, in characters.
    """

    text: str
    lemma: str
    tag: str
    dep: str
    head: int
    start: int = 0


@runtime_checkable
class Parser(Protocol):
    """Role `token-classification`: the grammar of sentences."""

    def parse(self, texts: Sequence[str]) -> list[tuple[ParsedToken, ...]]:
        """The words of each text with their tags and their dependency trees."""
        ...


@runtime_checkable
class Dictionary(Protocol):
    """Role `dictionary`: what foreign words mean in English."""

    def senses(self, word: str) -> tuple[str, ...]:
        """What a word means, the commonest sense first; nothing if it is not known."""
        ...


@runtime_checkable
class TextGenerator(Protocol):
    """Role `text-generation`."""

    def generate(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        max_tokens: int = 256,
        temperature: float = 0.7,
        seed: int = 0,
        json_schema: Mapping[str, Any] | None = None,
        grammar: str | None = None,
        stop: Sequence[str] = (),
        on_token: Callable[[str], None] | None = None,
    ) -> str:
        """Answer a chat of `{"role", "content"}`; `json_schema` or GBNF `grammar` constrain it."""
        ...


@runtime_checkable
class Embedder(Protocol):
    """Role `feature-extraction`."""

    dimension: int

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit-length sentence vectors, (len(texts), dimension)."""
        ...


@runtime_checkable
class SpeechSynthesizer(Protocol):
    """Role `text-to-speech`."""

    voices: tuple[str, ...]

    def speak(
        self, text: str, *, voice: str = "", rate: float = 1.0, seed: int = 0
    ) -> tuple[NDArray[np.float32], int]:
        """Audio (N, 1) and its sample rate; `rate` 2.0 is twice as fast."""
        ...


@runtime_checkable
class SpeechRecognizer(Protocol):
    """Role `automatic-speech-recognition`."""

    def transcribe(
        self, audio: NDArray[np.float32], sample_rate_hz: int, *, language: str = ""
    ) -> Transcription:
        """Words with times; an empty `language` is detected."""
        ...


@runtime_checkable
class ImageGenerator(Protocol):
    """Role `text-to-image`."""

    def paint(
        self,
        prompt: str,
        *,
        width: int,
        height: int,
        seed: int,
        negative_prompt: str = "",
        layout: Mapping[str, Any] | None = None,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        report: Callable[[float, str], None] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Painted:
        """A picture of the prompt; a layout, where given, is obeyed or the call refused."""
        ...


@runtime_checkable
class SampleMaker(Protocol):
    """Role `unconditional-image-generation`: pictures of what a model was trained on."""

    classes: tuple[str, ...]
    """What it can be told to draw; empty where it cannot be told."""

    def draw(self, count: int, *, seed: int, label: str = "") -> NDArray[np.uint8]:
        """Pictures (N, H, W, 3) of a class, or of all classes in turn; of its own small size."""
        ...


@runtime_checkable
class ImageTransformer(Protocol):
    """Roles `image-to-image` (style, upscaling, restoration): a picture in, a picture out."""

    def transform(
        self, pixels: NDArray[np.uint8], *, options: Mapping[str, Any] | None = None
    ) -> NDArray[np.uint8]:
        """The changed picture; size may change (an upscaler's `options["factor"]`)."""
        ...


@runtime_checkable
class ImageInpainter(Protocol):
    """Role `inpainting`: a part of a picture made anew."""

    def inpaint(
        self,
        pixels: NDArray[np.uint8],
        mask: NDArray[np.float32],
        *,
        options: Mapping[str, Any] | None = None,
    ) -> NDArray[np.uint8]:
        """The picture with new content where the mask is above 0; every other byte stays."""
        ...


@runtime_checkable
class ObjectDetector(Protocol):
    """Role `object-detection`."""

    labels: tuple[str, ...]

    def detect(self, pixels: NDArray[np.uint8], *, threshold: float = 0.3) -> list[Detection]:
        """Things seen, best first."""
        ...


@runtime_checkable
class DepthEstimator(Protocol):
    """Role `depth-estimation`."""

    def estimate_depth(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Nearness (H, W): 1 is the nearest of the picture, 0 the farthest."""
        ...


@runtime_checkable
class PoseEstimator(Protocol):
    """Role `keypoint-detection`: the joints of a person."""

    joints: tuple[str, ...]

    def estimate(
        self,
        pixels: NDArray[np.uint8],
        *,
        box: tuple[float, float, float, float] | None = None,
    ) -> tuple[Joint, ...]:
        """The joints of the person in the box, or of the only one, in the order of `joints`."""
        ...


@runtime_checkable
class PictureReader(Protocol):
    """Role `zero-shot-object-detection`: things in drawn pictures, named in words."""

    names: tuple[tuple[str, ...], ...]
    """The nouns that each class answers to."""

    def look(self, pixels: NDArray[np.uint8]) -> list[Sighting]:
        """All things seen, most certain first."""
        ...


@runtime_checkable
class ImageClassifier(Protocol):
    """Role `image-classification`."""

    def classify(self, pixels: NDArray[np.uint8]) -> dict[str, float]:
        """Probability by label."""
        ...


@runtime_checkable
class PictureTextEncoder(Protocol):
    """Role `zero-shot-image-classification`: pictures and texts in one space, as in CLIP."""

    scale: float
    """What cosines are multiplied by before a softmax over texts."""

    def embed_pictures(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Unit vectors (N, D) of pictures (H, W, 3) or (H, W, 4) of any sizes."""
        ...

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (N, D) of the same space."""
        ...


@runtime_checkable
class Segmenter(Protocol):
    """Roles `image-segmentation` and `mask-generation`."""

    def segment(
        self,
        pixels: NDArray[np.uint8],
        *,
        points: Sequence[tuple[float, float, bool]] = (),
        box: tuple[float, float, float, float] | None = None,
    ) -> NDArray[np.float32]:
        """A mask; points are (x, y, is_inside) in pixels."""
        ...


@runtime_checkable
class TextReader(Protocol):
    """Role `image-to-text` for written text (OCR)."""

    def read(self, pixels: NDArray[np.uint8]) -> list[Detection]:
        """Lines of text with their boxes, in reading order."""
        ...


@runtime_checkable
class TextClassifier(Protocol):
    """Role `text-classification`."""

    def classify_text(self, texts: Sequence[str]) -> list[dict[str, float]]:
        """Probability by label for each text."""
        ...


@runtime_checkable
class ScoreRenderer(Protocol):
    """Role `score-to-audio`."""

    def render(
        self, midi: bytes, *, sample_rate_hz: int = 44100, seed: int = 0
    ) -> NDArray[np.float32]:
        """A Standard MIDI File played, stereo (N, 2); peaks may pass 1, mastering comes after."""
        ...


@dataclass(frozen=True)
class MelodyRequest:
    """What a melody model is asked for.

    Attributes:
        mode: `major`, `minor`, `dorian`, ...
        metre: such as `6/8`.
        bars: length, 1 to 64.
        density: notes per quarter in five steps, 0 (sparse) to 4 (busy).
        lowest: lowest pitch, in semitones from the tonic.
        highest: highest.
        opening: bars to be continued, as (ticks, semitones from the tonic or None for a rest).
        closing: bars that follow what is written and stay as they are; of several drafts those
            come first after which the model finds these bars likeliest.
        lengths: note lengths in ticks that may be used; empty for all that the model knows.
        rests: whether rests may be written.
        is_chromatic: whether notes outside of the scale may be written.
        temperature: below 1 is safer, above is bolder.
        top_p: share of the probability that draws are made from.
    """

    mode: str
    metre: str
    bars: int
    density: int = 2
    lowest: int = -5
    highest: int = 16
    opening: tuple[tuple[tuple[int, int | None], ...], ...] = ()
    closing: tuple[tuple[tuple[int, int | None], ...], ...] = ()
    lengths: tuple[int, ...] = ()
    rests: bool = False
    is_chromatic: bool = False
    temperature: float = 0.95
    top_p: float = 0.95


@runtime_checkable
class MelodyWriter(Protocol):
    """Role `score-generation`: a trained model of melodies."""

    def write(self, request: MelodyRequest, *, seed: int, count: int = 1) -> list[Melody]:
        """Melodies whose bars all sum to the metre and that end on the tonic."""
        ...


@runtime_checkable
class AudioGenerator(Protocol):
    """Role `text-to-audio`: music or sounds by a neural model."""

    def generate_audio(
        self,
        prompt: str,
        *,
        duration_s: float,
        seed: int,
        guidance_scale: float | None = None,
        negative_prompt: str = "",
        num_inference_steps: int | None = None,
    ) -> tuple[NDArray[np.float32], int]:
        """Sound of the prompt, (N, C), and its sample rate."""
        ...


@runtime_checkable
class VoiceCloner(Protocol):
    """Role `voice-cloning`: a text said in the voice of a speaker embedding."""

    @property
    def embedding_size(self) -> int:
        """Numbers of a speaker embedding."""
        ...

    def clone(
        self, text: str, speaker: NDArray[np.float32], *, seed: int = 0
    ) -> tuple[NDArray[np.float32], int]:
        """Speech (N, 1) and its sample rate."""
        ...


@runtime_checkable
class VoiceConverter(Protocol):
    """Role `voice-conversion`: speech said again by another voice."""

    @property
    def embedding_size(self) -> int:
        """Numbers of a speaker embedding."""
        ...

    def convert(
        self,
        samples: NDArray[np.float32],
        sample_rate_hz: int,
        speaker: NDArray[np.float32],
        *,
        seed: int = 0,
    ) -> tuple[NDArray[np.float32], int]:
        """Speech (N, 1) at 16 kHz in, speech (M, 1) and its sample rate out."""
        ...


@runtime_checkable
class Vocoder(Protocol):
    """Role `vocoder`: a mel spectrum made sound."""

    def vocode(self, mel: NDArray[np.float32]) -> tuple[NDArray[np.float32], int]:
        """A log mel spectrum (T, M) as (N, 1) and its sample rate."""
        ...


@runtime_checkable
class SpeakerEncoder(Protocol):
    """Role `speaker-embedding`: who speaks, as a vector."""

    def embed_voice(self, samples: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
        """A unit vector (D,) of speech (N, 1) at 16 kHz."""
        ...


@runtime_checkable
class SpeechEnhancer(Protocol):
    """Role `audio-to-audio`: speech without its noise."""

    def enhance(
        self, samples: NDArray[np.float32], sample_rate_hz: int, *, limit_db: float = 100.0
    ) -> NDArray[np.float32]:
        """Speech (N, 1) at 48 kHz in and out; noise goes down by `limit_db` at most."""
        ...
