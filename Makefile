# auth407: build, test, install. Plain `make` and `make check` install nothing;
# scripts/quickstart and scripts/check do.

CC ?= gcc
AR ?= ar
PREFIX ?= /usr/local
DESTDIR ?=
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib/auth407
MANDIR ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share
DOCDIR ?= $(DATADIR)/doc/auth407
BUILD ?= build
CFLAGS ?= -O2 -g
V ?= 0
VERSION := 0.1.0

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-6s %s\n' '$(1)' '$(2)';)

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
        -Wwrite-strings -Wvla -Wpointer-arith -Wformat=2
ifeq ($(WERROR),1)
WARN += -Werror
endif
# The user's CFLAGS come last, so that they win.
ALL_CPPFLAGS := -D_GNU_SOURCE -DA407_VERSION='"$(VERSION)"' -I. $(CPPFLAGS)
ALL_CFLAGS = -std=gnu11 $(WARN) -fPIC -fvisibility=hidden -ffunction-sections \
             $(EXTRA_CFLAGS) $(CFLAGS)

# Static nettle: hidden in the object, so that it can't meet the program's own.
# Its constructor asks the processor what it can do, in every process and, in a
# virtual machine, for many microseconds. It also does so at first use: so the
# object gets a copy without that constructor.
NETTLE ?= -l:libnettle.a
# Static too: the report runs where no package of it is.
YAJL ?= -l:libyajl_s.a
SQLITE ?= -l:libsqlite3.a -lm
CMOCKA ?= $(shell pkg-config --libs cmocka 2>/dev/null || echo -lcmocka)

core_src := $(wildcard core/*/*.c)
driver_src := $(wildcard driver/*.c)
host_src := $(wildcard host/*.c)
preload_src := $(wildcard preload/*.c)
cli_src := $(wildcard cli/*.c)
report_src := $(wildcard cli/report/*.c cli/report/*/*.c)
doctor_src := $(wildcard cli/doctor/*.c)
gss_src := $(wildcard gss/*.c)
pac_src := $(wildcard pac/*.c)
unit_src := $(wildcard tests/unit/test_*.c)

core_obj := $(core_src:%.c=$(BUILD)/%.o)
driver_obj := $(driver_src:%.c=$(BUILD)/%.o)
host_obj := $(host_src:%.c=$(BUILD)/%.o)
preload_obj := $(preload_src:%.c=$(BUILD)/%.o)
cli_obj := $(cli_src:%.c=$(BUILD)/%.o)
# Of the launcher the report has its messages, options and help.
report_obj := $(report_src:%.c=$(BUILD)/%.o) $(addprefix $(BUILD)/cli/,help.o msg.o last_run.o \
              option_reader.o term.o)
# The doctor has what tells of settings, tries a login, starts a command and
# reads what that has logged, too.
doctor_obj := $(doctor_src:%.c=$(BUILD)/%.o) $(addprefix $(BUILD)/cli/,msg.o \
              help.o option_reader.o options.o secret.o settings.o show.o \
              sources.o target.o term.o stream.o terminal.o trial.o run.o library.o \
              last_run.o tls.o wanted.o) \
              $(addprefix $(BUILD)/cli/report/,time.o read/read.o \
              read/record.o model/advice.o model/keys.o model/model.o \
              model/pending.o)
gss_obj := $(gss_src:%.c=$(BUILD)/%.o)
pac_obj := $(pac_src:%.c=$(BUILD)/%.o)
completions := $(addprefix $(BUILD)/completions/,auth407 _auth407 auth407.fish)
unit_bin := $(unit_src:tests/unit/%.c=$(BUILD)/tests/unit/%)
unit_obj := $(unit_src:%.c=$(BUILD)/%.o)
# the layers below preload and cli, in the linker's order
lower := $(BUILD)/libauth407host.a $(BUILD)/libauth407core.a

# Two processes that are no threads run on its code: see there.
# A sanitizer would keep its books in the memory of a thread that runs on.
$(BUILD)/host/child_keeper.o: private ALL_CFLAGS += -fno-stack-protector \
    -fno-sanitize=all

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all
all: $(BUILD)/libauth407.so $(BUILD)/auth407 $(BUILD)/auth407-gss \
     $(BUILD)/auth407-report $(BUILD)/auth407-doctor $(BUILD)/auth407-pac \
     $(completions)

include tests/tests.mk

# Objects are made again when the flags change.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(LDFLAGS)' | cmp -s - $@ || \
	    echo '$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(LDFLAGS)' > $@
.PHONY: FORCE
FORCE:

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CPPFLAGS) $(LAYER) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# They include a file as it stands.
$(BUILD)/cli/report/write/html.o: cli/report/write/page.html
$(BUILD)/cli/report/access/access.o: cli/report/access/join.sql
$(BUILD)/cli/report/access/db.o: cli/report/access/tables.sql
$(BUILD)/pac/main.o: pac/functions.js

$(BUILD)/libauth407core.a: $(core_obj)
$(BUILD)/libauth407host.a: $(host_obj)
$(BUILD)/libauth407driver.a: $(driver_obj)
$(BUILD)/libauth407core.a $(BUILD)/libauth407host.a $(BUILD)/libauth407driver.a:
	$(Q)rm -f $@
	$(call say,AR,$@)$(AR) qcs $@ $^

NETTLE_FILE = $(shell $(CC) -print-file-name=$(patsubst -l:%,%,$(NETTLE)))
OBJCOPY ?= objcopy

$(BUILD)/libnettle.a: $(NETTLE_FILE)
	@mkdir -p $(@D)
	$(call say,COPY,$@)$(OBJCOPY) --remove-section='.init_array*' \
	    --remove-section='.ctors*' $< $@

$(BUILD)/export.map: preload/hooks.def scripts/export-map
	@mkdir -p $(@D)
	$(call say,GEN,$@)scripts/export-map $< > $@

# By the names that the shells look for.
$(BUILD)/completions/auth407: shell := bash
$(BUILD)/completions/_auth407: shell := zsh
$(BUILD)/completions/auth407.fish: shell := fish
$(completions): $(wildcard scripts/completion* cli/*.def) \
                core/base/cause.def core/config/schemes.def
	@mkdir -p $(@D)
	$(call say,GEN,$@)CC='$(CC)' scripts/completions $(shell) > $@

# What is called read() there is not to be libc's own checked one.
$(filter $(BUILD)/preload/hooks_%,$(preload_obj)): private ALL_CFLAGS += \
    -U_FORTIFY_SOURCE

# Names without a version, for a libc that has other ones: LLVM's linker refuses
# them. What says so, in assembly, holds for its own object alone.
ifeq ($(findstring lld,$(LDFLAGS)),)
$(BUILD)/host/object_name.o: private ALL_CPPFLAGS += -DA407_BARE_NAMES
endif
$(BUILD)/host/object_name.o: private ALL_CFLAGS += -fno-lto

# The library calls libc's functions by their names where a hook of its own is
# no matter: that is bound here, not looked up when a program starts. The others
# are looked up when they are first called: most programs meet no proxy. It is
# never unloaded, so it needs none of what the compiler's start files do then.
$(BUILD)/libauth407.so: $(preload_obj) $(BUILD)/libauth407driver.a $(lower) \
                        $(BUILD)/libnettle.a \
                        $(BUILD)/export.map
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -shared -o $@ $(preload_obj) \
	    $(BUILD)/libauth407driver.a $(lower) $(BUILD)/libnettle.a -Wl,-Bsymbolic-functions \
	    -Wl,--version-script=$(BUILD)/export.map -Wl,--exclude-libs,ALL \
	    -Wl,-z,defs,-z,text,-z,relro,-z,lazy,-z,nodelete,--gc-sections \
	    -Wl,--as-needed,-soname,libauth407.so -nostartfiles $(LDFLAGS)

# They take secrets: all is bound before the first of them is read. By that name
# the library knows them, where a session has it preloaded, and does nothing: what
# they ask a proxy, and by which login, is for them to say.
PROGRAM := -pie -Wl,-z,relro,-z,now,--gc-sections \
    -Wl,--defsym=auth407_own_program=1 \
    -Wl,--export-dynamic-symbol=auth407_own_program

$(BUILD)/auth407: $(cli_obj) $(BUILD)/libauth407driver.a $(lower)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(PROGRAM) -o $@ $^ $(NETTLE) \
	    $(LDFLAGS)

$(BUILD)/auth407-report: $(report_obj) $(lower)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(PROGRAM) -o $@ $^ $(NETTLE) \
	    $(YAJL) $(SQLITE) $(LDFLAGS)

$(BUILD)/auth407-doctor: $(doctor_obj) $(BUILD)/libauth407driver.a $(lower)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(PROGRAM) -o $@ $^ $(NETTLE) \
	    $(YAJL) $(LDFLAGS)

# The only program that needs Kerberos: the library starts it when it has to.
GSS_LIBS ?= -lgssapi_krb5 -lkrb5

$(BUILD)/auth407-gss: $(gss_obj) $(BUILD)/libauth407core.a
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(PROGRAM) -o $@ $(gss_obj) \
	    $(BUILD)/libauth407core.a $(NETTLE) $(GSS_LIBS) $(LDFLAGS)

# The only one with a JavaScript engine. All is bound before it locks itself in.
DUKTAPE ?= -lduktape -lm

$(BUILD)/auth407-pac: $(pac_obj) $(BUILD)/libauth407core.a
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(PROGRAM) -o $@ $(pac_obj) \
	    $(BUILD)/libauth407core.a $(DUKTAPE) $(LDFLAGS)

.PHONY: install uninstall dist clean help format lint
install: all
install uninstall:
	$(Q)$(foreach v,BUILD DESTDIR BINDIR LIBDIR MANDIR DATADIR DOCDIR, \
	    $(v)='$(subst ','\'',$($(v)))') scripts/install $@

dist:
	@mkdir -p $(BUILD)
	git archive --prefix=auth407-$(VERSION)/ -o $(BUILD)/auth407-$(VERSION).tar.gz HEAD
	@echo $(BUILD)/auth407-$(VERSION).tar.gz

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

lint: all
	scripts/lint

clean:
	rm -rf $(BUILD) build-*

help:
	@echo 'make            build/libauth407.so, build/auth407 and its helpers'
	@echo 'make check      every test; a table of the suites at its end'
	@echo 'make check-fast what needs neither root nor a service: two minutes'
	@echo 'make unit | hook | transcripts | integration | bench | fuzz | ...'
	@echo '                one suite; ONLY=PATTERN runs some of its tests'
	@echo 'make asan | ubsan | tsan | valgrind   make check, instrumented'
	@echo 'make lint | format | install | uninstall | dist | clean'
	@echo 'V=1 shows commands; WERROR=1 makes warnings errors;'
	@echo 'PREFIX DESTDIR BINDIR LIBDIR MANDIR DATADIR DOCDIR CC'
	@echo 'CFLAGS LDFLAGS BUILD are respected'

-include $(core_obj:.o=.d) $(host_obj:.o=.d) $(driver_obj:.o=.d) \
    $(preload_obj:.o=.d) $(cli_obj:.o=.d) \
    $(gss_obj:.o=.d) $(pac_obj:.o=.d) $(report_obj:.o=.d) $(doctor_obj:.o=.d)
