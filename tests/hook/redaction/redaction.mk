# Redaction: real clients with secrets in every place, and a search of every
# byte that comes out for each of them.

# REDACTION_OPTIONS in the environment: options of tests/redaction/run.
.PHONY: redaction
redaction: fixtures all
	$(Q)BUILD=$(BUILD) $(TALLY) tests/redaction/run
