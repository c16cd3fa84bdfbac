# repld: GNU make, out of tree in $(O).   make | make check | make install DESTDIR=/x PREFIX=/usr | make help
VERSION := 1.0

O       ?= build
PREFIX  ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
MANDIR  ?= $(PREFIX)/share/man
ETCDIR  ?= /etc
INSTALL ?= install
JOBS    ?= $(shell nproc 2>/dev/null || echo 2)
GROUP   ?= all
PKG_CONFIG ?= pkg-config

systemd_dir = $(or $(shell $(PKG_CONFIG) --variable=$(1) systemd 2>/dev/null),$(2))
UNITDIR     ?= $(call systemd_dir,systemdsystemunitdir,/lib/systemd/system)
SYSUSERSDIR ?= $(call systemd_dir,sysusersdir,/usr/lib/sysusers.d)
TMPFILESDIR ?= $(call systemd_dir,tmpfilesdir,/usr/lib/tmpfiles.d)

PKGS   := libevent libpq libmariadb libconfig libsystemd zlib libzstd
LAYERS := daemon/base cdc staging endpoints daemon

# These fetch what is missing first and then call make again; everything else compiles at once.
OUTER := deps demo check check-matrix check-asan check-tsan torture fuzz lint clean help
GOALS := $(or $(MAKECMDGOALS),all)

ifneq ($(filter-out $(OUTER),$(GOALS)),)
ifeq ($(shell command -v $(firstword $(CC)) && command -v $(PKG_CONFIG)),)
$(error a C compiler or pkg-config is missing; run `make deps`)
endif
MISSING := $(strip $(foreach p,$(PKGS),$(if $(shell $(PKG_CONFIG) --exists $(p) && echo y),,$(p))))
ifneq ($(MISSING),)
$(error missing libraries or their headers: $(MISSING); run `make deps`)
endif
PC_C := $(shell $(PKG_CONFIG) --cflags $(PKGS))
PC_L := $(shell $(PKG_CONFIG) --libs $(PKGS)) -lpthread -lm
endif

# Each flag of the list that this compiler knows on this machine.
known = $(foreach f,$(1),$(shell $(CC) -Werror $(f) -c -x c -o /dev/null /dev/null 2>/dev/null && echo $(f)))

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual \
        -Wwrite-strings -Wformat=2 -Wundef -Wvla $(if $(WERROR),-Werror)
ifneq ($(filter-out $(OUTER),$(GOALS)),)
HARD := -fstack-protector-strong -fno-strict-aliasing $(call known,-fstack-clash-protection \
        -fcf-protection=full -mbranch-protection=standard -ftrivial-auto-var-init=zero)
ifeq ($(SAN),)
GNUC := $(shell echo __GNUC__ | $(CC) -E -P -x c - 2>/dev/null)
HARD += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$(if $(shell test 0$(GNUC) -ge 12 && echo y),3,2)
endif
endif
SANF := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer) \
        $(if $(COVERAGE),-fprofile-instr-generate -fcoverage-mapping)
CFLAGS ?= -O2 -g

R_CFLAGS  = -std=c17 -D_GNU_SOURCE -DREPLD_VERSION='"$(VERSION)"' -I. $(WARN) $(HARD) -fPIE $(SANF) \
            $(if $(FAULTS),-DREPLD_FAULTS) $(PC_C)
R_LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code -Wl,--as-needed $(SANF)

SRC   := $(foreach d,$(LAYERS),$(wildcard $(d)/*.c))
OBJ   := $(SRC:%.c=$(O)/%.o)
LIB   := $(O)/librepld.a
# Programs of the tests: each is one source, the archive, and what its line `/* link: FILE.c ... */` names.
UNITS := $(patsubst %.c,$(O)/%,$(sort $(wildcard test/unit/test_*.c)))
PROGS := $(patsubst %.c,$(O)/%,$(sort $(wildcard test/scenario/*.c test/sim/sim.c test/torture/*.c test/system/*.c test/demo/*.c)))
FUZZ  := $(patsubst %.c,$(O)/%,$(sort $(wildcard test/fuzz/fuzz_*.c)))

# One short line a step; V=1 shows the commands.
Q    := $(if $(V),,@)
still = $(findstring s,$(filter-out --%,$(firstword -$(MAKEFLAGS))))
say   = $(if $(V)$(still),,@printf '  %-5s %s\n' $(1) $(2))

all: $(O)/repld

$(O)/repld: $(O)/daemon/main.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(R_LDFLAGS) $(LDFLAGS) -o $@ $^ $(PC_L)
$(LIB): $(filter-out $(O)/daemon/main.o,$(OBJ)) $(O)/sources.list
	@$(RM) $@
	$(Q)$(AR) rcs $@ $(filter %.o,$^)
$(O)/%.o: %.c $(O)/flags.list
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(R_CFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Other flags or other sources than last time: compile or link anew.
$(O)/flags.list: NOW = $(CC) $(R_CFLAGS) $(CPPFLAGS) $(CFLAGS) $(R_LDFLAGS) $(LDFLAGS)
$(O)/sources.list: NOW = $(SRC)
$(O)/flags.list $(O)/sources.list: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(NOW))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(NOW))' >$@

linked = $(patsubst %.c,$(O)/%.o,$(shell sed -n 's,^/\* link: \(.*\) \*/$$,\1,p' $(patsubst $(O)/%,%.c,$(1))))
CHECK_L = $(shell $(PKG_CONFIG) --libs check)
ifneq ($(filter tests fuzzers $(O)/test/%,$(GOALS)),)
.SECONDEXPANSION:
# A unit test includes its .c file; the archive supplies the rest (that member is not pulled in).
$(UNITS): $(O)/%: $(O)/%.o $$(call linked,$$@) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(R_LDFLAGS) $(LDFLAGS) -o $@ $^ $(CHECK_L) $(PC_L)
$(PROGS): $(O)/%: $(O)/%.o $$(call linked,$$@) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(R_LDFLAGS) $(LDFLAGS) -o $@ $^ $(PC_L)
# Called with CC=clang SAN=fuzzer-no-link,...; libFuzzer itself comes in at the link.
$(FUZZ): $(O)/%: $(O)/%.o $$(call linked,$$@) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(R_LDFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(PC_L)
endif
tests: all $(UNITS) $(PROGS)

fuzzers: $(FUZZ)

# ---- targets that call make again -------------------------------------------------------------------------------
SUB    = +@$(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS))
QUIET  = $(if $(V),,-s)
RUN    = O='$(abspath $(1))' T='$(T)' JOBS='$(JOBS)' sh test/run.sh
FSUB   = $(SUB) $(QUIET) fuzzers O=$(O)/fuzz CC=clang CFLAGS='-O1 -g' COVERAGE=1 \
         SAN=fuzzer-no-link,address,undefined
clang  = $(shell command -v clang && ls "$$(clang -print-resource-dir)"/lib/*/libclang_rt.fuzzer*.a 2>/dev/null)

deps:
	@sh test/deps.sh $(GROUP)
demo:
	@sh test/deps.sh demo
	$(SUB) $(QUIET) all $(patsubst %.c,$(O)/%,$(wildcard test/demo/*.c))
	@O='$(abspath $(O))' REPLD='$(abspath $(O))/repld' sh test/demo/demo.sh
check:
	@sh test/deps.sh check
	@echo 'building in $(O) ($(CC))'
	$(SUB) $(QUIET) tests
	$(SUB) $(QUIET) all $(O)/faults/test/sim/sim O=$(O)/faults FAULTS=1
	$(if $(and $(FUZZ),$(clang)),$(FSUB))
	@$(call RUN,$(O)) check
check-matrix:
	@sh test/deps.sh matrix
	@echo 'building in $(O) ($(CC))'
	$(SUB) $(QUIET) tests
	$(SUB) $(QUIET) all O=$(O)/faults FAULTS=1
	@$(call RUN,$(O)) matrix
check-asan:
	@sh test/deps.sh check
	@echo 'building in $(O)/asan (address, undefined)'
	$(SUB) $(QUIET) tests O=$(O)/asan SAN=address,undefined CFLAGS='-O1 -g' FAULTS=1
	@$(call RUN,$(O)/asan) asan
check-tsan:
	@sh test/deps.sh check
	@echo 'building in $(O)/tsan (thread)'
	$(SUB) $(QUIET) tests O=$(O)/tsan SAN=thread CFLAGS='-O1 -g' FAULTS=1
	@$(call RUN,$(O)/tsan) tsan
fuzz:
	@sh test/deps.sh all
	$(if $(FUZZ),@echo 'building in $(O)/fuzz (clang, libFuzzer)')
	$(if $(FUZZ),$(FSUB))
	@O='$(abspath $(O))' SECONDS_EACH='$(or $(T),60)' JOBS='$(JOBS)' sh test/run.sh fuzz
torture:
	@sh test/deps.sh check
	@echo 'building in $(O) ($(CC))'
	$(SUB) $(QUIET) tests
	$(SUB) $(QUIET) all $(O)/faults/test/sim/sim O=$(O)/faults FAULTS=1
	@O='$(abspath $(O))' sh test/torture/run.sh $(PART)
lint:
	@$(call RUN,$(O)) lint

# ---- installing -------------------------------------------------------------------------------------------------
put = $(INSTALL) -d '$(DESTDIR)$(3)' && $(INSTALL) -m $(1) $(2) '$(DESTDIR)$(3)/$(4)'
install: all
	$(call put,755,$(O)/repld,$(SBINDIR),repld)
	@for f in man/*.[1-9]; do \
		d='$(DESTDIR)$(MANDIR)'/man$${f##*.}; \
		$(INSTALL) -d "$$d" && $(INSTALL) -m 644 "$$f" "$$d/" || exit 1; \
	done
	@if [ -e '$(DESTDIR)$(ETCDIR)/repld/repld.conf' ]; then \
		echo 'kept: $(DESTDIR)$(ETCDIR)/repld/repld.conf'; \
	else \
		$(call put,644,etc/repld.conf,$(ETCDIR)/repld,repld.conf); \
	fi
	@sed -e 's,/usr/sbin/repld,$(SBINDIR)/repld,g' -e 's,/etc/repld/,$(ETCDIR)/repld/,g' \
		systemd/repld.service >$(O)/repld.service
	$(call put,644,$(O)/repld.service,$(UNITDIR),repld.service)
	$(call put,644,systemd/repld.sysusers,$(SYSUSERSDIR),repld.conf)
	$(call put,644,systemd/repld.tmpfiles,$(TMPFILESDIR),repld.conf)
clean:
	$(RM) -r '$(O)'
help:
	@echo 'make              build/repld            (O=DIR, CC=clang, WERROR=1, SAN=address, FAULTS=1, V=1)'
	@echo 'make deps         install what is missing from Debian packages (GROUP=build, demo, check, matrix or all)'
	@echo 'make demo         private PostgreSQL and MariaDB servers, full loads, a live workload, a comparison'
	@echo 'make check        every test, one line each (T=PATTERN chooses); make lint: the lints alone'
	@echo 'make check-matrix a part of the tests against other versions of the servers (T=postgresql-12 chooses)'
	@echo 'make check-asan   the same with AddressSanitizer and UBSan; make check-tsan: with ThreadSanitizer'
	@echo 'make torture      faults, kills and seeds by the thousand, some hours (PART=seeds chooses); its table is in build/torture.txt'
	@echo 'make fuzz T=60    each fuzz target for T seconds'
	@echo 'make install      DESTDIR= PREFIX=/usr/local SBINDIR= MANDIR= ETCDIR=/etc UNITDIR='
	@echo 'make clean        removes the build folder'

FORCE:
.PHONY: all tests fuzzers $(OUTER) install FORCE
.SECONDARY:
-include $(OBJ:.o=.d) $(UNITS:%=%.d) $(PROGS:%=%.d) $(FUZZ:%=%.d) $(wildcard $(O)/test/fake/*.d)
