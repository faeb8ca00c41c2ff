#!/bin/sh
# Make the environment and install a hash-pinned lock into it: venv.sh FOLDER LOCK
set -eu
venv=$1 lock=$2
if [ ! -x "$venv/bin/python" ]; then
    python=
    for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            python=$name
            break
        fi
    done
    if [ -z "$python" ]; then
        echo "Mahdar needs Python 3.11 or newer. On Debian: apt-get install python3 python3-venv" >&2
        exit 1
    fi
    if ! "$python" -m venv "$venv"; then
        rm -rf "$venv"
        echo "The environment could not be made. On Debian: apt-get install python3-venv" >&2
        exit 1
    fi
fi
echo "Installing $lock ..."
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
