# The join of `auth407 report` with a proxy's own log: its parts by themselves,
# and the whole with real proxies (needs root and `scripts/deps test`).

access_src := $(wildcard tests/access-log/test_*.c)
access_bin := $(access_src:%.c=$(BUILD)/%)
access_obj := $(access_src:%.c=$(BUILD)/%.o)
access_cli := $(filter-out $(BUILD)/cli/main.o,$(cli_obj))

$(BUILD)/tests/access-log/test_%: $(BUILD)/tests/access-log/test_%.o \
        $(access_cli) $(host_obj) $(BUILD)/libauth407core.a
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $^ $(NETTLE) $(YAJL) \
	    $(CMOCKA) $(LDFLAGS)

.PHONY: access-log
access-log: all $(access_bin)
	$(Q)A407_LAUNCHER=$(abspath $(BUILD)/auth407) \
	    $(TALLY) $(access_bin) tests/access-log/run

-include $(access_obj:.o=.d)
