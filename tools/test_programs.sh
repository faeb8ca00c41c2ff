#!/bin/sh
# Make sure that the programs which the tests and the demo drive are here:
# test_programs.sh [chromium|firefox|ffmpeg|postgresql|coturn|janus|softhsm|poppler|golang|compiler ...]   (none named: all)
# As root or with passwordless sudo on a Debian-like system it installs them; elsewhere it says how.
set -eu
wanted=${*:-chromium firefox ffmpeg postgresql coturn janus softhsm poppler mupdf golang compiler}
missing=
for name in $wanted; do
    case $name in
        chromium) command -v chromium || command -v google-chrome ;;
        ffmpeg) command -v ffmpeg && command -v ffprobe ;;
        postgresql) command -v postgres || ls /usr/lib/postgresql/*/bin/postgres ;;
        coturn) command -v turnserver ;;
        firefox) command -v firefox-esr || command -v firefox ;;
        janus) command -v janus ;;
        softhsm) command -v softhsm2-util ;;
        mupdf) command -v mutool ;;
        poppler) command -v pdftoppm ;;
        golang) command -v go && ls "$(go env GOROOT)/src/cmd/vendor/golang.org/x/mod/sumdb/note" ;;
        compiler) .venv/bin/python -c 'import sys, tools.native; sys.exit(bool(tools.native.missing()))' ;;
        *) echo "test_programs.sh: unknown program $name" >&2; exit 2 ;;
    esac >/dev/null 2>&1 || missing="$missing $name"
done
[ -n "$missing" ] || exit 0
packages=
for name in $missing; do
    case $name in
        firefox) packages="$packages firefox-esr" ;;
        softhsm) packages="$packages softhsm2" ;;
        mupdf) packages="$packages mupdf-tools" ;;
        poppler) packages="$packages poppler-utils" ;;
        golang) packages="$packages golang-go golang-src" ;;
        compiler) packages="$packages gcc python3-dev" ;;
        *) packages="$packages $name" ;;
    esac
done
if ! command -v apt-get >/dev/null 2>&1; then
    echo "Missing:$missing. Install them with your system's package manager, then run this again." >&2
    exit 1
fi
sudo=
if [ "$(id -u)" != 0 ]; then
    if ! sudo -n true 2>/dev/null; then
        echo "Missing:$missing. Run:  sudo apt-get update && sudo apt-get install -y$packages" >&2
        exit 1
    fi
    sudo="sudo -n"
fi
echo "Installing$packages ..."
# shellcheck disable=SC2086
$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $packages >/dev/null
