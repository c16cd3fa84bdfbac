# A reload is accepted whatever the servers say.
### daemon/prepare.c
/^prepare_thread/,/^}/s/else if \(findings_count\(.*\) > 0\)/else if (false)/
