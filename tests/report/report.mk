# `auth407 report`: its parts (cmocka), then the command from the outside, with
# logs made for the purpose and with real clients at the scriptable proxy. Under
# it html/ (the page in Chromium), access-log/ (the join with a proxy's own log)
# and dropped/ (who dropped the header: a script of real clients behind a real
# squid, and each remedy that is printed used as it stands). These need root.

report_bin := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/report/test_*.c))
access_bin := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/report/access-log/test_*.c))
report_parts := $(filter-out %/report/main.o,$(report_obj))

$(report_bin) $(access_bin): %: %.o $(report_parts) $(lower)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $^ $(NETTLE) $(YAJL) $(SQLITE) \
	    $(CMOCKA) $(LDFLAGS)

.PHONY: report-test report-html access-log dropped
report-test: $(report_bin) $(report_lines) $(proxy407) all
	$(Q)$(TALLY) $(report_bin) tests/report/run

access-log: all $(access_bin)
	$(Q)$(TALLY) $(access_bin) tests/report/access-log/run

dropped: all
	$(Q)$(TALLY) tests/report/dropped/run

# Screenshots for people to look at go to $(BUILD)/report-html.
report-html: $(BUILD)/auth407 $(BUILD)/auth407-report
	$(Q)$(TALLY) tests/report/html/run

-include $(report_bin:%=%.d) $(access_bin:%=%.d)
