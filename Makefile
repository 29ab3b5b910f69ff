# channelsim: everything starts from python3 (3.11 or newer) and make.
#
#   make demo       install, then make the channel plan of the library's maker of appliances: out/plan
#   make test       lint, types, compile once, tests (also with the JIT off and with bounds checked)
#   make verify     the long statistical tests, and the proof table with four times the replications
#   make test-lowest   the tests with the oldest libraries that pyproject.toml admits
#   make bench      speed
#   make docs       documentation into docs/_build/html
#   make notebooks  run the notebooks and store their outputs
#   make clean      remove what the above have made, the environment included

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test lint warm-up test-main test-jit-off test-bounds test-lowest verify bench docs notebooks clean

VENV := .venv
BIN := $(VENV)/bin
LOWEST := .venv-lowest
# The user's own PYTHON=... comes first; otherwise the first of PYTHONS that runs (a shim may exist for a
# version that does not), is new enough and can make an environment.
PYTHON ?=
PYTHONS := python3 python3.13 python3.12 python3.11 python3.14
PYTEST_WORKERS ?= 2
# Compiles every kernel into the cache: processes that compile at the same time can corrupt it.
WARM_UP ?= $(BIN)/channelsim compile

PIP_INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input
export PYTHONUNBUFFERED := 1
# Threads of BLAS below and worker processes above would fight for the same cores.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

help:
	@sed -n 's/^#   make/make/p' $(firstword $(MAKEFILE_LIST))

# --- environment: the stamps make a second run install nothing ---------------------------------------

$(BIN)/python:
	@for python in $(if $(PYTHON),"$(PYTHON)",$(PYTHONS)); do \
	    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
	    found="$$python"; \
	    "$$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || continue; \
	    echo "Creating $(VENV) with $$("$$python" -c 'import sys; print(sys.executable, sys.version.split()[0])')"; \
	    exec "$$python" -m venv $(VENV); \
	done; \
	if [ -n "$${found:-}" ]; then \
	    echo "error: $$found cannot create an environment, its module ensurepip or venv is missing" \
	         "(on Debian and Ubuntu: apt install python3-venv)." >&2; \
	else \
	    echo "error: no working Python 3.11 or newer among: $(or $(PYTHON),$(PYTHONS))." \
	         "Install one or name it: make PYTHON=/path/to/python3 ..." >&2; \
	fi; \
	exit 1

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@echo "Installing channelsim into $(VENV)"
	@$(PIP_INSTALL) --editable .
	@touch $@

# The development extra holds all of the plain installation, so it satisfies both stamps.
$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	@echo "Installing channelsim with its development tools into $(VENV)"
	@$(PIP_INSTALL) --editable '.[dev]'
	@touch $(VENV)/.installed $@

# --- use --------------------------------------------------------------------------------------------

demo: $(VENV)/.installed
	$(BIN)/channelsim plan appliances --currency yuan --out out/plan

bench: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/bench.py

docs: $(VENV)/.installed-dev
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

notebooks: $(VENV)/.installed-dev warm-up
	CHANNELSIM_SAVE_NOTEBOOKS=1 $(BIN)/python -m pytest tests/docs/test_notebooks.py

# --- checks -----------------------------------------------------------------------------------------

test: lint test-main test-jit-off test-bounds

lint: $(VENV)/.installed-dev
	$(BIN)/python -m ruff check --output-format concise
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy

warm-up: $(VENV)/.installed-dev
	$(WARM_UP)

test-main: $(VENV)/.installed-dev warm-up
	MPLBACKEND=Agg $(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist worksteal

# The same rules as plain Python, and with every index checked. No test selected is an error here (pytest's
# exit code 5): both groups exist.
test-jit-off: $(VENV)/.installed-dev
	MPLBACKEND=Agg NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -n $(PYTEST_WORKERS) -m jit_off

test-bounds: export NUMBA_BOUNDSCHECK := 1
test-bounds: export NUMBA_CACHE_DIR := $(CURDIR)/.numba_cache/bounds
test-bounds: $(VENV)/.installed-dev
	$(WARM_UP)
	MPLBACKEND=Agg $(BIN)/python -m pytest -n $(PYTEST_WORKERS) -m bounds

test-lowest: $(VENV)/.installed-dev
	$(BIN)/python -m venv $(LOWEST)
	$(BIN)/python -c 'import re, tomllib; \
	    project = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
	    print(*(re.sub(">=([^,]+).*", r"==\1", line) for line in project["dependencies"]), sep="\n")' \
	    > $(LOWEST)/constraints.txt
	$(LOWEST)/bin/python -m pip install -qq --disable-pip-version-check --no-input \
	    --constraint $(LOWEST)/constraints.txt --editable . pytest pytest-xdist hypothesis
	MPLBACKEND=Agg NUMBA_CACHE_DIR=$(CURDIR)/.numba_cache/lowest \
	    $(LOWEST)/bin/python -m pytest --ignore tests/docs

verify: $(VENV)/.installed-dev warm-up
	MPLBACKEND=Agg CHANNELSIM_TEST_PROFILE=long $(BIN)/python -m pytest -n $(PYTEST_WORKERS) -m 'long or not long' \
	    tests/properties tests/randomness tests/facts tests/policy
	$(BIN)/channelsim verify --long

clean:
	rm -rf $(VENV) $(LOWEST) out dist build docs/_build docs/reference/api \
	    .numba_cache .hypothesis .pytest_cache .mypy_cache .ruff_cache
	find src tests benchmarks experiments notebooks docs -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
