#!/bin/sh
# Install the locked requirements, build the front end, install Nexus itself (editable).
# usage: install.sh VENV REQUIREMENTS
set -eu
venv="$1"; requirements="$2"
export NEXUS_QUIET=1
echo "Installing packages ..."
"$venv/bin/python" -m pip --disable-pip-version-check -q install --require-hashes --no-deps -r requirements/tools.txt
# The front end's packages arrive while Python's do.
"$venv/bin/python" scripts/node.py npm ci --no-audit --no-fund --loglevel=error &
npm=$!
# Compiled now: a sandboxed kernel cannot write, and would compile everything anew at each start.
VIRTUAL_ENV="$venv" "$venv/bin/uv" pip install -q --compile-bytecode --require-hashes --no-deps -r "$requirements"
wait "$npm"
echo "Building the front end ..."
"$venv/bin/python" scripts/node.py npm run -s build:prod
VIRTUAL_ENV="$venv" "$venv/bin/uv" pip install -q --no-build-isolation --no-deps -e .
# A link instead of a copy: the next build shows after a reload of the page.
"$venv/bin/python" scripts/link_labextension.py
