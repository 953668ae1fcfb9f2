# NTLM, Negotiate and Bearer: real clients through proxies that are not ours.
# Needs root and `scripts/deps test`. ONLY=part-of-a-name[,...] runs some of
# them; ONLY=control those that prove the proxies, without the library.

.PHONY: schemes
schemes: all
	$(Q)A407_LIB=$(abspath $(BUILD)/libauth407.so) \
	    A407_LAUNCHER=$(abspath $(BUILD)/auth407) A407_PROGRESS=3 \
	    $(TALLY) tests/schemes/run 3>&2
