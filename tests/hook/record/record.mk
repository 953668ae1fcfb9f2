# The record: who made the call, who started it, and what the client did, of
# real programs.

.PHONY: record
record: fixtures all
	$(Q)BUILD=$(BUILD) $(TALLY) tests/record/run
