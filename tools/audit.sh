#!/bin/sh
# Known vulnerabilities of the locked packages, from PyPI's and npm's advisories. Needs a network,
# so it is no part of `make test`; an installation runs it at each update.
set -eu
cd "$(dirname "$0")/.."
status=0
if command -v uvx >/dev/null 2>&1; then
  for lock in requirements.lock requirements-dev.lock; do
    uvx pip-audit --require-hashes --disable-pip -r "$lock" || status=1
  done
elif .venv/bin/python -c 'import pip_audit' 2>/dev/null; then
  for lock in requirements.lock requirements-dev.lock; do
    .venv/bin/python -m pip_audit --require-hashes --disable-pip -r "$lock" || status=1
  done
else
  echo "Install uv (uvx) or pip-audit to look at the Python packages." >&2
  status=2
fi
sh tools/node.sh npm audit --omit=dev || status=1
exit $status
