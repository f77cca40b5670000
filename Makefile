# Skep's commands for people. Each works from a fresh machine that has node, npm and root.
SHELL := /bin/sh
BUN := node_modules/.bin/bun
DEMO_DIR := /var/lib/skep-demo
DEMO_LISTEN := 0.0.0.0:6443

.PHONY: build demo test ok bench fuzz soak crash churn clean

build: dist/skep ## the binary for this machine

dist/skep: node_modules $(shell find api base db server agent cli deploy -name '*.ts' -o -name '*.sql' -o -name '*.sh')
	$(BUN) deploy/build.ts

node_modules: package-lock.json
	npm ci --no-audit --no-fund
	@touch node_modules

demo: build ## from a fresh machine to a running, load-balanced application
	sh deploy/host.sh --with-kubectl
	sh deploy/demo.sh up $(DEMO_DIR) $(DEMO_LISTEN)

test: node_modules ## every test, on real parts
	sh deploy/host.sh --with-kubectl --with-test-parts
	$(MAKE) --no-print-directory build
	$(BUN) run ok:static
	$(BUN) test/run.ts $(ONLY)

ok: node_modules ## what must be green before a commit
	npm run ok

bench: build ## the benchmarks of docs/benchmarks.md
	sh deploy/host.sh --with-kubectl --with-test-parts
	$(BUN) test/bench/run.ts $(ONLY)

crash: build ## kill -9 of the server and its Postgres under load, 200 times: nothing acknowledged is lost (COUNT, CRASH_SEED)
	$(BUN) test/crash/run.ts $(or $(COUNT),200)

fuzz: build ## ten minutes of requests made by chance: no 5xx, no crash, no growth (FUZZ_MINUTES, FUZZ_SEED)
	$(BUN) test/fuzz/run.ts

soak: build ## half an hour of faults with every promise of the store checked; SOAK_MINUTES, SOAK_SEED
	$(BUN) test/checker/soak.ts

churn: node_modules ## a day of ten writes a second in seven minutes: the database is as large at its end as before
	$(BUN) test/churn/run.ts --rate $(or $(RATE),2000)

clean: ## removes what demo and test made on this host
	sh deploy/demo.sh down $(DEMO_DIR) $(DEMO_LISTEN)
	$(BUN) test/support/clean.ts
	rm -rf dist
