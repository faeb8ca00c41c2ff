# Mahdar. Two commands do all the set-up: `make run` and `make test`.
SHELL := /bin/sh
VENV := .venv
PY := $(VENV)/bin/python
PORT ?= 8000
# Tests of what set-up compiles: they run once more from its source.
PACKETS := $(patsubst %,tests/media/test_%.py,arrivals feedback forwarder fuzz layers line_estimate \
	packet_cache publisher rebase rtcp rtp slots twcc vp8)
# Browser tests without real media: two at a time disturb nobody.
PAGES := tests/interface tests/browser/test_room_views.py
export PORT

.DEFAULT_GOAL := help

help: ## Show these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

# ---- set-up, each step only when its inputs changed -------------------------------------------
$(VENV)/.base: requirements.lock tools/venv.sh
	@sh tools/venv.sh $(VENV) requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.base
	@sh tools/venv.sh $(VENV) requirements-dev.lock
	@touch $@

node_modules/.stamp: package-lock.json tools/node.sh | $(VENV)/.base
	@sh tools/node.sh npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

setup: $(VENV)/.base node_modules/.stamp
	@sh tools/node.sh $(PY) -m tools.build_static
	@$(PY) -m tools.native

setup-test: $(VENV)/.dev setup
	@sh tools/test_programs.sh

# ---- what people use ------------------------------------------------------------------------
run: setup ## Serve the product with demo data on http://localhost:8000 (PORT=... changes it)
	@MAHDAR_MODE=demo ./mahdar serve

demo: setup ## Hold a hearing with headless browsers, or SCENARIO=notary|marriage, and verify it
	@sh tools/test_programs.sh chromium ffmpeg
	@$(MAKE) --no-print-directory $(VENV)/.dev
	@./mahdar demo --scenario $(or $(SCENARIO),hearing) --out var/demo

test: setup-test lint test-js ## Run every check
	@failed=; \
	$(PY) -m pytest -q -m "not browser" -n 4 --dist loadfile --no-loadscope-reorder --durations 15 || failed=1; \
	MAHDAR_NATIVE=no $(PY) -m pytest -q -n 2 $(PACKETS) || failed=1; \
	$(PY) -m pytest -q -m browser $(PAGES) -n 2 --dist loadfile || failed=1; \
	$(PY) -m pytest -q -m browser $(PAGES:%=--ignore=%) --durations 30 || failed=1; \
	test -z "$$failed"  # all run to their end: one red test must not hide another

test-js:
	@sh tools/node.sh sh -c 'node --test tests/js/*.test.js'

lint: setup-test ## ruff, mypy --strict, tsc --checkJs, licences of what we install
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy .
	@sh tools/node.sh node node_modules/typescript/bin/tsc -p jsconfig.json
	@$(PY) -m tools.licences

bench: setup-test ## Measure beside Janus and others (SUITE=media|joining|vault|film|recording|audit|notary|policy QUICK=1 OUT=FILE)
	@$(PY) -m benchmarks $(if $(SUITE),--suite $(SUITE)) $(if $(QUICK),--quick) $(if $(OUT),--out $(OUT))

audit: setup ## Look for known vulnerabilities of what we install (needs a network)
	@sh tools/audit.sh

lock: ## Make the lock files anew (needs uv)
	@sh tools/lock.sh

clean: ## Remove what set-up built (keeps var/)
	rm -rf $(VENV) node_modules static/build build .mypy_cache .ruff_cache .pytest_cache test-output

.PHONY: help setup setup-test run demo test test-js lint bench audit lock clean
