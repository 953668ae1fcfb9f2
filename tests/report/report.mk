# `auth407 report`: its parts (cmocka), then the command from the outside, with
# logs made for the purpose and with real clients at tests/proxy.

report_src := $(filter tests/report/test_%,$(wildcard tests/report/*.c))
report_bin := $(report_src:%.c=$(BUILD)/%)
report_obj := $(filter-out $(BUILD)/cli/main.o,$(cli_obj)) $(host_obj)

$(report_bin): %: %.o $(report_obj) $(BUILD)/libauth407core.a
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $^ $(NETTLE) $(YAJL) \
	    $(CMOCKA) $(LDFLAGS)

.PHONY: report-test
report-test: $(report_bin) $(report_lines) $(proxy407) all
	$(Q)BUILD=$(BUILD) $(TALLY) $(report_bin) tests/report/run

check: report-test

-include $(report_bin:%=%.d)
