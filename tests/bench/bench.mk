# What the library costs, measured with and without it in one run. Exits 0
# whatever comes out; `make bench` shows it as a table.

bench_src := $(filter-out tests/bench/nothing.c,$(wildcard tests/bench/*.c))
bench_bin := $(bench_src:%.c=$(BUILD)/%)

$(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $< $(LDFLAGS)

$(BUILD)/tests/bench/nothing.so: $(BUILD)/tests/bench/nothing.o
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -shared -o $@ $< \
	    -Wl,-z,relro,-z,now,--as-needed $(LDFLAGS)

.PHONY: bench
bench: $(bench_bin) $(BUILD)/tests/bench/nothing.so $(BUILD)/libauth407.so \
       $(proxy407)
	$(Q)BUILD=$(BUILD) tests/bench/run

-include $(bench_src:%.c=$(BUILD)/%.d) $(BUILD)/tests/bench/nothing.d
