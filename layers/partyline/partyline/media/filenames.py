"""Build the names of files as users see them."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from partyline.media import file_types, formats

MAX_STEM = 100
_SUFFIX = re.compile(r"[a-z0-9]{1,8}")
# Suffixes by which a machine runs a file, whatever its content is.
_EXECUTABLE = re.compile(
    r"accda|accde|action|ade|adp|apk|app|appx|bat|cab|cgi|chm|class|cmd|com|command|cpl|crx|deb|diagcab|dll|dmg"
    r"|docm|dotm|drv|exe|gadget|hta|htm|html|img|inf|ins|ipa|iso|isp|jar|jnlp|js|jse|lnk|mda|mde|mht|mhtml|mjs|msc"
    r"|msi|msix|msp|mst|nsh|ocx|php|pif|pkg|potm|ppam|pptm|ps1|psm1|py|pyc|pyo|pyw|pyz|rb|reg|rpm|scf|scr|sct|sh"
    r"|shb|svg|svgz|swf|sys|url|vb|vbe|vbs|vbscript|vhd|vhdx|vxd|wasm|webloc|workflow|ws|wsc|wsf|wsh|xap|xbap|xht"
    r"|xhtml|xlam|xll|xlsm|xltm|xml|xnk|xsl|xslt"
)


def display_name(name: str, kind: str) -> str:
    """Return a name with the suffix of its type.

    For a type without a suffix the name keeps its own, unless a machine would run the file by that.
    """
    path = PurePosixPath(re.split(r"[/\\]", name)[-1])
    suffix = path.suffix[1:].lower()
    stem = "".join(letter for letter in path.stem if letter.isprintable())[:MAX_STEM].strip(" .")
    if kind in formats.EXTENSIONS or not _SUFFIX.fullmatch(suffix) or _EXECUTABLE.fullmatch(suffix):
        suffix = file_types.extension_for(kind)
    return f"{stem or 'file'}.{suffix}"
