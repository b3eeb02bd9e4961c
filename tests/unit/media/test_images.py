"""Images made smaller: upright, without what was noted in them, and never more than was asked for."""

from __future__ import annotations

import functools
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from partyline.errors import ImageUnscalable
from partyline.media import image_headers, image_scaler, images

ORIENTATION, GPS = 0x0112, 0x8825


def written(image: Image.Image, kind: str, **how: Any) -> bytes:
    buffer = BytesIO()
    # The least effort: no test depends on how well a PNG is compressed.
    image.save(buffer, kind, **{"compress_level": 1} | how if kind == "PNG" else how)
    return buffer.getvalue()


def scaled(content: bytes, most: int) -> bytes | None:
    """As images.scaled, in this process."""
    return image_scaler.scale(content, most) if images.is_scalable(content) else None


@functools.cache
def noise(side: int = 400) -> Image.Image:
    """Something like a photograph: not all alike, and not all unlike."""
    return Image.effect_noise((side // 4, side // 4), 90).convert("RGB").resize((side, side), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("most", [60_000, 24_000])
def test_an_image_is_as_small_as_asked_for(kind: str, most: int) -> None:
    small = scaled(written(noise(), kind), most)
    assert small is not None
    assert len(small) <= most
    assert Image.open(BytesIO(small)).format == "JPEG"


def test_an_image_is_upright_and_says_nothing_of_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[GPS] = {1: "N"}
    small = scaled(written(noise().resize((400, 200)), "JPEG", exif=exif), 50_000)
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


@pytest.mark.filterwarnings("ignore:(Corrupt EXIF data|Truncated File Read|Tag data larger)")
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
    small = scaled(photo, 50_000)
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
    small = scaled(written(large, "PNG", exif=exif), 50_000)
    assert small is not None
    quarters = Image.open(BytesIO(small)).convert("L").resize((2, 2), Image.Resampling.BOX).tobytes()
    named = "".join("abcd"[round(shade / 80)] for shade in quarters)
    assert f"{named[:2]}/{named[2:]}" == seen


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_large_image_of_any_kind_is_made_smaller(mode: str) -> None:
    image = Image.new("L", (3000, 2000), 255).convert(mode) if mode != "I;16" else Image.new(mode, (3000, 2000), 65535)
    small = scaled(written(image, "PNG"), 60_000)
    assert small is not None
    seen = Image.open(BytesIO(small))
    assert (seen.size, seen.getpixel((1000, 600))) == ((2048, 1365), (255, 255, 255))


def test_what_can_be_seen_through_is_white() -> None:
    small = scaled(written(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG"), 5_000)
    assert small is not None
    assert Image.open(BytesIO(small)).getpixel((25, 25)) == (255, 255, 255)


@pytest.mark.parametrize(
    "make_content",
    [
        pytest.param(lambda: b"\x89PNG\r\n\x1a\nno more", id="cut off"),
        pytest.param(lambda: b"<svg/>", id="no image"),
        pytest.param(lambda: written(noise(), "JPEG")[:2000], id="half an image"),
        pytest.param(lambda: moving("GIF"), id="an animation"),
        pytest.param(lambda: written(Image.new("1", (20_000, 20_000)), "PNG"), id="a bomb"),
        pytest.param(lambda: written(Image.new("1", (5000, 3201)), "PNG"), id="more than fits the memory at once"),
    ],
)
def test_what_cannot_be_made_smaller_is_said_to_be_so(make_content: Callable[[], bytes]) -> None:
    assert scaled(make_content(), 10_000) is None


def test_photographs_may_be_larger_than_other_images() -> None:
    large = Image.new("L", (5000, 4000), 128)
    small = scaled(written(large, "JPEG"), 60_000)
    assert small is not None
    assert Image.open(BytesIO(small)).size == (2048, 1638)
    assert scaled(written(large, "PNG"), 60_000) is None


def moving(kind: str) -> bytes:
    return written(noise(50), kind, save_all=True, append_images=[noise(50).rotate(90)])


@pytest.mark.parametrize(
    ("make_content", "can"),
    [
        (lambda: written(noise(50), "GIF"), True),
        (lambda: moving("GIF"), False),
        (lambda: moving("WEBP"), False),
        (lambda: moving("PNG"), False),
        (lambda: written(Image.new("1", (5000, 3200)), "PNG"), True),
        (lambda: written(Image.new("1", (5000, 3201)), "PNG"), False),
        (lambda: written(Image.new("L", (5000, 8001)), "JPEG"), False),
        (lambda: b"\x89PNG\r\n\x1a\nno more", False),
    ],
)
def test_headers_show_whether_an_image_is_scalable(make_content: Callable[[], bytes], can: bool) -> None:
    assert images.is_scalable(make_content()) is can


def test_an_image_that_cannot_be_that_small_is_none() -> None:
    assert scaled(written(noise(), "PNG"), 100) is None


def test_a_photograph_with_another_one_in_it_is_its_first() -> None:
    """Phones keep a second image (a depth map, a brighter one) behind the first, which does not make it move."""
    content = written(noise(), "MPO", save_all=True, append_images=[noise(50)])
    assert images.is_scalable(content)
    assert scaled(content, 60_000)


# --- what is hostile


SCAN = b"\xff\xda\0\x08\x01\x01\0\0\x3f\0" + bytes(20)


def progressive(scans: int, notes: bytes = b"") -> bytes:
    """A progressive JPEG that has its last scan many times more, and notes at its beginning."""
    photo = written(noise(), "JPEG", progressive=True)
    last = photo.rindex(b"\xff\xda")
    return photo[:2] + notes + photo[2:last] + photo[last:-2] * (1 + scans) + photo[-2:]


def exif(size: int, times: int = 1) -> bytes:
    return (b"\xff\xe1" + struct.pack(">H", size + 8) + b"Exif\0\0" + bytes(size)) * times


def marked(times: int) -> bytes:
    """Notes of nothing but the mark that notes begin with."""
    return b"\xff\xe1" + struct.pack(">H", 6 * times + 2) + b"Exif\0\0" * times


def chunk(name: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", len(content)) + name + content + bytes(4)


IHDR = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">II5B", 10, 10, 8, 2, 0, 0, 0))
GIF = b"GIF89a\1\0\1\0\0\0\0"
WIDE = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0"


@pytest.mark.parametrize(
    "make_content",
    [
        pytest.param(lambda: progressive(3000), id="thousands of scans"),
        pytest.param(lambda: progressive(0, exif(65_000, 2)), id="more notes than a camera makes"),
        pytest.param(lambda: progressive(0, exif(0, 30_000)), id="thousands of empty notes"),
        pytest.param(lambda: progressive(0, marked(10_000) * 60), id="Exif again and again"),
        pytest.param(
            lambda: written(Image.new("CMYK", (8000, 5000)), "JPEG", progressive=True), id="held whole in memory"
        ),
        pytest.param(lambda: b"\xff\xd8" + b"\xff\xc0\0\x11\x08\0\x08\0\x08\x03" + bytes(9) + SCAN, id="no blocks"),
        pytest.param(lambda: b"\xff\xd8\xff\xe0\0\0" * 9, id="segments without a length"),
        pytest.param(lambda: b"\xff\xd8\xff\xe0\0\x02" + b"\xff\xe0\0\x02" * 30_000, id="empty segments"),
        pytest.param(lambda: IHDR + chunk(b"tEXt") * 30_000 + chunk(b"IEND"), id="empty chunks"),
        pytest.param(lambda: IHDR + chunk(b"eXIf", bytes(70_000)) + chunk(b"IEND"), id="large notes of a PNG"),
        pytest.param(lambda: GIF + b"\x21\xfe" + b"\1\0" * 300_000, id="blocks of no known kind"),
        pytest.param(lambda: GIF + b"\x21\xfe" + b"\1\1" * 300_000 + b"\0;", id="blocks of one byte"),
        pytest.param(lambda: GIF + b"\x21\xfe\0" * 30_000 + b";", id="empty notes of a GIF"),
        pytest.param(lambda: IHDR + IHDR[8:].replace(b"\n", b"\xff") + chunk(b"IEND"), id="another size further on"),
        pytest.param(
            lambda: GIF + b"\x2c" + struct.pack("<HHHHB", 60_000, 60_000, 9, 9, 0) + b"\2\0;", id="a frame far out"
        ),
        pytest.param(lambda: WIDE + b"\xff" * 6, id="a canvas that is too large"),
        pytest.param(
            lambda: WIDE + bytes(6) + b"EXIF" + struct.pack("<I", 70_000) + bytes(70_000), id="large notes of a WebP"
        ),
        pytest.param(lambda: WIDE + bytes(6) + b"XMP \0\0\0\0" * 30_000, id="empty chunks of a WebP"),
    ],
)
def test_headers_show_images_that_cost_too_much(make_content: Callable[[], bytes]) -> None:
    """A1."""
    content = make_content()
    assert not images.is_scalable(content)
    with pytest.raises(ImageUnscalable, match="limits"):
        images.scale_image(content, 60_000)


@pytest.mark.parametrize("scans", [0, 15])
def test_an_ordinary_progressive_image_is_within_the_limits(scans: int) -> None:
    """A1."""
    assert images.is_scalable(progressive(scans, exif(60_000)))


def test_notes_of_nothing_but_their_mark_cost_no_more_than_others() -> None:
    """A1, A2."""
    content = progressive(0, marked(10_000))
    assert images.is_scalable(content)
    assert len(images.scale_image(content, 60_000)) <= 60_000


@pytest.mark.parametrize(
    "begins", [b"\xff\xd8\xff\xe0", IHDR, GIF, WIDE + bytes(6), b"\xff\xd8" + b"\xff\xc0\0\x11\x08", b""]
)
@pytest.mark.parametrize("filling", [b"\0", b"\xff", b"\xff\0", b"\x2c", b"\x21", b"\1\0", b"\xff\xda\0\2", b"VP8X"])
def test_the_headers_of_any_bytes_are_read_in_few_steps(begins: bytes, filling: bytes) -> None:
    """A1: counted in steps of the interpreter, which a file twice as long at most doubles."""

    def steps(size: int) -> int:
        content, taken = begins + filling * (size // len(filling)), 0

        def count(frame: Any, event: str, argument: Any) -> Any:
            nonlocal taken
            taken += event == "line"
            return count

        before = sys.gettrace()
        sys.settrace(count)
        try:
            images.is_scalable(content)
        finally:
            sys.settrace(before)
        return taken

    short, long = steps(20_000), steps(40_000)
    assert long <= 2 * short + 100


def test_an_image_is_made_smaller_by_a_process_of_its_own() -> None:
    """A1."""
    content = written(noise(), "PNG")
    made = images.scale_image(content, 60_000)
    assert made == image_scaler.scale(content, 60_000)
    with pytest.raises(ImageUnscalable, match="image") as error:
        images.scale_image(content, 100)
    assert not error.value.broken


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        pytest.param("while True: pass", "time", id="never ends"),
        pytest.param("import os; os.abort()", "crash", id="ends badly"),
        pytest.param("print('x' * 70_000)", "crash", id="writes more than was asked for"),
        pytest.param("", "crash", id="writes nothing"),
    ],
)
def test_a_process_that_does_not_end_well_is_ended(
    program: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A1: no decoder can take more time than it is given, nor take us along."""
    (tmp_path / "program.py").write_text(program)
    monkeypatch.setattr(image_scaler, "__file__", str(tmp_path / "program.py"))
    monkeypatch.setattr(images, "SECONDS", 1 if reason == "time" else 60)
    with pytest.raises(ImageUnscalable, match=reason) as error:
        images.scale_image(written(noise(50), "PNG"), 60_000)
    assert error.value.broken


def ran(content: bytes, *limits: int, env: dict[str, str] | None = None) -> int:
    command = [sys.executable, image_scaler.__file__, *map(str, limits)]
    return subprocess.run(command, input=content, stdout=subprocess.DEVNULL, check=False, env=env).returncode


def test_the_process_is_bound_in_memory_and_in_what_it_writes() -> None:
    """A1."""
    content = written(Image.new("RGBA", (4000, 4000)), "PNG")
    assert ran(content, 60_000, 60, 384) == 0
    assert ran(content, 60_000, 60, 100) == image_scaler.UNSCALABLE


def test_it_writes_no_bytecode_that_its_own_limit_would_cut(tmp_path: Path) -> None:
    """A module of Pillow is larger than a small image: its bytecode was cut, and could not be loaded ever after."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env = {**inherited, "PYTHONPYCACHEPREFIX": str(tmp_path)}
    assert ran(written(noise(50), "PNG"), 60_000, 60, 384, env=env) == 0
    assert [path.name for path in tmp_path.rglob("*.pyc") if "PIL" in path.parts] == []


def test_it_is_given_nothing_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A1: what a decoder might be made to do, it does without credentials."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    (tmp_path / "program.py").write_text("import os; print('AWS_SECRET_ACCESS_KEY' in os.environ, end='')")
    monkeypatch.setattr(image_scaler, "__file__", str(tmp_path / "program.py"))
    assert images.scale_image(written(noise(50), "PNG"), 60_000) == b"False"


def test_header_shows_what_a_decoder_holds() -> None:
    """A1."""
    photo = Image.new("RGB", (64, 32))
    assert image_headers.read_header(written(photo, "JPEG")).buffered == 0
    header = image_headers.read_header(written(photo, "JPEG", progressive=True, subsampling=0))
    assert (header.width, header.height, header.buffered) == (64, 32, 64 * 32 * 3 * 2)
