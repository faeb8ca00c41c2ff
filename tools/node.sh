#!/bin/sh
# Run a command with Node 20 or newer first on PATH: the system's, or the one of the PyPI wheel.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
if ! { command -v node && command -v npm && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)'; } >/dev/null 2>&1; then
    home="$here/.venv"
    if [ ! -x "$home/bin/node" ]; then
        echo "No Node 20 here; installing the one from PyPI ..." >&2
        "$home/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
            -r "$here/requirements-node.lock"
    fi
    PATH="$home/bin:$PATH"
    export PATH
fi
exec "$@"
