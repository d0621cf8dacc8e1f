#!/bin/sh
# Make a virtual environment with Python >= 3.11, or say how to get one.
set -eu
python="$1"; venv="$2"
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Nexus needs Python 3.11 or newer; ${python:-python3} is not. On Debian 12: apt-get install python3 python3-venv" >&2
    exit 1
fi
if ! "$python" -m venv "$venv" 2>/dev/null; then
    rm -rf "$venv"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
        "$python" -m venv "$venv"
    else
        echo "The venv module is missing. Paste this, then try again: sudo apt-get install -y python3-venv" >&2
        exit 1
    fi
fi
