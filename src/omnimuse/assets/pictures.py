"""Pictures: from pixels to an asset and back, whatever camera or program wrote the file."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from omnimuse.assets.asset import Asset, Attribution
from omnimuse.assets.limits import MAX_PICTURE_PIXELS, check_size, open_media
from omnimuse.errors import InputError, MediaTooLargeError, OmnimuseError, UnsupportedMediaError

if TYPE_CHECKING:
    from PIL.Image import Image

ColorMode = Literal["RGBA", "RGB", "L"]
FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/bmp": "BMP",
    "image/tiff": "TIFF",
    "image/avif": "AVIF",
}
_MEDIA_TYPES = {name: media_type for media_type, name in FORMATS.items()} | {"MPO": "image/jpeg"}
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    TypeError,
    IndexError,
    KeyError,
    OverflowError,
    struct.error,
    zlib.error,
)
_DARK_GROUND = ("mask", "depth", "edges")


def image_asset(
    image: Image,
    kind: str = "image",
    *,
    attribution: tuple[Attribution, ...] = (),
    media_type: str = "image/png",
) -> Asset:
    """An asset from a Pillow image; same pixels, same bytes (no metadata is written).

    Args:
        image: any Pillow mode; palette, bit and CMYK pictures become RGB(A) or L.
        kind: `image` or a narrower kind.
        attribution: third-party parts in it.
        media_type: `image/png` (lossless), `image/jpeg` or `image/webp` (quality 92).

    Raises:
        InputError: an empty picture, or a media type that is not written.
    """
    if media_type not in ("image/png", "image/jpeg", "image/webp"):
        raise InputError(
            f"pictures are not written as {media_type}", hint="PNG, JPEG and WebP are."
        )
    if not image.width or not image.height:
        raise InputError(f"the picture is {image.width} x {image.height} px, which is empty")
    plain = _plain(image, kind, has_alpha_channel=media_type != "image/jpeg")
    buffer = io.BytesIO()
    options: dict[str, Any] = {"compress_level": 6} if media_type == "image/png" else {}
    if media_type != "image/png":
        options["quality"] = 92
    plain.save(buffer, FORMATS[media_type], **options)
    facts = {"width_px": plain.width, "height_px": plain.height, "mode": plain.mode}
    return Asset.from_bytes(
        buffer.getvalue(), kind, media_type, facts=facts, attribution=attribution
    )


def read_image(
    asset: Asset, *, mode: ColorMode = "RGBA", max_pixels: int = MAX_PICTURE_PIXELS
) -> Image:
    """The pixels of a picture, upright, in sRGB, 8 bits a channel; of an animation, frame 1.

    Transparent parts come over white in `RGB` and `L` (over black for masks, depth and edges).
    SVG is rendered at its own size.

    Args:
        asset: a picture of any readable format.
        mode: `RGBA`, `RGB` or `L`.
        max_pixels: limit on width x height, checked before anything is decoded.

    Raises:
        UnsupportedMediaError: not a picture, or cut short.
        MediaTooLargeError: more pixels than `max_pixels`.
    """
    if asset.media_type == "image/svg+xml":
        image = _render_svg(asset, max_pixels)
    else:
        with open_media(asset) as stream:
            image = _decode(stream, max_pixels)
    return _to_mode(image, mode, asset.kind)


def probe_picture(stream: BinaryIO, max_pixels: int = MAX_PICTURE_PIXELS) -> dict[str, Any]:
    """Measured facts of a picture: width_px, height_px (upright), mode, frames if animated.

    Decodes the whole first frame, so a file that is cut short is found.

    Raises:
        UnsupportedMediaError: not a picture, or cut short.
        MediaTooLargeError: over a limit.
    """
    from PIL import ImageOps

    check_size(stream, "image")
    with _opened(stream, max_pixels) as image:
        frames = int(getattr(image, "n_frames", 1))
        mode = image.mode
        image.load()
        upright = ImageOps.exif_transpose(image)
        facts = {"width_px": upright.width, "height_px": upright.height, "mode": mode}
    return facts | ({"frames": frames} if frames > 1 else {})


def picture_media_type(stream: BinaryIO) -> str:
    """The media type by the file's own header.

    Raises:
        UnsupportedMediaError: no picture format that is read.
    """
    with _opened(stream, MAX_PICTURE_PIXELS) as image:
        return _MEDIA_TYPES[image.format or ""]


@contextmanager
def _opened(stream: BinaryIO, max_pixels: int) -> Iterator[Image]:
    """A lazily opened picture; every way in which Pillow can fail gets one of our names."""
    from PIL import Image as pillow
    from PIL import UnidentifiedImageError

    with warnings.catch_warnings():
        # Our own limit is stricter and named; Pillow's warning would go to stderr instead.
        warnings.simplefilter("ignore")
        try:
            with pillow.open(stream, formats=(*FORMATS.values(), "MPO")) as image:
                _check_pixels(image.width, image.height, max_pixels)
                yield image
        except OmnimuseError:
            raise
        except pillow.DecompressionBombError as error:
            raise MediaTooLargeError(
                f"the picture's header says more pixels than the limit of {max_pixels}: {error}",
                hint="Scale it down first.",
            ) from None
        except UnidentifiedImageError:
            raise UnsupportedMediaError(
                "not a picture that can be read",
                hint=f"{', '.join(FORMATS.values())} and SVG are read.",
            ) from None
        except _BROKEN as error:
            raise UnsupportedMediaError(
                f"the picture is damaged or cut short: {error}",
                hint="Export it again from its source.",
            ) from None


def _check_pixels(width_px: int, height_px: int, max_pixels: int) -> None:
    if width_px * height_px > max_pixels:
        raise MediaTooLargeError(
            f"the picture is {width_px} x {height_px} px; at most {max_pixels} pixels are read",
            hint="Scale it down first.",
        )
    if width_px < 1 or height_px < 1:
        raise UnsupportedMediaError(f"the picture is {width_px} x {height_px} px, which is empty")


def _decode(stream: BinaryIO, max_pixels: int) -> Image:
    from PIL import ImageOps

    with _opened(stream, max_pixels) as image:
        image.load()
        profile = image.info.get("icc_profile")
        upright = ImageOps.exif_transpose(image)
        if upright.mode.startswith("I") or upright.mode == "F":
            return _to_8_bit(upright)
        if upright.mode in ("LAB", "HSV", "YCbCr"):
            upright = upright.convert("RGB")
        return _to_srgb(upright, profile) if profile else upright.copy()


def _to_8_bit(image: Image) -> Image:
    """Grey with 16 or 32 bits to 8: integers by 65535, floats from 0..1 (or their own range)."""
    import numpy as np
    from PIL import Image as pillow

    values = np.nan_to_num(np.asarray(image, np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    top = 65535.0
    if image.mode == "F" or values.max(initial=0.0) > top:
        top = max(1.0, float(values.max(initial=0.0)))
    return pillow.fromarray(np.clip(np.rint(values * (255.0 / top)), 0, 255).astype(np.uint8))


def _to_srgb(image: Image, profile: bytes) -> Image:
    """Through the embedded colour profile; a broken profile is as good as none."""
    from PIL import ImageCms

    if image.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return image.copy()
    wanted = "RGB" if image.mode in ("CMYK", "L") else image.mode
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, source, srgb, outputMode=wanted)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image.copy()
    return converted if converted is not None else image.copy()


def _has_alpha(image: Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info


def _to_mode(image: Image, mode: ColorMode, kind: str) -> Image:
    if mode == "RGBA" or not _has_alpha(image):
        converted = image.convert("RGB") if image.mode == "CMYK" else image
        converted = converted.convert(mode)
    else:
        converted = _flatten(image, kind).convert(mode)
    converted.info = {}
    return converted


def _flatten(image: Image, kind: str) -> Image:
    from PIL import Image as pillow

    grey = 0 if kind in _DARK_GROUND else 255
    ground = pillow.new("RGBA", image.size, (grey, grey, grey, 255))
    ground.alpha_composite(image.convert("RGBA"))
    return ground.convert("RGB")


def _plain(image: Image, kind: str, *, has_alpha_channel: bool) -> Image:
    """A copy in a mode that every reader knows, without metadata that would leak into bytes."""
    if _has_alpha(image):
        wanted = "LA" if image.mode == "LA" else "RGBA"
        plain = image.convert(wanted) if has_alpha_channel else _flatten(image, kind)
    elif image.mode in ("L", "RGB") or (image.mode == "I;16" and has_alpha_channel):
        plain = image.copy()
    elif image.mode.startswith("I") or image.mode == "F":
        plain = _to_8_bit(image)
    else:
        plain = image.convert("L" if image.mode == "1" else "RGB")
    plain.info = {}
    return plain


def _render_svg(asset: Asset, max_pixels: int) -> Image:
    from omnimuse.assets.documents import probe_svg

    with open_media(asset) as stream:
        facts = probe_svg(stream)
        stream.seek(0)
        text = stream.read().decode("utf-8-sig")
    width_px, height_px = int(facts["width_px"]), int(facts["height_px"])
    _check_pixels(width_px, height_px, max_pixels)
    import resvg_py

    try:
        png = bytes(resvg_py.svg_to_bytes(svg_string=text, width=width_px, height=height_px))
    except ValueError as error:
        raise UnsupportedMediaError(f"the SVG cannot be drawn: {error}") from None
    return _decode(io.BytesIO(png), max_pixels)
