#!/bin/sh
# Install the system packages that are missing (as root), or print the one line that does.
# usage: system.sh [sandbox] [browser]
set -eu
wanted="${*:-sandbox browser}"
missing=""
for part in $wanted; do
    case "$part" in
        sandbox) command -v bwrap >/dev/null || missing="$missing bubblewrap" ;;
        browser)
            if [ -z "${NEXUS_CHROMIUM:-}" ] && ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null; then
                missing="$missing chromium fonts-liberation"
            fi ;;
    esac
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing$missing ..."
    # Another program may be installing packages: wait for it.
    apt-get -o DPkg::Lock::Timeout=120 update -qq
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "These system packages are missing:$missing. To install them, paste:" >&2
    echo "    sudo apt-get install -y --no-install-recommends$missing" >&2
    case "$missing" in
        *chromium*) exit 1 ;;
        *) echo "Without bubblewrap, only unmodified recipe apps run." >&2 ;;
    esac
fi
