# A history is taken for rows.
### endpoints/my_source_check.c
s/if \(d->versioned\)/if (d->versioned \&\& false)/
