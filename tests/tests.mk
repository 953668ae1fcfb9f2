# How the tests are built and run. Everything prints TAP; tests/tally counts it.

TALLY := tests/tally

unit_libs = $(sys_obj) $(BUILD)/libauth407core.a $(NETTLE) $(CMOCKA)

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(sys_obj) $(BUILD)/libauth407core.a
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $< $(unit_libs) $(LDFLAGS)

.PHONY: unit
unit: $(unit_bin)
	$(Q)$(TALLY) $(unit_bin)

-include $(unit_src:%.c=$(BUILD)/%.d)
.SECONDARY:
