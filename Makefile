# SPDX-License-Identifier: Apache-2.0
# pipgate: one plain makefile. `make help` lists the targets. Everything generated is below build/.

VERSION := $(shell sed -n 's/.*PIPGATE_VERSION "\(.*\)".*/\1/p' matcher/pipgate.h)
PREFIX  ?= /usr/local
B       ?= build
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)
say      = $(if $(filter 1,$(V)),,@printf '  %-5s %s\n' $(1) $(2);)
CC      ?= cc
AR      ?= ar
PKG_CONFIG ?= pkg-config

# ---- flags: asked of the compiler once, kept in build/flags.mk ----
WANTED := -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -Wvla -Wundef -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wcast-qual -fstack-protector-strong -fstack-clash-protection -fcf-protection -fno-common \
	-fvisibility=hidden -ffile-prefix-map=$(CURDIR)=.
SANITIZE ?=
HARDEN := $(if $(SANITIZE),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
OPTIMIZE ?= -O2 -g
WERROR := $(if $(CI),-Werror)
CFLAGS ?=
LDFLAGS ?=

pkg = $(shell $(PKG_CONFIG) $(1) $(2) 2>/dev/null)
MATCHER_LIBS := libcjson libpcre2-8 libfyaml
PROGRAM_LIBS := $(MATCHER_LIBS) sqlite3 smartcols
FETCH_LIBS   := libcurl libarchive libcrypto

-include $(B)/flags.mk
BASE_FLAGS = -std=c17 -D_GNU_SOURCE -I. $(PROBED) $(OPTIMIZE) $(HARDEN) $(SANITIZE) $(WERROR) -fPIE \
	-DPIPGATE_LIBEXEC='"$(PREFIX)/libexec/pipgate"' $(CFLAGS)
LINK_FLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,defs,--as-needed $(SANITIZE) $(LDFLAGS)

# ---- what is built ----
MATCHER_C := $(wildcard matcher/*.c matcher/*/*.c)
FETCH_C   := $(wildcard wrapper/fetch/*.c)
PROGRAM_C := $(filter-out $(FETCH_C),$(wildcard wrapper/*.c wrapper/*/*.c))
UNIT_C    := $(wildcard tests/unit/test_*.c)
UNIT_LIB_C := $(filter-out $(UNIT_C),$(wildcard tests/unit/*.c))
FUZZ_C    := $(wildcard tests/fuzz/fuzz_*.c)
o = $(patsubst %.c,$(B)/obj/%.o,$(1))

HOOK_C    := $(wildcard shims/hook/*.c)
HOOK     := $(B)/pipgate-hook.so $(B)/pipgate_shim.py $(B)/sitecustomize.in
PROGRAMS := $(B)/pipgate $(B)/pipgate-fetch $(HOOK)
STARTER  := $(wildcard packaging/starter/*.json)

.PHONY: all dev t check check-hook hook-abi bypass e2e check-asan check-valgrind coverage demo bench fuzz lint format install uninstall dist clean help units
.DELETE_ON_ERROR:
.SECONDARY: # objects of tests are kept

# what a timer starts: beside the programs, switched on by nobody but the administrator
TIMERS := $(B)/pipgate-update.service $(B)/pipgate-update.timer $(B)/pipgate.cron

all: $(PROGRAMS) $(B)/starter.db $(B)/well-known-names.txt $(TIMERS) ## build the programs and the starter set

$(B)/flags.mk: Makefile
	@mkdir -p $(B)
	@printf 'int main(void){return 0;}\n' > $(B)/probe.c
	@for f in $(WANTED); do $(CC) -Werror $$f -c $(B)/probe.c -o $(B)/probe.o 2>/dev/null && printf '%s ' $$f; done \
		| sed 's/^/PROBED := /' > $@

# objects are made anew when the flags change
STAMP := $(B)/flags.stamp
$(shell mkdir -p $(B); printf '%s' '$(subst ','\'',$(BASE_FLAGS) $(LINK_FLAGS) $(CC))' | cmp -s - $(STAMP) || \
	printf '%s' '$(subst ','\'',$(BASE_FLAGS) $(LINK_FLAGS) $(CC))' > $(STAMP))

$(B)/obj/%.o: %.c $(STAMP) $(B)/flags.mk
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE_FLAGS) $(call pkg,--cflags,$(PROGRAM_LIBS) $(FETCH_LIBS)) -MMD -MP -c $< -o $@

$(B)/libpipgate.a: $(call o,$(MATCHER_C))
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

# the profiles, readable in packaging/profiles, are compiled in
PROFILES := $(sort $(wildcard packaging/profiles/*.yaml))
$(B)/profiles.c: packaging/profiles.sh $(PROFILES)
	@packaging/profiles.sh $(PROFILES) > $@
$(B)/profiles.o: $(B)/profiles.c wrapper/policy/layers.h $(STAMP)
	$(Q)$(CC) $(BASE_FLAGS) -c $< -o $@

# everything of the program but its main(), for the unit tests
$(B)/libwrapper.a: $(filter-out %/main.o,$(call o,$(PROGRAM_C))) $(B)/profiles.o
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(B)/pipgate: $(call o,wrapper/main.c) $(B)/libwrapper.a $(B)/libpipgate.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LINK_FLAGS) -o $@ $^ $(call pkg,--libs,$(PROGRAM_LIBS))

$(B)/pipgate-fetch: $(call o,$(FETCH_C)) $(B)/libpipgate.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LINK_FLAGS) -o $@ $^ $(call pkg,--libs,$(FETCH_LIBS))

# into pip's own process: libc and libdl alone, two symbols to be seen
$(B)/pipgate-hook.so: $(HOOK_C) $(wildcard shims/hook/*.h) shims/hook/hook.map $(STAMP)
	$(call say,LINK,$@)
	$(Q)$(CC) $(filter-out -fPIE -pie $(SANITIZE) --coverage,$(BASE_FLAGS)) -DPIPGATE_PROGRAM='"$(PREFIX)/bin/pipgate"' -fPIC -shared \
		-Wl,--version-script=shims/hook/hook.map -Wl,-z,relro,-z,now,-z,noexecstack,-z,defs,-z,nodelete,--as-needed -o $@ $(HOOK_C) -ldl
$(B)/pipgate_shim.py: shims/pipgate_shim.py
	@cp $< $@
$(B)/sitecustomize.in: shims/sitecustomize.py # not a module beside the program
	@cp $< $@

$(B)/starter.db: $(B)/pipgate $(B)/pipgate-fetch $(STARTER)
	$(call say,DB,$@)
	@rm -f $@ # it replaces nothing: no serial that rises, no history
	$(Q)$(B)/pipgate db build -o $@ osv=packaging/starter

$(B)/well-known-names.txt: packaging/well-known-names.txt
	@cp $< $@

$(B)/%: packaging/systemd/%.in $(STAMP)
	@sed 's|@PREFIX@|$(PREFIX)|g' $< > $@
$(B)/%: packaging/%.in $(STAMP)
	@sed 's|@PREFIX@|$(PREFIX)|g' $< > $@
$(B)/%: packaging/systemd/%
	@cp $< $@

# ---- tests ----
UNITS := $(patsubst tests/unit/%.c,$(B)/unit/%,$(UNIT_C))
$(B)/unit/%: $(B)/obj/tests/unit/%.o $(call o,$(UNIT_LIB_C)) $(B)/libwrapper.a $(B)/libpipgate.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINK_FLAGS) -o $@ $^ $(call pkg,--libs,cmocka $(PROGRAM_LIBS))
units: $(UNITS)

check: deps-test ## install what tests need, build, run every test
	$(Q)$(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$$(nproc)) all units replays
	$(Q)B=$(B) tests/run $(T)

t: all units replays ## run some tests: make t T='cli/block*'
	$(Q)B=$(B) tests/run $(T)

dev: ## sanitizer build, unit tests, and what failed the last time
	$(Q)$(MAKE) --no-print-directory $(ASAN) all units
	$(Q)B=$(B)/asan tests/run unit
	$(Q)B=$(B)/asan tests/run --failed

# ---- the same tests, looked at more closely ----
ASAN = B=$(B)/asan SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=undefined' OPTIMIZE='-O1 -g -fno-omit-frame-pointer'
check-hook: deps-test all ## every case of the hook on every pair of pip and Python
	$(Q)ALL=1 B=$(B) tests/run hook

hook-abi: deps-test all ## write tests/conformance/hook.abi anew, after the hook's interface was changed on purpose
	$(Q)abidw --exported-interfaces-only --no-architecture --no-corpus-path --no-show-locs --no-comp-dir-path --no-elf-needed \
		--no-parameter-names --drop-undefined-syms --out-file tests/conformance/hook.abi $(B)/pipgate-hook.so

bypass: deps-test all ## every road around the gate, on every pair, as a table, and the matrix of pips and Pythons: BYPASS='pipx two*'
	$(Q)B=$(B) tests/bypass/run.py $(BYPASS)

check-asan: deps-test ## every test under AddressSanitizer and UndefinedBehaviorSanitizer
	$(Q)$(MAKE) --no-print-directory $(ASAN) all units replays
	$(Q)B=$(B)/asan tests/run $(T)

# test_transport starts programs that are not there: valgrind does not outlive a failed execve
check-valgrind: deps-valgrind units ## the unit tests under valgrind
	$(Q)for t in $(filter-out %/test_transport,$(UNITS)); do echo "$$t"; valgrind -q --error-exitcode=1 --leak-check=full $$t >/dev/null || exit 1; done

COVERAGE = B=$(B)/coverage OPTIMIZE='-O0 -g --coverage -DPIPGATE_COVERAGE' HARDEN= LDFLAGS=--coverage
coverage: deps-coverage ## lines and branches of matcher/: at least 90 % and 80 %
	$(Q)$(MAKE) --no-print-directory $(COVERAGE) all units replays
	$(Q)find $(B)/coverage -name '*.gcda' -delete
	$(Q)B=$(B)/coverage tests/run unit conformance replay
	$(Q)gcovr -r . --object-directory $(B)/coverage -f matcher/ --exclude-throw-branches --fail-under-line 90 --fail-under-branch 80

e2e: deps-e2e all ## containers: ways to a pip in images of packaging/container, as a table; as root: E2E='*venv*'
	$(Q)B=$(B) tests/e2e/run.py $(E2E)

bench: deps-bench all ## speed and memory beside the bare pip and pip-audit, as a table
	$(Q)B=$(B) tests/bench/run $(BENCH)

# ---- fuzzing: one target a parser; check replays the corpus without a fuzzer ----
FUZZ_SECONDS ?= 20
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(FUZZ_C))
REPLAYS := $(patsubst tests/fuzz/%.c,$(B)/replay/%,$(FUZZ_C))
replays: $(REPLAYS)
$(B)/replay/%: $(B)/obj/tests/fuzz/%.o $(B)/obj/tests/fuzz/replay.o $(B)/libwrapper.a $(B)/libpipgate.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINK_FLAGS) -o $@ $^ $(call pkg,--libs,$(PROGRAM_LIBS))

CLANG = B=$(B)/clang CC=clang OPTIMIZE='-O1 -g' SANITIZE='-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined'
fuzz: deps-fuzz ## every fuzz target for FUZZ_SECONDS each
	$(Q)$(MAKE) --no-print-directory $(CLANG) fuzzers
	$(Q)for f in $(FUZZ_C); do n=$${f##*/fuzz_}; n=$${n%.c}; mkdir -p $(B)/corpus/$$n $(B)/fuzz-found; \
		$(B)/clang/fuzz/fuzz_$$n -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=1024 -malloc_limit_mb=256 -timeout=10 \
		-artifact_prefix=$(B)/fuzz-found/$$n- $(B)/corpus/$$n tests/fuzz/corpus/$$n || exit 1; done
fuzzers: $(FUZZERS)
$(B)/fuzz/%: $(B)/obj/tests/fuzz/%.o $(B)/libwrapper.a $(B)/libpipgate.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINK_FLAGS) -fsanitize=fuzzer -o $@ $^ $(call pkg,--libs,$(PROGRAM_LIBS))

lint: deps-lint ## cppcheck, shellcheck and the compiler's analyzer
	$(Q)cppcheck --quiet --std=c11 --enable=warning,portability --inline-suppr --error-exitcode=1 --library=packaging/cppcheck.cfg -I. matcher wrapper
	$(Q)shellcheck packaging/*.sh
	$(Q)$(MAKE) --no-print-directory B=$(B)/lint CI=1 all

format: ## clang-format over every C file
	$(Q)clang-format -i $$(git ls-files '*.c' '*.h')

deps-build deps-test deps-e2e deps-valgrind deps-coverage deps-bench deps-fuzz deps-lint:
	$(Q)packaging/deps.sh $(@:deps-%=%)
.PHONY: deps-build deps-test deps-e2e deps-valgrind deps-coverage deps-bench deps-fuzz deps-lint replays fuzzers

demo: deps-build ## the main job on the real index, in a throw-away environment
	$(Q)$(MAKE) --no-print-directory all
	$(Q)B=$(B) packaging/demo.sh

# ---- installing ----
LIBEXEC := $(PREFIX)/libexec/pipgate
install: all ## into PREFIX (/usr/local), below DESTDIR
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(LIBEXEC)
	install -m 755 $(B)/pipgate $(DESTDIR)$(PREFIX)/bin/pipgate
	install -m 755 $(B)/pipgate-fetch $(DESTDIR)$(LIBEXEC)/pipgate-fetch
	install -m 644 $(B)/starter.db $(B)/well-known-names.txt $(HOOK) $(DESTDIR)$(LIBEXEC)
	install -d $(DESTDIR)$(LIBEXEC)/profiles
	install -m 644 $(PROFILES) $(DESTDIR)$(LIBEXEC)/profiles
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)$(PREFIX)/share/pipgate
	install -m 644 $(filter-out %.cron,$(TIMERS)) $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -m 644 $(filter %.cron,$(TIMERS)) $(DESTDIR)$(PREFIX)/share/pipgate

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/pipgate $(DESTDIR)$(LIBEXEC)/pipgate-fetch $(addprefix $(DESTDIR)$(LIBEXEC)/,starter.db well-known-names.txt $(notdir $(HOOK)))
	rm -f $(addprefix $(DESTDIR)$(LIBEXEC)/profiles/,$(notdir $(PROFILES)))
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/lib/systemd/system/,$(notdir $(filter-out %.cron,$(TIMERS)))) $(DESTDIR)$(PREFIX)/share/pipgate/pipgate.cron
	rmdir $(DESTDIR)$(PREFIX)/share/pipgate $(DESTDIR)$(LIBEXEC)/profiles $(DESTDIR)$(LIBEXEC) 2>/dev/null || :

dist: ## a source archive in build/
	@mkdir -p $(B)
	git archive --prefix=pipgate-$(VERSION)/ -o $(B)/pipgate-$(VERSION).tar.gz HEAD

clean: ## remove everything generated
	rm -rf $(B)

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 20

-include $(patsubst %.o,%.d,$(call o,$(MATCHER_C) $(PROGRAM_C) $(FETCH_C) $(UNIT_C) $(UNIT_LIB_C) $(FUZZ_C)))
