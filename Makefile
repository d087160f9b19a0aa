# The project's commands. `make demo` and `make test` set up first; a fresh machine needs python3 (3.11 or newer) alone.

PYTHON ?= python3
BIN := .venv/bin
DEMO := build/demo
ATTACKS := tests/autograder/attacks
# none: run student code unprotected, on a host that cannot isolate it
SANDBOX ?= auto
NO_CHROMIUM := chromium is not there: the JupyterLab test will be skipped (Debian: apt-get install chromium)

.PHONY: setup demo test test-the-rest validate lint clean

# The stamp is newer than pyproject.toml once everything in it is installed
setup: .venv/.installed

.venv/.installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	command -v uv >/dev/null || test -x $(BIN)/uv || { \
	    $(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null; \
	    $(BIN)/python -m pip install --quiet uv; }
	PATH="$$PATH:$(CURDIR)/$(BIN)" uv pip install --quiet --python $(BIN)/python --editable ".[dev]"
	touch $@

# Build the assignments, grade the sample class, write its reports
demo: setup
	$(BIN)/autograder build
	$(BIN)/python examples/grade_class.py --results $(DEMO)/results --reports $(DEMO) --sandbox $(SANDBOX)
	$(BIN)/python examples/compare.py --results $(DEMO)/results

# The attacks come first and alone: they look at what a batch leaves behind on this host. The rest waits a lot, and
# validation fills the gaps
test: setup lint
	$(BIN)/autograder build --check
	@command -v chromium >/dev/null || echo "$(NO_CHROMIUM)"
	$(BIN)/python -m pytest $(ATTACKS)
	$(MAKE) --jobs=2 test-the-rest validate

test-the-rest: setup
	$(BIN)/python -m pytest --ignore $(ATTACKS) -m "not slow"

validate: setup
	nice $(BIN)/autograder validate --quick --mutants 4 --sandbox $(SANDBOX)

lint: setup
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

clean:
	rm -rf build results .venv
