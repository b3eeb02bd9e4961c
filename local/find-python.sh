#!/bin/sh
# Print the path of a Python that can run this project: 3.11 or newer, able to make virtual environments.
#
# $PYTHON wins when it is set. Otherwise the plain names on PATH are tried, then what pyenv has installed.

usable() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if [ -n "$PYTHON" ]; then
    candidates=$PYTHON
else
    candidates="python3 python3.13 python3.14 python3.12 python3.11 python
        $(ls -d "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[1-9]*/bin/python 2>/dev/null | sort -rV)"
fi

for candidate in $candidates; do
    if usable "$candidate"; then
        command -v "$candidate"
        exit 0
    fi
done

{
    if [ -n "$PYTHON" ]; then
        echo "PYTHON=$PYTHON is not a Python 3.11 or newer with the venv module."
    else
        echo "Partyline needs Python 3.11 or newer, with its venv module, and found none."
    fi
    echo "Install one (on Debian and Ubuntu: apt install python3 python3-venv), or name yours: make PYTHON=/path/to/python"
} >&2
exit 1
