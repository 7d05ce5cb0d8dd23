# make demo      the whole pipeline on the embedded default; prints the report's path
# make test      the tests, without the slow ones and those that need development data
# make test-all  every test; MALMOI_DATA names the development data
# make check     style, types, walls

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
DATA := .data/quickstart

.PHONY: demo test test-all check clean

demo: $(STAMP)
	@$(BIN)/python -P -m corpus.samples $(DATA)
	@$(BIN)/python -P -m pipeline.stage all --config configs/quickstart.yaml

test: $(STAMP)
	$(BIN)/python -m pytest -m "not slow and not data"

test-all: $(STAMP)
	$(BIN)/python -m pytest

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# torch goes first: with it in place, no other package brings in a build of its own.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

clean:
	rm -rf runs .data .venv
