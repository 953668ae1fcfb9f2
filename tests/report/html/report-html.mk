# The page of `auth407 report --format html`, in Chromium. Screenshots for people
# to look at go to $(BUILD)/report-html.

.PHONY: report-html
report-html: $(BUILD)/auth407
	$(Q)A407_LAUNCHER=$(abspath $(BUILD)/auth407) \
	    A407_SHOTS=$(abspath $(BUILD)/report-html) \
	    $(TALLY) tests/report-html/run
