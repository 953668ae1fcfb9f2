# Real clients through real proxies: needs root and `scripts/deps test`.
# ONLY=part-of-a-name[,...] runs some of them.

.PHONY: integration
integration: all
	$(Q)A407_LIB=$(abspath $(BUILD)/libauth407.so) \
	    A407_LAUNCHER=$(abspath $(BUILD)/auth407) A407_PROGRESS=3 \
	    $(TALLY) tests/integration/run 3>&2
