# Tables without snapshots are read as they are.
### endpoints/my_snapshot.c
/^keep_still/,/^}/s/if \(put_lock\(s, false, &sql\)\)/if (false \&\& put_lock(s, false, \&sql))/
