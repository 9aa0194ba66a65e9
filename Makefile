# `make run` and `make test` work on a bare machine: each makes .venv first.
PYTHON ?= python3
BIN := .venv/bin/
# A folder with Prometheus' own test scripts, for `conformance` and the tests that need them.
export JIPYO_PROMQLTEST := $(or $(SUITE),$(JIPYO_PROMQLTEST))
.PHONY: help setup run test test-one test-two lint fix pictures sample golden bench house docs frontend check services integration e2e conformance fuzz histories lock
help:      ## this list
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'
PAGE := $(shell find frontend -type f -not -path '*/node_modules/*' -not -name '*.test.ts' -not -name schema.d.ts -not -path '*/testing/*' 2>/dev/null) src/jipyo/i18n/words.json
NPM := $(BIN)python hatch_build.py
.venv/done: pyproject.toml requirements/dev.txt hatch_build.py $(PAGE)
	$(PYTHON) -m venv .venv
	$(BIN)pip install -q --require-hashes -r requirements/dev.txt
	$(BIN)pip install -q --no-deps -e .
	touch $@
setup: .venv/done  ## everything a developer needs, in .venv
run: setup   ## the product, on 127.0.0.1:9797
	$(BIN)jipyo up
test: setup $(if $(T),,test-one test-two)  ## all tests that need no server, with branch coverage
	$(BIN)coverage $(if $(T),run -m pytest $(T),combine -q .coverage.one .coverage.two)
	$(BIN)coverage report
# Two halves that take about as long as each other, for two processors.
HALF := $(wildcard $(addprefix tests/,tsdb promql cli analysis catalogue wire alerts reports sla))
test-one: TESTS = $(HALF)
test-two: TESTS = $(HALF:%=--ignore=%)
test-one test-two: setup
	$(BIN)coverage run --data-file=.coverage.$(@:test-%=%) -m pytest --durations=25 $(TESTS)
lint: setup  ## format, rules, types, layers, spelling
	$(BIN)ruff format --check .
	$(BIN)ruff check .
	$(BIN)mypy
	$(BIN)lint-imports --no-cache
	$(BIN)codespell src tests docs bench *.md changes
fix: setup   ## what a machine can put right
	$(BIN)ruff format .
	$(BIN)ruff check --fix .
frontend/node_modules/done: frontend/package.json frontend/package-lock.json | setup
	$(NPM) ci --ignore-scripts --no-audit --no-fund
	touch $@
frontend/src/api/schema.d.ts: docs/openapi.json frontend/node_modules/done
	$(NPM) run --silent types
frontend: frontend/node_modules/done frontend/src/api/schema.d.ts  ## types and unit tests of the dashboard
	$(NPM) run --silent check
	$(NPM) run --silent test
check: setup  ## what must hold before a change lands
	$(MAKE) --jobs=2 --output-sync=target lint test frontend conformance
docs: setup  ## write the tables of the documentation anew, and check it
	PYTHONPATH=tests $(BIN)python tests/docs/tables.py
	PYTHONPATH=tests $(BIN)python tests/web/api/openapi_file.py
	PYTHONPATH=tests $(BIN)python tests/reports/schema_file.py
	$(BIN)python -m pytest -q tests/docs tests/web/api/test_openapi.py tests/reports/test_schema_file.py
pictures: setup ## the pictures of the documentation, taken anew; needs Chromium
	PYTHONPATH=tests $(BIN)python tests/docs/pictures.py
sample: setup ## the sample report and form of the documentation, and pictures of their pages, made anew
	PYTHONPATH=tests $(BIN)python -m docs.sample
golden: setup ## the known reports of tests/reports/golden, made anew; look at what has changed
	PYTHONPATH=tests $(BIN)python -m reports.goldens
bench: setup ## timings, as ratios against the peers beside them; B=store for one
	$(BIN)python -m bench $(B)
house: setup ## the measures of the code's shape, and their goals
	$(BIN)python -m bench.house
conformance: setup ## Prometheus' own test scripts on our engine; SUITE=DIR
	$(BIN)python -m bench.conformance
services:  ## real servers for integration and e2e tests, outside the repository
	bash tests/support/services.sh
# Its outages are timed to the second, so nothing runs beside it.
SITE := tests/integration/test_site.py
integration: setup services ## tests against real servers
	$(BIN)python -m pytest -m integration -n 3 --dist loadfile --durations=25 --deselect=$(SITE) $(T)
	$(if $(T),,$(BIN)python -m pytest -m integration $(SITE))
e2e: setup services ## tests in a real browser
	$(BIN)python -m pytest -m e2e -n 2 --dist loadfile $(T)
fuzz: setup ## hostile input for whatever reads bytes; T=SURFACE, SECONDS=60 each
	PYTHONPATH=tests $(BIN)python -m fuzz --seconds $(or $(SECONDS),60) $(T)
histories: setup ## 10,000 random histories beside plain loops over their samples; N=100 for some
	JIPYO_HISTORIES=$(or $(N),10000) $(BIN)python -m pytest -q $(or $(T),tests/analysis/slo/test_histories.py tests/analysis/test_metric_fold.py)
lock: setup ## pin the development versions again, with their hashes
	$(BIN)pip install -q uv
	$(BIN)uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group dev pyproject.toml -o requirements/dev.txt
