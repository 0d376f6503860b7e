"""Media in and out: what tools use to read their inputs and to make their outputs.

`image_asset`/`read_image`, `audio_asset`/`read_audio`, `video_asset`/`read_frames` turn pixels,
samples and films into assets and back; `probe_file` and `import_file` take files as users bring
them, by what they hold and never by their names alone.
"""

from __future__ import annotations

from omnimuse.assets.films import Frame, read_frames, video_asset
from omnimuse.assets.pictures import image_asset, read_image
from omnimuse.assets.resampling import mix_channels, resample
from omnimuse.assets.sniff import import_file, probe_file
from omnimuse.assets.sounds import audio_asset, read_audio, read_audio_blocks

__all__ = [
    "Frame",
    "audio_asset",
    "image_asset",
    "import_file",
    "mix_channels",
    "probe_file",
    "read_audio",
    "read_audio_blocks",
    "read_frames",
    "read_image",
    "resample",
    "video_asset",
]
