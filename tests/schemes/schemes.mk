# The schemes before judges that are not ours: run has NTLM, Negotiate and Bearer
# of real clients at squid, Apache and Samba's AD (root and `scripts/deps test`;
# --only control proves the proxies themselves, without the library); gss/ has
# the helper of Kerberos against MIT's KDC; digest-vs-curl and ntlm-vs-others
# compare our answers with those of others.

.PHONY: schemes gss digest-vs-curl ntlm-vs-others
schemes: all
	$(Q)$(TALLY) tests/schemes/run

# Driven as the library does.
gss_ask := $(BUILD)/tests/schemes/gss/ask
gss_ask_obj := $(BUILD)/tests/schemes/gss/ask.o

$(gss_ask): $(gss_ask_obj) $(lower)
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $^ $(NETTLE) $(LDFLAGS)

# The helper lies beside whoever starts it.
$(BUILD)/tests/schemes/gss/auth407-gss: $(BUILD)/auth407-gss
	@mkdir -p $(@D)
	$(Q)ln -sf ../../../auth407-gss $@

gss: $(gss_ask) $(BUILD)/tests/schemes/gss/auth407-gss
	$(Q)$(TALLY) tests/schemes/gss/run


# Answers of core's own, for comparing.
answer_bin := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/schemes/*-answer.c))

$(answer_bin): %: %.o $(BUILD)/libauth407core.a
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $^ $(NETTLE) $(LDFLAGS)

digest-vs-curl: $(BUILD)/tests/schemes/digest-answer
	$(Q)$(TALLY) tests/schemes/digest-vs-curl
ntlm-vs-others: $(BUILD)/tests/schemes/ntlm-answer
	$(Q)$(TALLY) tests/schemes/ntlm-vs-others

-include $(wildcard $(BUILD)/tests/schemes/*.d $(BUILD)/tests/schemes/gss/*.d)
