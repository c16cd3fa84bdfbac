# Whatever is in the way, the configuration is accepted.
### daemon/prepare.c
/^prepare_thread/,/^}/s/else if \(findings_count\(&r.findings, FINDING_BLOCKER\) > 0\)/else if (0)/
