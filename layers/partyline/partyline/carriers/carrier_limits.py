"""The limits of each carrier. The API asks for them without the rest of a carrier, which takes longer to import."""

from __future__ import annotations

from partyline.carriers.limits import KB, MB, Limits

# "10 participants" is not said to include the sender; the API refuses what is too much, so the wider reading holds.
# Media: 3.5 MB a file, and 500 KB together are what Bandwidth recommends; text: the API's own limit.
BANDWIDTH = Limits(recipients=10, text=2048, media=10, group_media=10, media_bytes=int(3.5 * MB), image_bytes=500 * KB)

# Media: 10 URLs, under 1 MB together; 600 KB pass every network. A plain text has ten segments at the most: 1530
# characters, or 670 with one that is not plain ASCII; Telnyx names no limit for MMS.
TELNYX = Limits(recipients=8, text=1600, media=10, group_media=10, media_bytes=MB, image_bytes=600 * KB, segments=10)

# Ten people in all (error 50436); a message in a conversation takes one picture through the API.
TWILIO = Limits(recipients=9, text=1600, media=10, group_media=1, media_bytes=5 * MB, image_bytes=600 * KB)

# Text: 1000 characters. Vonage names no limit for the members of a group: the lowest of the other carriers is used.
# Nor does it name one for the files of a message: ten are what the others take, and 600 KB pass every network.
VONAGE = Limits(
    recipients=9,
    text=1000,
    media=10,
    group_media=10,
    media_bytes=600 * KB,
    image_bytes=600 * KB,
    one_by_one=True,
)
