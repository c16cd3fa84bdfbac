# A chunk commits whatever the epoch.
### endpoints/pg_load.c
s/target_fence\(t, load->epoch, err\) && //
