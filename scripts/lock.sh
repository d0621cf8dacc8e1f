#!/bin/sh
# Write the hash-locked requirements for every platform: versions and hashes, no index address.
set -eu
compile="$1/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate"
$compile --extra build --extra test --extra dev --extra collab --extra parquet -o requirements/dev.txt pyproject.toml
$compile --extra build -c requirements/dev.txt -o requirements/run.txt pyproject.toml
"$1/bin/python" scripts/lock_tools.py
