# make run    installs what is missing, then serves a demo restaurant and salon (ARGS="--port 9000" passes more)
# make test   installs what is missing, then runs all checks and tests, browser tests included
# make fmt    formats the code          make check  everything but the tests
# make bench  benchmarks                make test-py ARGS="ringdesk/hall -q"  some of the tests

VENV := .venv
BIN := $(VENV)/bin
UV := uv==0.13.8
BUNDLE := ringdesk/web/static/ringdesk/app.js
# Stamps lie in the environment they speak of: whoever deletes it deletes them.
UV_READY := $(VENV)/.uv-ready
SYNCED := $(VENV)/.synced
COMPILED := $(VENV)/.messages-compiled
NPM_READY := node_modules/.npm-ready

ASSETS := $(shell find ringdesk/web/assets -type f 2>/dev/null)
MESSAGES := $(wildcard ringdesk/*/locale/*/LC_MESSAGES/django.po)
TEMPLATES := $(wildcard ringdesk/*/templates)
# D004: the API page lies beside the files it names. H015, H023: taste. H043: a button in a form is there to send it.
DJLINT := --lint --quiet --ignore=D004,H015,H023,H043 --profile=django
WORKERS ?= 2

.PHONY: run test test-py check fmt bench install assets messages browser dist clean

run: install
	@exec $(BIN)/ringdesk run --demo $(ARGS)

test: install browser check
	$(BIN)/pytest -n $(WORKERS) $(ARGS)

test-py: install
	$(BIN)/pytest $(ARGS)

check: install
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/djlint $(DJLINT) $(TEMPLATES)
	$(BIN)/python -m ringdesk.config.build complete
	npm run --silent check

fmt: $(SYNCED)
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format .

bench: install
	$(BIN)/python -m bench $(ARGS)

dist: install
	$(BIN)/uv build --wheel --out-dir dist

install: $(SYNCED) assets messages

assets: $(BUNDLE)

messages: $(COMPILED)

browser:
	@tools/chromium.sh

clean:
	rm -rf $(VENV) node_modules dist ringdesk/web/static/ringdesk
	find ringdesk -name '*.mo' -delete

$(UV_READY):
	@python=$$(tools/python.sh) && echo "Making $(VENV) with $$python …" && "$$python" -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV) && touch $@

$(SYNCED): $(UV_READY) pyproject.toml uv.lock
	@echo "Installing Python packages …"
	@UV_PROJECT_ENVIRONMENT=$(VENV) $(BIN)/uv sync --frozen --quiet --compile-bytecode
	@$(BIN)/python -m compileall -q ringdesk && touch $@

$(NPM_READY): package.json package-lock.json
	@tools/node.sh
	@echo "Installing packages for the pages …"
	@npm ci --no-audit --no-fund --loglevel=error && touch $@

$(BUNDLE): $(NPM_READY) $(ASSETS)
	@tools/node.sh
	@npm run --silent build && touch $@

$(COMPILED): $(SYNCED) $(MESSAGES)
	@$(BIN)/python -m ringdesk.config.build messages && touch $@
