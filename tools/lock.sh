#!/bin/sh
# Make the lock files anew, with hashes and without addresses. Needs uv (pip install uv).
set -eu
cd "$(dirname "$0")/.."
compile() { uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --quiet "$@"; }
compile pyproject.toml -o requirements.lock
compile pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
compile --group pyproject.toml:node -o requirements-node.lock --no-annotate
