# Our Digest against curl's and against hashlib's: `make digest-vs-curl`.
# To be included by tests/tests.mk.

digest_answer := $(BUILD)/tests/lib/digest-answer

$(digest_answer): $(BUILD)/tests/lib/digest-answer.o $(BUILD)/libauth407core.a
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -o $@ $< \
	    $(BUILD)/libauth407core.a $(NETTLE) $(LDFLAGS)

.PHONY: digest-vs-curl
digest-vs-curl: $(digest_answer)
	$(Q)DIGEST_ANSWER=$(digest_answer) $(TALLY) tests/integration/digest-vs-curl

-include $(BUILD)/tests/lib/digest-answer.d
