# Targets and what they do: make help
.DEFAULT_GOAL := help

export CGO_ENABLED := 1
# One way to build all: what ships, what is checked and what is tested share what is compiled.
export GOFLAGS := $(filter-out -trimpath,$(GOFLAGS)) -trimpath

T        ?= 30s
N        ?=
SEED     ?=
FROM     ?= 1
KEEP     ?=
BENCH    ?= .
DEMO     ?=
ROUNDS   ?= 100
M        ?=
GO_MAJOR := 1
GO_MINOR := 26

STATICCHECK := go tool -modfile=tools/go.mod staticcheck

PROGRAM := go build -o bin/rawaj ./cmd/rawaj
PAGES   := web/dist/site/site.html

.PHONY: help need build go demo check test large alone thousand sim bench fuzz clean crash torture mutants

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

need: # says which prerequisite is missing, and how to get it
	@command -v go >/dev/null || { echo >&2 "rawaj: Go is missing: install Go $(GO_MAJOR).$(GO_MINOR) or newer (https://go.dev/dl)"; exit 1; }
	@go version | awk '{ v = $$3; sub(/^go/, "", v); split(v, n, "."); if (n[1]+0 > $(GO_MAJOR) || n[1]+0 == $(GO_MAJOR) && n[2]+0 >= $(GO_MINOR) || v ~ /^devel/) exit 0; \
		print "rawaj: Go " v " is too old: install Go $(GO_MAJOR).$(GO_MINOR) or newer (https://go.dev/dl)"; exit 1 }' >&2
	@cc="$$(go env CC)"; command -v $${cc%% *} >/dev/null || { echo >&2 "rawaj: no C compiler ($$cc): SQLite is C; install gcc (Debian: apt-get install gcc libc6-dev)"; exit 1; }

build: need $(PAGES) ## one binary with its pages, bin/rawaj
	$(PROGRAM)

go: need ## the same without building the pages: it serves those that are there
	$(PROGRAM)

web/node_modules/.package-lock.json: web/package-lock.json web/package.json
	@command -v node >/dev/null || { echo >&2 "rawaj: Node is missing: install Node 20.19 or newer (https://nodejs.org), or type make go to build without pages"; exit 1; }
	@node -e 'const [a, b] = process.versions.node.split("."); process.exit(+a > 20 || +a == 20 && +b >= 19 ? 0 : 1)' || \
		{ echo >&2 "rawaj: Node $$(node -v) is too old: install Node 20.19 or newer (https://nodejs.org)"; exit 1; }
	cd web && npm ci --ignore-scripts --no-fund --no-audit
	@touch $@

$(PAGES): web/node_modules/.package-lock.json $(shell find web/src web/public web/scripts -type f) web/site.html web/dashboard.html web/vite.config.ts
	cd web && npm run build

demo: build ## a fair day in fast motion, compared with what staff did, then live pages (DEMO=--once ends there)
	./bin/rawaj demo $(DEMO)

# What embeds the pages is read once they stand.
check: need $(PAGES) ## gofmt, vet, staticcheck, svelte-check
	@out="$$(gofmt -l .)" || exit 1; test -z "$$out" || { echo >&2 "rawaj: run gofmt -w on:"; echo >&2 "$$out"; exit 1; }
	go vet ./...
	go vet -tags failpoints ./internal/failpoint
	$(STATICCHECK) ./...
	cd web && npm run check

# One goroutine at a time decides all in these, or nothing of ours runs: no race to see.
ALONE := /simtest/(crash|sim)$$
# What has tests that the race detector makes smaller, or leaves out (internal/raced).
SHRINK = $(shell grep -rl --include='*_test.go' --exclude-dir=node_modules 'raced\.' . | xargs -n1 dirname | sort -u)
# What takes longest begins first, so that none of it runs on alone.
FIRST := ./cmd/rawaj ./simtest ./client ./server/state
# Arithmetic on a curve shares nothing, and is a third of all that the detector would be told of.
RACE  := -race -gcflags='crypto/internal/fips140/edwards25519/...=-race=false'
# What tests are vetted for, check has seen to.
TEST  := go test -vet=off -shuffle=on -timeout 20m
TOOK  := tools/took.sh
MEM   := TMPDIR="$$(tools/tmpdir.sh)"

test: need ## check, every test with the race detector, the large ones at full size without it, simulated worlds, the pages in a browser
	$(TOOK) "checks and build" $(MAKE) -j2 -Otarget check build
	WEB_REQUIRED=1 GORACE=atexit_sleep_ms=10 $(MEM) $(TOOK) "tests with the race detector" $(TEST) -parallel 4 $(RACE) $(FIRST) $$(go list ./... | grep -vE '$(ALONE)')
	$(MAKE) -j2 -Otarget large alone
	$(TOOK) "simulated worlds" $(MAKE) sim N=$(or $(N),5000)
	cd web && ../$(TOOK) "pages" npm test && SHOTS=0 TMPDIR="$$(../tools/tmpdir.sh)" ../$(TOOK) "pages in a browser" npm run e2e

large: need # in make test
	large="$$(tools/large.sh $(SHRINK))" && $(MEM) $(TOOK) "tests that are larger without it" $(TEST) -run "$$large" $(SHRINK)

alone: need # in make test, beside large: each has a core
	$(MEM) $(TOOK) "tests that it has nothing to see in" $(TEST) $$(go list ./... | grep -E '$(ALONE)')
	$(TOOK) "places for faults" $(TEST) -tags failpoints ./internal/failpoint

thousand: need ## 1,000 clients over bad lines while the server is killed; tells how far it is (N= clients)
	go test -run '^TestAThousandClientsComeBack' -count 1 -v -timeout 20m ./cmd/rawaj -clients $(or $(N),1000)

sim: need ## simulated worlds, each of a seed (N=5000, FROM=1; SEED=n one with its trace; KEEP=dir for those that fail, made short)
	go test -count=1 -timeout 0 -v -run '^TestHealedWorldsKeepTheirPromises' ./simtest/sim -worlds $(or $(N),5000) -from $(FROM) $(if $(SEED),-seed $(SEED)) $(if $(KEEP),-keep $(abspath $(KEEP)))

bench: build ## benchmarks, then what rawaj bench measures beside its bare limits (BENCH= regexp)
	go test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 60m ./...
	./bin/rawaj bench

fuzz: need ## every Fuzz target in the tree, one after another (T=30s each)
	@grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sort -u | \
	while IFS=: read -r file func; do \
		name="$${func#func }"; dir="$$(dirname "$$file")"; \
		echo "== $$dir $$name, $(T)"; \
		go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(T) -fuzzminimizetime 2s "./$$dir" </dev/null || exit 1; \
	done

crash: need ## states that power cuts may leave of the databases, opened and judged (N=1000000, SEED=1)
	go test -count=1 -timeout 0 -v ./simtest/crash -run 'PowerCut|AfterACut|ThatFailed' -args -states $(or $(N),1000000) -seed $(or $(SEED),1)

torture: need ## rounds of kills, power cuts, full disks and a bad link over the program at work (ROUNDS=100, SEED=1)
	go test -count=1 -timeout 0 -v ./simtest/torture -args -rounds $(ROUNDS) -seed $(or $(SEED),1)

mutants: need ## plants bugs, one at a time, and tells which test notices each (M= name, promise or package, PART=1/2; a quarter of an hour, goes on where it was broken off)
	nice go run ./internal/mutants $(if $(PART),-part $(PART)) $(M)

clean: ## remove what build made
	rm -rf bin web/node_modules web/shots web/dist/*/*
