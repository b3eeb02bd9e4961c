"""Images made smaller: upright, without what was noted in them, and never more than was asked for."""

from __future__ import annotations

import struct
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


def with_exif(photo: bytes, *entries: tuple[int, int, int, bytes]) -> bytes:
    """A JPEG with these Exif entries, however odd: number, type, count, and the value's four bytes."""
    listed = b"".join(struct.pack("<HHI", *entry[:3]) + entry[3] for entry in entries)
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(entries)) + listed + bytes(4)
    return photo[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + photo[2:]


HELD_UPRIGHT = (ORIENTATION, 3, 1, struct.pack("<HH", 6, 0))


@pytest.mark.filterwarnings("ignore:(Corrupt EXIF data|Truncated File Read)")
@pytest.mark.parametrize(
    "odd",
    [
        pytest.param((0x011A, 2, 3, b"72\0\0"), id="a resolution in letters"),
        pytest.param((0x8769, 2, 3, b"no\0\0"), id="a part of it that is none"),
        pytest.param((0x0131, 5, 90_000, b"\xff\xff\0\0"), id="a value beyond its end"),
    ],
)
def test_odd_notes_of_a_camera_cost_neither_the_photo_nor_how_it_is_held(odd: tuple[int, int, int, bytes]) -> None:
    photo = with_exif(written(noise().resize((400, 200)), "JPEG"), HELD_UPRIGHT, odd)
    small = images.scaled(photo, 50_000)
    assert small is not None
    assert Image.open(BytesIO(small)).size == (200, 400)


@pytest.mark.parametrize(
    ("turn", "seen"), [(2, "ba/dc"), (3, "dc/ba"), (4, "cd/ab"), (5, "ac/bd"), (6, "ca/db"), (8, "bd/ac")]
)
def test_each_way_of_holding_it_is_made_upright(turn: int, seen: str) -> None:
    image = Image.frombytes("L", (2, 2), bytes([0, 80, 160, 240]))
    exif = Image.Exif()
    exif[ORIENTATION] = turn
    large = image.resize((64, 64), Image.Resampling.NEAREST)
    small = images.scaled(written(large, "PNG", exif=exif), 50_000)
    assert small is not None
    quarters = Image.open(BytesIO(small)).convert("L").resize((2, 2), Image.Resampling.BOX).tobytes()
    named = "".join("abcd"[round(shade / 80)] for shade in quarters)
    assert f"{named[:2]}/{named[2:]}" == seen


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_large_image_of_any_kind_is_made_smaller(mode: str) -> None:
    image = Image.new("L", (3000, 2000), 255).convert(mode) if mode != "I;16" else Image.new(mode, (3000, 2000), 65535)
    small = images.scaled(written(image, "PNG"), 60_000)
    assert small is not None
    seen = Image.open(BytesIO(small))
    assert (seen.size, seen.getpixel((1000, 600))) == ((2048, 1365), (255, 255, 255))


def test_what_can_be_seen_through_is_white() -> None:
    small = images.scaled(written(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG"), 5_000)
    assert small is not None
    assert Image.open(BytesIO(small)).getpixel((25, 25)) == (255, 255, 255)


HALF_MOVING = b"GIF89a\1\0\1\0\0\0\0\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\1\0\x21\xf9\1\0\0"


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
        pytest.param(written(Image.new("1", (5000, 3201)), "PNG"), id="more than fits the memory at once"),
        pytest.param(
            b"GIF89a\1\0\1\0\0\0\0\x2c\0\0\0\0\1\0\1\0\0\x02\x02\x44\1\0\x21\xf9\1\0\0", id="half a second frame"
        ),
    ],
)
def test_what_cannot_be_made_smaller_is_said_to_be_so(content: bytes) -> None:
    assert images.scaled(content, 10_000) is None


def test_photographs_may_be_larger_than_other_images() -> None:
    large = Image.new("L", (5000, 4000), 128)
    small = images.scaled(written(large, "JPEG"), 60_000)
    assert small is not None
    assert Image.open(BytesIO(small)).size == (2048, 1638)
    assert images.scaled(written(large, "PNG"), 60_000) is None


MOVING = [noise(50), noise(50).rotate(90)]


@pytest.mark.parametrize(
    ("content", "can"),
    [
        (written(noise(50), "GIF"), True),
        (written(MOVING[0], "GIF", save_all=True, append_images=MOVING[1:]), False),
        (written(MOVING[0], "WEBP", save_all=True, append_images=MOVING[1:]), False),
        (written(MOVING[0], "PNG", save_all=True, append_images=MOVING[1:]), False),
        (written(Image.new("1", (5000, 3200)), "PNG"), True),
        (written(Image.new("1", (5000, 3201)), "PNG"), False),
        (written(Image.new("L", (5000, 8001)), "JPEG"), False),
        (b"\x89PNG\r\n\x1a\nno more", False),
    ],
)
def test_its_headers_tell_whether_an_image_can_be_made_smaller(content: bytes, can: bool) -> None:
    assert images.is_scalable(content) is can


def test_an_image_that_cannot_be_that_small_is_none() -> None:
    assert images.scaled(written(noise(), "PNG"), 100) is None
