"""Images made smaller: upright, without what was noted in them, and never more than was asked for."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from partyline.media import images

ORIENTATION, GPS = 0x0112, 0x8825


def written(image: Image.Image, kind: str, **how: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def noise(side: int = 400) -> Image.Image:
    """Something like a photograph: not all alike, and not all unlike."""
    return Image.effect_noise((side // 4, side // 4), 90).convert("RGB").resize((side, side), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("most", [60_000, 24_000])
def test_an_image_is_as_small_as_asked_for(kind: str, most: int) -> None:
    small = images.scaled(written(noise(), kind), most)
    assert small is not None
    assert len(small) <= most
    assert Image.open(BytesIO(small)).format == "JPEG"


def test_an_image_is_upright_and_says_nothing_of_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[GPS] = {1: "N"}
    small = images.scaled(written(noise().resize((400, 200)), "JPEG", exif=exif), 50_000)
    assert small is not None
    seen = Image.open(BytesIO(small))
    assert seen.height > seen.width
    assert not dict(seen.getexif())


def test_what_can_be_seen_through_is_white() -> None:
    small = images.scaled(written(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG"), 5_000)
    assert small is not None
    assert Image.open(BytesIO(small)).getpixel((25, 25)) == (255, 255, 255)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\x89PNG\r\n\x1a\nno more", id="cut off"),
        pytest.param(b"<svg/>", id="no image"),
        pytest.param(written(noise(), "JPEG")[:2000], id="half an image"),
        pytest.param(
            written(noise(50), "GIF", save_all=True, append_images=[noise(50)], duration=100), id="an animation"
        ),
        pytest.param(written(Image.new("1", (20_000, 20_000)), "PNG"), id="a bomb"),
    ],
)
def test_what_cannot_be_made_smaller_is_said_to_be_so(content: bytes) -> None:
    assert images.scaled(content, 10_000) is None


def test_an_image_that_cannot_be_that_small_is_none() -> None:
    assert images.scaled(written(noise(), "PNG"), 100) is None
