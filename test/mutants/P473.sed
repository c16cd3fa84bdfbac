# What LOAD DATA says of its rows is not read.
### endpoints/my_load.c
s/if \(ok \&\& done\.warnings == 0 \&\& done\.rows == load->waiting \&\&/if (ok \&\& load->waiting > 0 \&\&/
s/strstr\(done\.info, "Skipped: 0"\) != NULL/true/
