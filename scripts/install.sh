#!/bin/sh
# Install the locked requirements, build the front end, install Nexus itself (editable).
# usage: install.sh VENV REQUIREMENTS
set -eu
venv="$1"; requirements="$2"
pip="$venv/bin/python -m pip --disable-pip-version-check -q"
echo "Installing Python packages ..."
# The front end's packages arrive while Python's do.
$pip install --require-hashes --no-deps -r requirements/node.txt
NEXUS_QUIET=1 "$venv/bin/python" scripts/node.py npm ci --no-audit --no-fund --loglevel=error &
npm=$!
$pip install --require-hashes --no-deps -r "$requirements"
echo "Building the front end ..."
wait "$npm"
NEXUS_QUIET=1 "$venv/bin/python" scripts/node.py npm run -s build:prod
$pip install --no-build-isolation --no-deps -e .
# A link instead of a copy: the next build shows after a reload of the page.
"$venv/bin/python" scripts/link_labextension.py
