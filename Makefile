# make demo      the whole pipeline on the embedded default; prints the report's path
# make test      the tests, without the slow ones and those that need development data
# make test-all  every test; MALMOI_DATA names the development data
# make check     style, types, walls

PYTHON ?= python3
CONFIG ?= configs/quickstart.yaml
BIN := .venv/bin
STAMP := .venv/.installed
DATA := .data/quickstart
# A file's tests stay in one process, so that what its fixtures build is built once.
PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses 8 --dist loadfile
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test test-all check clean

demo: $(STAMP)
	@config=$$($(BIN)/python -P -m corpus.samples $(DATA) --config $(CONFIG)) && \
	$(BIN)/python -P -m pipeline.stage all --config "$$config"

test: $(STAMP)
	$(PYTEST) -m "not slow and not data"

test-all: $(STAMP)
	$(PYTEST)

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# torch goes first: with it in place, no other package brings in a build of its own.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed" if sys.version_info < (3, 11) else 0)'
	@echo "installing into .venv (about 2.5 GB; more where pip brings a CUDA build of torch)" >&2
	@started=$$(date +%s) && \
	$(PYTHON) -m venv .venv && \
	$(PIP) "$$(grep '^torch==' constraints.txt)" && \
	$(PIP) -r constraints.txt && \
	$(PIP) --no-deps --no-build-isolation -e . && \
	touch $(STAMP) && \
	echo "installed in $$(( $$(date +%s) - started )) s" >&2

clean:
	rm -rf runs .data .venv
