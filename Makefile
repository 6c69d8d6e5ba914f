# Everything runs from a virtual environment that the first command builds; nothing is installed by hand.

VENV := .venv
PYTHON := $(VENV)/bin/python
ARGS ?=
ONLY ?=
SERVE ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# What is imported is compiled once and kept, whatever the shell says: else each process compiles it anew.
export PYTHONDONTWRITEBYTECODE :=

# A stamp carries its lock file's checksum: a changed lock installs again, an unchanged one does not.
stamp = $(VENV)/.installed-$(1)-$(firstword $(shell cksum < $(1).lock))
RUN_STAMP := $(call stamp,requirements)
DEV_STAMP := $(call stamp,requirements-dev)
# what develops Dockside also runs it
INSTALLED := $(if $(wildcard $(DEV_STAMP)),$(DEV_STAMP),$(RUN_STAMP))

.DEFAULT_GOAL := help
.PHONY: help demo serve doctor test check bench torture lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

demo: $(INSTALLED) ## run one real day from order to verified custody bundle, then serve it (SERVE=0: do not serve)
	@$(PYTHON) -m config.local run --migrate $(if $(filter 0,$(SERVE)),,--serve) -- $(PYTHON) manage.py demo

serve: $(INSTALLED) ## serve the portal on http://localhost:8000 until Ctrl-C (PORT=8001: elsewhere)
	@$(PYTHON) -m config.local serve --migrate

doctor: $(INSTALLED) ## what is missing on this machine, and whether every guard of the database is in force
	@$(PYTHON) -m config.local up
	@$(PYTHON) manage.py doctor

test: $(DEV_STAMP) ## run the tests on every core (ARGS="tests/routing -x": what to tell pytest)
	@$(PYTHON) -m pytest -n auto --dist worksteal $(ARGS)

check: $(DEV_STAMP) ## lint, formatting, types, import contracts, Django's own checks, missing migrations
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	find . -path '*/templates/*' -name '*.html' -not -path './.*' -exec $(VENV)/bin/djade --check {} +
	$(PYTHON) -m mypy
	$(VENV)/bin/lint-imports
	$(PYTHON) -m config.local up
	$(PYTHON) manage.py check --fail-level WARNING
	$(PYTHON) manage.py makemigrations --check --dry-run

bench: $(DEV_STAMP) ## measure what is promised about speed (ONLY=contention: one of them; ONLY="contention attempts=100000")
	@$(PYTHON) -m benchmarks $(ONLY)

torture: $(DEV_STAMP) ## 10,000 forged custody bundles, 5,000 honest ones, 60 times kill -9 under load (ARGS="--mutants 100")
	@$(PYTHON) -m tests.custody.torture $(ARGS)
	@$(PYTHON) -m tests.custody.kills

lock: $(DEV_STAMP) ## write the lock files anew from pyproject.toml
	PATH="$$PATH:$(VENV)/bin" uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml -o requirements.lock
	PATH="$$PATH:$(VENV)/bin" uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

clean: ## stop the services of this checkout and delete their data and all caches (the environment stays)
	@if [ -x $(PYTHON) ] && [ -d .local ]; then $(PYTHON) -m config.local clean; fi
	@rm -rf .local .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache staticfiles
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	    if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$name; break; fi; \
	done; \
	if [ -z "$$python" ]; then echo 'Dockside needs Python 3.11 or newer, and none is on PATH.' >&2; exit 1; fi; \
	if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
	    echo "$$python cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; \
	fi; \
	$$python -m venv $(VENV)

define install
@echo "Installing what $(1) names (once; a minute or two) ..."
@if command -v uv >/dev/null; then uv pip install -q --python $(PYTHON) --require-hashes -r $(1); \
else $(PYTHON) -m pip install -q --no-compile --require-hashes -r $(1); fi
@touch $@
endef

$(RUN_STAMP): | $(VENV)/bin/python
	$(call install,requirements.lock)

$(DEV_STAMP): | $(VENV)/bin/python
	$(call install,requirements-dev.lock)
