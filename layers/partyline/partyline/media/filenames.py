"""The names of files, as people are shown them."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from partyline.media import formats, sniffing

MAX_STEM = 100
_SUFFIX = re.compile(r"[a-z0-9]{1,8}")
# Suffixes by which a machine would run a file, though nothing in it says so.
_RUNNING = re.compile(
    r"apk|app|appx|bat|cgi|chm|cmd|com|command|cpl|crx|deb|dll|dmg|docm|dotm|exe|gadget|hta|htm|html|img"
    r"|inf|ipa|iso|jar|jnlp|js|jse|lnk|mht|mhtml|mjs|msc|msi|msix|msp|php|pif|pkg|potm|ppam|pptm|ps1|psm1"
    r"|py|rb|reg|rpm|scf|scr|sct|sh|svg|svgz|swf|url|vb|vbe|vbs|vhd|vhdx|wasm|webloc|wsf|wsh|xap|xbap|xht"
    r"|xhtml|xlam|xlsm|xltm|xml|xsl|xslt"
)


def display_name(name: str, kind: str) -> str:
    """A name that ends as its type does. The name of a file whose type has no suffix keeps its own, unless a machine
    would run it by that."""
    path = PurePosixPath(re.split(r"[/\\]", name)[-1])
    suffix = path.suffix[1:].lower()
    stem = "".join(letter for letter in path.stem if letter.isprintable())[:MAX_STEM].strip(" .")
    if kind in formats.EXTENSIONS or not _SUFFIX.fullmatch(suffix) or _RUNNING.fullmatch(suffix):
        suffix = sniffing.extension(kind)
    return f"{stem or 'file'}.{suffix}"
