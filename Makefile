# `make help` lists what can be made.
PYTHON ?= python3
PROFILE ?= laptop
ENVIRONMENT ?= $(basename $(notdir $(PROFILE)))
# A person's running environment stays untouched: tests have a name, addresses and a state directory of their own.
TEST_ENVIRONMENT ?= cairn-test
TEST_ADDRESS_RANGE ?= 10.98.0.0/24
# These want the machine without any other environment on it, and so run before the cluster tests make theirs.
MACHINE_TESTS := smoke_tests/lifecycle/test_machine.py
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/cairn
BIN := .venv/bin
# Without byte code on disk, every program would translate all libraries anew at each of its many starts.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help up test down lint catalog reference unit cluster-tests bench bench-cold clean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: .venv/ready ## from a bare machine to a running platform (PROFILE=laptop); it asks before data goes (YES=1 answers)
	$(BIN)/cairn up $(PROFILE) --name $(ENVIRONMENT) $(if $(YES),--yes)

down: .venv/ready ## take the platform away and leave nothing; it asks (YES=1 answers)
	$(BIN)/cairn down --name $(ENVIRONMENT) $(if $(YES),--yes)

test: lint catalog ## lint, types, unit, host, smoke and journey tests, on an environment of their own
	$(BIN)/pytest -q -n 3 --dist worksteal $(MACHINE_TESTS) tests
	@$(MAKE) --no-print-directory cluster-tests

lint: .venv/ready ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

catalog: .venv/ready ## build or fetch what isn't in the cache (half an hour to an hour on two cores when nothing is)
	$(BIN)/cairn catalog build

reference: .venv/ready ## write the pages of docs/ that are made from the code
	$(BIN)/python -m profiles.reference > docs/reference/profile.md
	$(BIN)/python -m catalog.reference
	$(BIN)/python -m cairn.reference

unit: catalog ## the tests that need no cluster
	$(BIN)/pytest -q -n 2 tests

cluster-tests: .venv/ready ## the tests that need a cluster; they make their own and take it away
	@$(BIN)/cairn profile validate $(PROFILE) >/dev/null
	@set -e; mkdir -p $(CACHE); export XDG_STATE_HOME=$$(mktemp -d $(CACHE)/test-state-XXXXXX); \
	  trap '$(BIN)/cairn down --name $(TEST_ENVIRONMENT) --yes; rm -rf $$XDG_STATE_HOME' EXIT; trap 'exit 130' INT TERM; \
	  $(BIN)/cairn up $(PROFILE) --name $(TEST_ENVIRONMENT) --set cluster.address_range=$(TEST_ADDRESS_RANGE) --yes; \
	  $(BIN)/pytest -q smoke_tests --ignore $(MACHINE_TESTS) --environment $(TEST_ENVIRONMENT)

bench: .venv/ready ## measure speed and cost of PROFILE, and write docs/performance.md
	$(BIN)/python -m bench --profile $(PROFILE)

bench-cold: .venv/ready ## make everything that PROFILE needs into an empty cache, timed (40 GB, gone afterwards)
	$(BIN)/python -m bench.cold --profile $(PROFILE)

clean: ## forget the Python environment and what tests left in the checkout
	rm -rf .venv evidence charts .mypy_cache .ruff_cache .pytest_cache

.venv/ready: requirements.lock bootstrap.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: Cairn needs Python 3.11 or newer as $(PYTHON); name another: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "error: Python's venv is missing: apt-get install python3-venv" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r bootstrap.lock
	$(BIN)/uv pip sync --quiet --require-hashes bootstrap.lock requirements.lock
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
