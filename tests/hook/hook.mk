# Fixtures (a scriptable proxy and an origin) and hook tests: every victim is
# run with and without the library.

fixture_src := tests/proxy/text.c tests/proxy/wire.c tests/proxy/msg.c \
               tests/proxy/server.c
proxy407_src := $(filter-out $(fixture_src),$(wildcard tests/proxy/*.c))
origin_src := $(wildcard tests/origin/*.c)
victim_src := $(wildcard tests/hook/v_*.c)

fixture_obj := $(fixture_src:%.c=$(BUILD)/%.o)
proxy407_obj := $(proxy407_src:%.c=$(BUILD)/%.o)
origin_obj := $(origin_src:%.c=$(BUILD)/%.o)
victim_bin := $(victim_src:%.c=$(BUILD)/%)

proxy407 := $(BUILD)/tests/proxy/proxy407
origin := $(BUILD)/tests/origin/origin

# The origin reads HTTP with the proxy fixture's code.
# (private: the flags stamp, which every object needs, must not see it)
$(origin_obj): private ALL_CPPFLAGS += -Itests/proxy

$(proxy407): $(proxy407_obj) $(fixture_obj)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $^ $(NETTLE) -pthread $(LDFLAGS)

$(origin): $(origin_obj) $(fixture_obj)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $^ $(NETTLE) -pthread $(LDFLAGS)

# Only the two victims that are about libcurl need it.
curl_victims := $(BUILD)/tests/hook/v_curl_easy $(BUILD)/tests/hook/v_curl_multi
$(curl_victims): victim_libs = $(shell pkg-config --libs libcurl)

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

$(BUILD)/tests/hook/v_%: $(BUILD)/tests/hook/v_%.o $(BUILD)/tests/hook/victim.o
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $^ $(victim_libs) -pthread $(LDFLAGS)

victim_bin += $(after_lib) $(musl_victim)

.PHONY: fixtures hook
fixtures: $(proxy407) $(origin)

# HOOK_OPTIONS in the environment: options of tests/hook/run.
hook: fixtures $(victim_bin) $(BUILD)/libauth407.so
	$(Q)BUILD=$(BUILD) $(TALLY) tests/hook/run

-include $(fixture_obj:.o=.d) $(proxy407_obj:.o=.d) $(origin_obj:.o=.d) \
    $(victim_src:%.c=$(BUILD)/%.d) $(BUILD)/tests/hook/victim.d \
    $(after_src:%.c=$(BUILD)/%.d)
