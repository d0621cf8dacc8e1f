#!/bin/sh
# Make a virtual environment with Python >= 3.11, or say how to get one.
# usage: make_venv.sh VENV [PYTHON]
set -eu
venv="$1"; asked="${2:-}"

# A name on the path proves nothing: a version manager's shim may stand for a Python it does not have.
fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
# `ensurepip` is the part that Debian leaves to python3-venv.
makes_venv() { fits "$1" && "$1" -c 'import ensurepip, venv' 2>/dev/null; }
first() {
    for name in ${asked:-python3.13 python3.12 python3.11 python3 python}; do
        if "$1" "$name"; then echo "$name"; return 0; fi
    done
    return 1
}

if python="$(first makes_venv)"; then
    exec "$python" -m venv "$venv"
fi
as_root() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }
if python="$(first fits)" && as_root; then
    apt-get -o DPkg::Lock::Timeout=120 update -qq
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y -qq --no-install-recommends python3-venv >/dev/null
    python="$(first makes_venv)" || { echo "No Python here makes a virtual environment, though python3-venv is installed. Name one that does: make run PYTHON=/path/to/python3" >&2; exit 1; }
    exec "$python" -m venv "$venv"
elif [ -n "$python" ]; then
    echo "The venv module of $python is missing. Paste this, then try again: sudo apt-get install -y python3-venv" >&2
else
    echo "Nexus needs Python 3.11 or newer; found none${asked:+ in $asked}. On Debian 12, paste: sudo apt-get install -y python3 python3-venv" >&2
fi
exit 1
