# The helper of Kerberos, driven as the library does, against MIT's KDC.

gss_ask := $(BUILD)/tests/gss/ask
gss_ask_obj := $(BUILD)/tests/gss/ask.o $(BUILD)/preload/gss.o $(child_obj)

$(gss_ask): $(gss_ask_obj) $(BUILD)/libauth407core.a
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $^ $(NETTLE) $(LDFLAGS)

# The helper lies beside whoever starts it.
$(BUILD)/tests/gss/auth407-gss: $(BUILD)/auth407-gss
	@mkdir -p $(@D)
	$(Q)ln -sf ../../auth407-gss $@

.PHONY: gss
gss: $(gss_ask) $(BUILD)/tests/gss/auth407-gss
	$(Q)BUILD=$(BUILD) $(TALLY) tests/gss/run

-include $(BUILD)/tests/gss/ask.d
