# Who dropped the header: a script of real clients behind a real squid, and each
# line that the report prints used as it stands. Needs root and `scripts/deps
# test`. ONLY=part-of-a-name[,...] and PROXIES=basic,... run some of it.

.PHONY: dropped
dropped: all
	$(Q)A407_LAUNCHER=$(abspath $(BUILD)/auth407) $(TALLY) tests/dropped/run

check: dropped
