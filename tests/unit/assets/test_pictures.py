from __future__ import annotations

import io
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import image_asset, read_image
from omnimuse.assets.pictures import probe_picture
from omnimuse.errors import InputError, MediaTooLargeError, UnsupportedMediaError


def encoded(image: Image.Image, form: str, **options: object) -> Asset:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return Asset.from_bytes(buffer.getvalue(), "image", f"image/{form.lower()}")


def huge_png(width: int, height: int) -> bytes:
    body = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + body
    head = (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    )
    data = b"IDAT" + zlib.compress(b"\0" * 100)
    return head + struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))


@given(
    st.integers(1, 20),
    st.integers(1, 20),
    st.sampled_from(["L", "RGB", "RGBA", "LA"]),
    st.randoms(use_true_random=False),
)
def test_png_round_trip_keeps_every_pixel(width, height, mode, rng):
    image = Image.frombytes(
        mode,
        (width, height),
        rng.randbytes(width * height * len(Image.new(mode, (1, 1)).getbands())),
    )
    asset = image_asset(image)
    assert asset.facts == {"width_px": width, "height_px": height, "mode": mode}
    back = read_image(asset)
    assert back.mode == "RGBA"
    assert np.array_equal(np.asarray(back), np.asarray(image.convert("RGBA")))
    assert image_asset(image).id == asset.id


def test_metadata_does_not_reach_the_bytes():
    plain = Image.new("RGB", (4, 4), "red")
    noisy = plain.copy()
    noisy.info = {"dpi": (300, 300), "icc_profile": b"junk", "comment": "made today"}
    assert image_asset(noisy).id == image_asset(plain).id


def test_jpeg_is_turned_upright():
    image = Image.new("RGB", (40, 20), "blue")
    exif = Image.Exif()
    exif[0x0112] = 6
    asset = encoded(image, "JPEG", exif=exif)
    assert read_image(asset, mode="RGB").size == (20, 40)
    assert probe_picture(io.BytesIO(asset.read_bytes()))["width_px"] == 20


def test_cmyk_comes_back_in_its_colour():
    asset = encoded(Image.new("RGB", (8, 8), (200, 30, 40)).convert("CMYK"), "JPEG")
    red, green, blue = read_image(asset, mode="RGB").getpixel((4, 4))
    assert abs(red - 200) < 12
    assert abs(green - 30) < 12
    assert abs(blue - 40) < 12


def test_sixteen_bit_grey_is_scaled_not_clipped():
    values = np.array([[0, 32768, 65535]], np.uint16)
    asset = encoded(Image.fromarray(values), "PNG")
    assert np.asarray(read_image(asset, mode="L")).tolist() == [[0, 128, 255]]


def test_float_picture_with_nan_is_read():
    values = np.array([[0.0, 0.5, np.nan, 1.0]], np.float32)
    asset = encoded(Image.fromarray(values), "TIFF")
    assert np.asarray(read_image(asset, mode="L")).tolist() == [[0, 128, 0, 255]]


def test_transparency_comes_over_white_but_masks_over_black():
    image = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    image.putpixel((1, 0), (10, 20, 30, 255))
    asset = image_asset(image)
    assert read_image(asset, mode="RGB").getpixel((0, 0)) == (255, 255, 255)
    assert read_image(asset, mode="RGB").getpixel((1, 0)) == (10, 20, 30)
    assert read_image(replace(asset, kind="mask"), mode="L").getpixel((0, 0)) == 0


def test_gif_palette_transparency_becomes_alpha():
    image = Image.new("P", (2, 1), 0)
    image.putpalette([9, 9, 9, 200, 0, 0])
    image.putpixel((1, 0), 1)
    asset = encoded(image, "GIF", transparency=0)
    rgba = read_image(asset)
    assert rgba.getpixel((0, 0))[3] == 0
    assert rgba.getpixel((1, 0)) == (200, 0, 0, 255)


def test_first_frame_of_an_animation_and_its_count(samples_dir):
    data = (samples_dir / "moving.gif").read_bytes()
    assert probe_picture(io.BytesIO(data))["frames"] == 3
    assert read_image(Asset.from_bytes(data, "image", "image/gif")).size == (20, 10)


@pytest.mark.parametrize("keep", [0.5, 0.9])
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_picture_cut_short_is_named(form, keep):
    rng = np.random.default_rng(0)
    asset = encoded(Image.fromarray(rng.integers(0, 255, (64, 64, 3), np.uint8)), form)
    data = asset.read_bytes()
    cut = Asset.from_bytes(data[: int(len(data) * keep)], "image", asset.media_type)
    with pytest.raises(UnsupportedMediaError) as caught:
        read_image(cut)
    assert caught.value.hint


@pytest.mark.parametrize("size", [(50_000, 50_000), (10_000, 10_000), (2**31 - 1, 2**31 - 1)])
def test_huge_header_is_refused_without_decoding(size):
    asset = Asset.from_bytes(huge_png(*size), "image")
    with pytest.raises(MediaTooLargeError) as caught:
        read_image(asset)
    assert "pixels" in caught.value.message


def test_the_limit_can_be_set():
    asset = image_asset(Image.new("RGB", (100, 100)))
    with pytest.raises(MediaTooLargeError, match="100 x 100"):
        read_image(asset, max_pixels=9_999)
    assert read_image(asset, max_pixels=10_000).size == (100, 100)


def test_empty_pictures_and_foreign_types_are_not_written():
    with pytest.raises(InputError, match="empty"):
        image_asset(Image.new("RGB", (0, 5)))
    with pytest.raises(InputError, match="image/gif"):
        image_asset(Image.new("RGB", (5, 5)), media_type="image/gif")


def test_jpeg_and_webp_are_written_and_read():
    image = Image.new("RGBA", (16, 16), (20, 120, 220, 255))
    for media_type in ("image/jpeg", "image/webp"):
        asset = image_asset(image, media_type=media_type)
        pixel = read_image(asset, mode="RGB").getpixel((8, 8))
        assert all(abs(a - b) < 8 for a, b in zip(pixel, (20, 120, 220), strict=True))


def test_svg_is_drawn_at_its_size(samples_dir):
    asset = Asset.from_file(samples_dir / "drawing.svg", "image", "image/svg+xml")
    image = read_image(asset)
    assert image.size == (40, 20)
    assert image.getpixel((5, 5)) == (255, 0, 0, 255)
    assert image.getpixel((30, 5))[3] == 0
