"""What fits a carrier, and how small images have to be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partyline.carriers.limits import Limits
from partyline.domain.media import Media, MediaState
from partyline.media.sizing import LimitViolation, first_violation, plan_image_sizes, select_fitting

LIMITS = Limits(recipients=9, text=1600, media=3, group_media=1, media_bytes=1_000_000, image_bytes=600_000)


def media(kind: str, size: int, sid: str = "ME1") -> Media:
    return Media(sid, "", kind, size, None, MediaState.READY)


JPEG, PDF = media("image/jpeg", 5_000_000), media("application/pdf", 900_000)
MOVING = replace(media("image/gif", 1_001_000), scalable=False)


@pytest.mark.parametrize(
    ("files", "group", "wrong"),
    [
        ([], False, None),
        ([JPEG], True, None),
        ([JPEG, JPEG], True, LimitViolation(1)),
        ([JPEG, JPEG, JPEG], False, None),
        ([JPEG] * 4, False, LimitViolation(3)),
        ([PDF], False, None),
        ([replace(PDF, size=1_001_000)], False, LimitViolation(1_000_000, replace(PDF, size=1_001_000))),
        ([PDF, replace(PDF, sid="ME2")], False, LimitViolation(1_000_000, replace(PDF, sid="ME2"))),
        ([media("image/heic", 1_001_000)], False, LimitViolation(1_000_000, media("image/heic", 1_001_000))),
        ([replace(JPEG, scalable=True)], False, None),
        ([MOVING], False, LimitViolation(1_000_000, MOVING)),
        ([replace(MOVING, size=1_000_000)], False, None),
        # An image can be made as small as 32 KB, and no smaller.
        ([replace(PDF, size=960_000), JPEG], False, None),
        ([replace(PDF, size=970_000), JPEG], False, LimitViolation(1_000_000, JPEG)),
        ([replace(PDF, size=970_000), replace(JPEG, size=30_000)], False, None),
    ],
)
def test_what_does_not_fit_is_named(files: list[Media], group: bool, wrong: LimitViolation | None) -> None:
    assert first_violation(LIMITS, files, group=group) == wrong


def test_what_does_not_fit_is_left_out_and_the_rest_goes() -> None:
    large = media("video/mp4", 2_000_000, "ME3")
    assert select_fitting(LIMITS, [large, PDF, JPEG], group=False) == [PDF, JPEG]
    assert select_fitting(LIMITS, [JPEG, PDF], group=True) == [JPEG]


def test_small_images_leave_their_room_to_large_ones() -> None:
    files = [media("image/png", 100_000, "a"), media("image/png", 9_000_000, "b"), media("image/png", 8_000_000, "c")]
    assert plan_image_sizes(LIMITS, files) == {"b": 250_000, "c": 250_000}
    assert plan_image_sizes(LIMITS, [media("image/png", 600_000)]) == {}


def test_an_image_that_cannot_be_made_smaller_has_its_room_like_any_file() -> None:
    moving = replace(MOVING, size=700_000, sid="a")
    assert plan_image_sizes(LIMITS, [moving, media("image/png", 9_000_000, "b")]) == {"b": 300_000}


@settings(deadline=None)
@given(
    st.lists(st.integers(min_value=1, max_value=5_000_000), max_size=10),
    st.integers(min_value=0, max_value=900_000),
)
def test_images_made_smaller_fit_together_with_the_rest(images: list[int], rest: int) -> None:
    files = [media("image/jpeg", size, f"ME{number}") for number, size in enumerate(images)]
    files.append(media("application/pdf", rest, "PDF"))
    most = plan_image_sizes(LIMITS, files)
    total = sum(most.get(one.sid, one.size or 0) for one in files if one.sid != "PDF")
    assert total <= LIMITS.image_bytes
    assert total + rest <= LIMITS.media_bytes
    assert all(share < (one.size or 0) for one in files if (share := most.get(one.sid)) is not None)
