# Everything starts from a fresh Debian 12 with Python 3.11, make and git. `make help` lists the targets.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := $(VENV)/packages
STAMP := $(VENV)/installed
EXTRAS := --extra pure --extra postgres --extra sandbox --extra dev
WORKERS ?= 4
# Some images forbid it; then every process of a test run compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install debian-packages demo test test-postgres quick nightly fuzz chaos check bench catalogs lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: $(STAMP) ## build .venv from requirements.lock (every other target does it first when it is missing or stale)

# A clean environment for a new lock; a change of pyproject.toml alone only installs Priem itself anew.
$(PACKAGES): requirements.lock
	@bin/venv $(PYTHON) $(VENV)
	@bin/packages $(BIN)/python requirements.lock
	@touch $@

$(STAMP): $(PACKAGES) pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

debian-packages:
	@bin/debian-packages

demo: $(STAMP) ## sandboxes, a hub and a clinic that lives; Ctrl-C ends all of it
	@$(BIN)/priem demo --with-archimed

test: $(STAMP) debian-packages ## every test
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal

test-postgres: $(STAMP) debian-packages ## every test, with PostgreSQL under the hub
	$(BIN)/python -m tests.postgres $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal

quick: $(STAMP) ## the tests that need no server, under a minute
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal -p no:schemathesis -m "not slow and not e2e"

nightly: $(STAMP) ## two thousand random histories of a clinic, its faults and crashes; every page in every size, language and light; a storm of webhooks alone
	PRIEM_HISTORIES=2000 $(BIN)/python -m pytest --timeout 7200 tests/engine/test_histories.py tests/engine/test_wide_histories.py
	PRIEM_EVERY_VARIANT=1 $(BIN)/python -m pytest --timeout 7200 tests/e2e/test_every_page.py
	PRIEM_ALONE=1 $(BIN)/python -m pytest tests/e2e/test_storm.py

fuzz: $(STAMP) ## ten thousand requests that nobody thought of to the service for IDENT (FUZZ: how many a method)
	IDENT_CASES=$(or $(FUZZ),1450) $(BIN)/python -m pytest --timeout 7200 tests/hub/test_ident_openapi.py

chaos: $(STAMP) ## SIGKILL at 200 random moments while both sides fail, an agent cut off for ten minutes, clinics that hang: nothing doubled, lost or late (15 minutes)
	PRIEM_CHAOS=1 PRIEM_CUT_SECONDS=600 $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal \
		tests/chaos tests/hub/shifts/test_budget.py tests/e2e/test_agent.py

check: $(STAMP) ## format, lint, types, imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP) ## measure the first sync, delays and reading anew (docs/reference/figures.md)
	@bin/bench

catalogs: $(STAMP) ## merge and compile the Russian texts of src/priem/locale/ru
	@$(BIN)/python bin/catalogs

lock: ## renew requirements.lock from pyproject.toml (needs uv: pip install uv)
	@uv pip compile pyproject.toml $(EXTRAS) --generate-hashes --no-emit-index-url --universal \
		--python-version 3.11 --no-header --no-annotate --quiet --output-file requirements.lock

clean: ## remove what the other targets built
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist priem-data
