# Our NTLM before Samba and gss-ntlmssp: `make ntlm-vs-others`.
# To be included by tests/tests.mk.

ntlm_answer := $(BUILD)/tests/lib/ntlm-answer

$(ntlm_answer): $(BUILD)/tests/lib/ntlm-answer.o $(BUILD)/libauth407core.a
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $< \
	    $(BUILD)/libauth407core.a $(NETTLE) $(LDFLAGS)

.PHONY: ntlm-vs-others
ntlm-vs-others: $(ntlm_answer)
	$(Q)NTLM_ANSWER=$(ntlm_answer) $(TALLY) tests/integration/ntlm-vs-others

-include $(BUILD)/tests/lib/ntlm-answer.d
