#!/bin/sh
# Open JupyterLab with Nexus on a folder; another port is taken when this one is in use.
# usage: run.sh VENV FOLDER PORT
set -eu
venv="$1"; folder="$2"; port="$3"
root=""
page="/lab"
[ -f "$folder/Welcome.ipynb" ] && page="/lab/tree/Welcome.ipynb"
mkdir -p "$folder"
[ "$(id -u)" = 0 ] && root="--allow-root"
# JupyterLab would ask to fetch news from the internet, over the first app; the answer here is no.
settings="$venv/share/jupyter/lab/settings/overrides.json"
if [ ! -e "$settings" ]; then
    mkdir -p "$(dirname "$settings")"
    echo '{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}' > "$settings"
fi
echo "Starting JupyterLab on $folder; its address follows. Ctrl+C ends it."
exec "$venv/bin/python" -m jupyterlab $root --ServerApp.port="$port" \
    --ServerApp.root_dir="$(cd "$folder" && pwd)" --LabApp.default_url="$page" ${NEXUS_LAB_OPTIONS:-}
