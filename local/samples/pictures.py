"""Pictures of the sample conversations, drawn here: what a phone or a colleague would send."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

_SIZE = (960, 720)
_PAPER, _INK, _ROOM = "#f6f3ec", "#33414e", "#dfe7ea"


def draw(name: str) -> bytes:
    """Draw a picture, as PNG: `floor plan` or `roof`."""
    image = Image.new("RGB", _SIZE, _PAPER)
    {"floor plan": _draw_floor_plan, "roof": _draw_roof}[name](ImageDraw.Draw(image))
    content = io.BytesIO()
    image.save(content, "PNG", optimize=True)
    return content.getvalue()


def _draw_floor_plan(pen: ImageDraw.ImageDraw) -> None:
    rooms = {
        "Living room": (80, 80, 520, 400),
        "Kitchen": (520, 80, 880, 320),
        "Bath": (520, 320, 700, 480),
        "Hall": (80, 400, 520, 480),
        "Bedroom": (80, 480, 460, 640),
        "Study": (460, 480, 880, 640),
        "Pantry": (700, 320, 880, 480),
    }
    for name, (left, top, right, bottom) in rooms.items():
        pen.rectangle((left, top, right, bottom), fill=_ROOM, outline=_INK, width=8)
        feet = f"{(right - left) // 24} x {(bottom - top) // 24} ft"
        pen.text(((left + right) / 2, (top + bottom) / 2 - 12), name, fill=_INK, anchor="mm", font_size=26)
        pen.text(((left + right) / 2, (top + bottom) / 2 + 18), feet, fill="#6b7883", anchor="mm", font_size=18)
    for left, top, right, bottom in (
        (250, 396, 330, 404),
        (516, 180, 524, 250),
        (560, 476, 620, 484),
        (200, 476, 270, 484),
    ):
        pen.rectangle((left, top, right, bottom), fill=_ROOM)
    pen.text((480, 685), "27 Oak Lane, ground floor", fill=_INK, anchor="mm", font_size=24)


def _draw_roof(pen: ImageDraw.ImageDraw) -> None:
    width, height = _SIZE
    for line in range(260):
        blue = 200 + line * 40 // 260
        pen.line((0, line, width, line), fill=(130 + line // 4, 170 + line // 5, blue))
    pen.rectangle((0, 262, width, height), fill="#5f3b2f")
    for row, top in enumerate(range(240, height, 60)):
        for column in range(-1, 13):
            left = column * 84 + row % 2 * 42
            shade = 150 + (row * 37 + column * 53) % 40
            pen.rounded_rectangle((left, top, left + 82, top + 74), 22, fill=(shade, shade // 2 + 5, shade // 3 + 8))
    # The two tiles that are gone, and the bent flashing.
    for left, top in ((414, 420), (498, 420)):
        pen.rounded_rectangle((left, top, left + 82, top + 70), 12, fill="#3a2c25")
    pen.polygon([(610, 240), (740, 240), (770, 330), (650, 360)], fill="#9aa3a8", outline="#6d767b")
    pen.ellipse((380, 380, 620, 530), outline="#ffd34d", width=7)
