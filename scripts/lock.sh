#!/bin/sh
# Write the hash-locked requirements: versions and hashes, no index address.
set -eu
compile="$1/bin/pip-compile -q --generate-hashes --allow-unsafe --strip-extras --no-header
    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options"
$compile --extra build --extra test --extra dev --extra collab -o requirements/dev.txt pyproject.toml
$compile --extra build -c requirements/dev.txt -o requirements/run.txt pyproject.toml
"$1/bin/python" scripts/node_lock.py
