# The project's commands. `make demo` and `make test` set up first; a fresh machine needs python3 (3.11 or newer) alone.

PYTHON ?= python3
BIN := .venv/bin
DEMO := build/demo
ATTACKS := tests/autograder/attacks
# Grades the sample class
CLASS := tests/autograder/test_sample_class.py
# none: run student code unprotected, on a host that cannot isolate it
SANDBOX ?= auto
# Every version that `make setup` installs
LOCK := requirements.lock
UV := PATH="$$PATH:$(CURDIR)/$(BIN)" uv
# Python keeps what it compiles: the tests start hundreds of processes, and nbgrader takes three seconds to compile
unexport PYTHONDONTWRITEBYTECODE
NO_CHROMIUM := chromium is not there: the tests in a browser will be skipped (Debian: apt-get install chromium)

.PHONY: setup uv lock environment demo wheelhouse docs test test-quick test-attacks test-the-rest test-what-trains validate lint clean

# The stamp is newer than pyproject.toml and the lock once everything in them is installed
setup: .venv/.installed

.venv/.installed: pyproject.toml $(LOCK) | uv
	$(UV) pip install --quiet --python $(BIN)/python --constraint $(LOCK) --editable ".[dev]"
	touch $@

# The machine's own where there is one
uv:
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@command -v uv >/dev/null || test -x $(BIN)/uv || { \
	    $(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null; \
	    $(BIN)/python -m pip install --quiet uv; }

# The newest versions that pyproject.toml allows, for every Python it allows
lock: uv
	$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras --no-annotate \
	    --custom-compile-command "make lock" --output-file $(LOCK) pyproject.toml

# What docs/students.md says of packages and their versions
environment: setup
	$(BIN)/python docs/measure/environment.py

# Build the assignments, grade the sample class, write its reports
demo: setup
	$(BIN)/python examples/grade_class.py --results $(DEMO)/results --reports $(DEMO) --sandbox $(SANDBOX)
	$(BIN)/python examples/compare.py --results $(DEMO)/results
	@echo "The class reports:" && for page in $(DEMO)/*.html; do echo "  file://$(CURDIR)/$$page"; done

# What a machine without network lacks to run `autograder accept gpu`; docs/operators.md says how to go on there
wheelhouse: setup
	PYTHON=$(BIN)/python sh docs/operators/wheelhouse.sh collect build/wheelhouse

# The documentation as a site, by both of its builders, in build/site/; begin at build/site/zensical/index.html
docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict --site-dir build/site/mkdocs
	$(BIN)/zensical build --clean --strict

# Tests wait a lot; what trains, niced, fills the gaps
test: setup lint
	$(BIN)/autograder build --check
	@command -v chromium >/dev/null || echo "$(NO_CHROMIUM)"
	$(MAKE) --jobs=2 test-the-rest test-what-trains

# What neither starts processes nor a browser: for everyday work
test-quick: setup lint
	$(BIN)/python -m pytest --ignore $(ATTACKS) -m "not slow and not costly and not browser"

# Before all other tests: they look at what a batch leaves behind on this host
test-attacks: setup
	$(BIN)/python -m pytest $(ATTACKS)

test-the-rest: test-attacks
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder \
	    --ignore $(ATTACKS) --ignore $(CLASS) -m "not slow"

# Beside the attacks: what it keeps for a while is not where they look
test-what-trains: setup
	folder=$$(mktemp -d /var/tmp/trains-XXXXXX) && trap "rm -rf $$folder" EXIT && TMPDIR=$$folder $(MAKE) validate
	nice $(BIN)/python -m pytest -p no:cacheprovider $(CLASS)

validate: setup
	nice $(BIN)/autograder validate --quick --mutants 2 --students 2 --sandbox $(SANDBOX)

lint: setup
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

clean:
	rm -rf build results .cache .venv
