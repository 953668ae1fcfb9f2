# The library in a process: every victim (v_*.c) is run with and without it, and
# must see the same but for the 407s. Under it exec (children), startup (what
# runs before main and after it), sinks and record (the log), redaction, and
# transparency (other projects' suites; every call passes a hook).
# HOOK_OPTIONS, SINKS_OPTIONS, ...: options of the run scripts, see --help.

victim_src := $(wildcard tests/hook/v_*.c)
victim_bin := $(victim_src:%.c=$(BUILD)/%)

# Only the victim that is about libcurl needs it.
$(BUILD)/tests/hook/v_curl: victim_libs = $(shell pkg-config --libs libcurl)

# What is preloaded after the library in some tests.
after_src := $(wildcard tests/hook/lib_*.c)
after_lib := $(after_src:%.c=$(BUILD)/%.so)

$(BUILD)/tests/hook/lib_%.so: $(BUILD)/tests/hook/lib_%.o
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -shared -o $@ $< $(LDFLAGS)

# One victim is linked with musl, where there is musl-gcc: with options that
# its old headers and any sanitizer of CFLAGS can't spoil.
MUSL_GCC ?= $(shell command -v musl-gcc 2>/dev/null)
musl_victim := $(if $(MUSL_GCC),$(BUILD)/tests/hook/v_musl)

$(BUILD)/tests/hook/v_musl: tests/hook/musl_get.c
	@mkdir -p $(@D)
	$(call say,MUSL,$@)$(MUSL_GCC) -O1 -Wall -Wextra -o $@ $< -pthread

# The fortified names (__recv_chk, ...) are called only by code built like this.
$(BUILD)/tests/hook/v_fortify.o: private ALL_CFLAGS += -U_FORTIFY_SOURCE \
    -D_FORTIFY_SOURCE=2 -O2

$(BUILD)/tests/hook/v_%: $(BUILD)/tests/hook/v_%.o $(BUILD)/tests/fixtures/victim.o
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $^ $(victim_libs) -pthread $(LDFLAGS)

victim_bin += $(after_lib) $(musl_victim)

.PHONY: hook exec-test record redaction
hook: fixtures $(victim_bin) $(BUILD)/libauth407.so
	$(Q)$(TALLY) tests/hook/run

# Programs that are started with an environment of their own, and connections in
# unusual hands.
exec_family := $(addprefix $(BUILD)/tests/hook/exec/,family before)

$(exec_family): %: %.o
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $< $(LDFLAGS)

exec-test: all fixtures $(exec_family)
	$(Q)$(TALLY) tests/hook/exec/run

# Who made the call, who started it, and what the client did, of real programs.
record: fixtures all
	$(Q)$(TALLY) tests/hook/record/run

# Real clients with secrets in every place, and a search of every byte that
# comes out for each of them.
redaction: fixtures all
	$(Q)$(TALLY) tests/hook/redaction/run

include tests/hook/startup/startup.mk
include tests/hook/sinks/sinks.mk
include tests/hook/transparency/transparency.mk

-include $(victim_src:%.c=$(BUILD)/%.d) $(BUILD)/tests/fixtures/victim.d \
    $(after_src:%.c=$(BUILD)/%.d) $(exec_family:%=%.d)
