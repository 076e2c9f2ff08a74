# Everything that can be done with the playground. `make help` lists it.
# Settings are given as variables: make run NAMESPACE=x MASTER=shiny SHINY_PORT=9001
.DEFAULT_GOAL := help
SHELL := /bin/sh
NODE := node_modules/.bin/node
INSTALLED := node_modules/.installed
BENCH_OPTIONS = $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(WARM_UP),--warm-up $(WARM_UP)) $(if $(CHECK),--check) $(if $(RECORD),--record)
export NODE_NO_WARNINGS ?= 1
# What node has parsed and compiled once: it spares a third of a start.
export NODE_COMPILE_CACHE ?= $(CURDIR)/node_modules/.cache/compile

.PHONY: help run test lint format stack kafka registry postgres original-api shiny-api updater run-apis readtopic simulate museum model model-quick chaos bench bench-growth clean install

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 22

run: ## start everything: local stack, namespace, the three services [NAMESPACE= MASTER= EMBEDDED=1]
	@if [ -n "$(EMBEDDED)" ]; then ./scripts/check-needs.sh node >/dev/null; else ./scripts/check-needs.sh run >/dev/null; fi
	@$(MAKE) --no-print-directory --silent install
	@STACK=$$(if [ -n "$(EMBEDDED)" ]; then echo local; else ./scripts/check-needs.sh run; fi) exec $(NODE) scripts/run.ts

test: ## every test, on the real stack
	@./scripts/check-needs.sh run >/dev/null
	@$(MAKE) --no-print-directory --silent install lint
	@$(NODE) node_modules/vitest/vitest.mjs run

simulate: $(INSTALLED) ## the services in one process, with faults, by seed: [SEEDS=200] [SEED=n replays one, WORLD=set-back such a one] [FAULT=of the museum]
	@PLANTED_FAULT=$(FAULT) exec $(NODE) $(if $(FAULT),--import ./proof/simulator/museum/plant.ts) proof/simulator/simulate.ts \
		$(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),200)) $(if $(FROM),--from $(FROM)) $(if $(WRITES),--writes $(WRITES)) $(if $(WORLD),--world $(WORLD))
chaos: $(INSTALLED) ## real processes, killed, stopped and cut off, under load and switches: [MINUTES=3]
	@CHAOS_SECONDS=$$(( $(or $(MINUTES),3) * 60 )) exec $(NODE) proof/chaos/main.ts
museum: $(INSTALLED) ## plant each known fault, and see the simulator catch it; writes docs/museum.md
	@exec $(NODE) proof/simulator/museum/run-all.ts
model: $(INSTALLED) ## check the protocol's model in every configuration: needs spin and gcc, some minutes
	@exec $(NODE) proof/model/check.ts
model-quick: $(INSTALLED) ## the same, the quick ones: under a minute
	@exec $(NODE) proof/model/check.ts --quick

bench: $(INSTALLED) ## ratios against bare programs, some 20 minutes: [ROUNDS=7] [CHECK=1] [RECORD=1]; bench-NAME runs some
	@exec $(NODE) bench/main.ts $(BENCH_OPTIONS)
bench-growth: $(INSTALLED) ## how cost grows with Things and updaters; draws docs/pictures: some 10 minutes, [QUICK=1]
	@exec $(NODE) bench/growth/main.ts $(if $(QUICK),--quick)
bench-%: $(INSTALLED)
	@exec $(NODE) bench/main.ts $* $(BENCH_OPTIONS)

lint: $(INSTALLED) ## types, lint rules, import directions, formatting
	@npm run --silent lint

format: $(INSTALLED) ## mend what lint can mend
	@npm run --silent format

stack: $(INSTALLED) ## Kafka, schema registry and Postgres, in the foreground
	@exec $(NODE) scripts/stack/main.ts
kafka: $(INSTALLED) ## Kafka alone
	@PART=kafka exec $(NODE) scripts/stack/main.ts
registry: $(INSTALLED) ## the schema registry, and the Postgres that it keeps its schemas in
	@PART=registry exec $(NODE) scripts/stack/main.ts
postgres: $(INSTALLED) ## Postgres alone
	@PART=postgres exec $(NODE) scripts/stack/main.ts

run-apis: $(INSTALLED) ## the three services on a stack that is there
	@exec $(NODE) scripts/run-apis.ts
original-api: $(INSTALLED) ## the Original API alone
	@exec $(NODE) original-api/main.ts
shiny-api: $(INSTALLED) ## the Shiny API alone; a second one: SHINY_PORT=9001 DATA_DIR=.local/second
	@exec $(NODE) shiny-api/main.ts
updater: $(INSTALLED) ## the updater alone
	@exec $(NODE) updater/main.ts
readtopic: $(INSTALLED) ## print a topic, decoded, one JSON line per record: topic=things.outcomes [FOLLOW=false]
	@TOPIC="$(topic)" exec $(NODE) scripts/readtopic.ts

clean: $(INSTALLED) ## wipe local data (topics, schemas, databases, local stores) in STACK_DIR and DATA_DIR; only what is ours, and not in use
	@exec $(NODE) scripts/clean.ts

install: $(INSTALLED)
	@:
$(INSTALLED): package.json package-lock.json
	@./scripts/check-needs.sh node >/dev/null
	@echo "installing npm packages …"
	@npm ci --no-fund --no-audit --loglevel=error
	@touch $@
