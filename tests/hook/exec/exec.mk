# Programs that are started with an environment of their own, and connections in
# unusual hands.

exec_family := $(BUILD)/tests/exec/family

$(exec_family): $(BUILD)/tests/exec/family.o
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $< $(LDFLAGS)

.PHONY: exec-test
exec-test: all fixtures $(exec_family)
	$(Q)BUILD=$(BUILD) $(TALLY) tests/exec/run tests/exec/unusual

-include $(exec_family).d
