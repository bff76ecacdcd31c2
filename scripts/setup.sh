#!/bin/sh
# Installs the Debian packages that building and testing need, and says which. Does nothing when they are all there.
set -eu

packages="pkg-config libssl-dev libsrtp2-dev libopus-dev libvpx-dev libavformat-dev libavcodec-dev libavutil-dev \
libswresample-dev libswscale-dev"

missing=""
for package in $packages; do
    state=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
    [ "$state" = "install ok installed" ] || missing="$missing $package"
done
if [ -z "$missing" ]; then
    exit 0
fi

if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo"
else
    echo "setup: these Debian packages are missing:$missing" >&2
    echo "setup: installing them needs root; run this as root or with sudo:" >&2
    echo "    apt-get update && apt-get install -y --no-install-recommends$missing" >&2
    exit 1
fi

echo "setup: installing$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q >/dev/null
# shellcheck disable=SC2086  # a list of words on purpose
$as_root apt-get install -q -y --no-install-recommends $missing >/dev/null
echo "setup: done"
