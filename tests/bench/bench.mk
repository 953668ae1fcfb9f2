# What the library costs, measured with and without it in one run. Exits 0
# whatever comes out; `make bench` shows it as a table.

bench_src := $(filter-out tests/bench/nothing.c tests/bench/report_lines.c, \
    $(wildcard tests/bench/*.c))
bench_bin := $(bench_src:%.c=$(BUILD)/%)

$(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $< $(LDFLAGS)

$(BUILD)/tests/bench/nothing.so: $(BUILD)/tests/bench/nothing.o
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -shared -o $@ $< \
	    -Wl,-z,relro,-z,now,--as-needed $(LDFLAGS)

# Log lines as core writes them.
report_lines := $(BUILD)/tests/bench/report_lines
$(report_lines): $(report_lines).o $(BUILD)/libauth407core.a
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $^ $(NETTLE) $(LDFLAGS)

.PHONY: bench bench-report
bench: $(bench_bin) $(BUILD)/tests/bench/nothing.so $(BUILD)/libauth407.so \
       $(proxy407)
	$(Q)BUILD=$(BUILD) tests/bench/run

# `auth407 report` over a million lines: seconds, and memory that does not grow.
bench-report: $(BUILD)/auth407 $(report_lines)
	$(Q)BUILD=$(BUILD) tests/bench/report

-include $(report_lines).d $(bench_src:%.c=$(BUILD)/%.d) $(BUILD)/tests/bench/nothing.d
