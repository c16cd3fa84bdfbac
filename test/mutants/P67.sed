# A change that contradicts the batch is merged all the same.
### staging/batch.c
/^net_insert/,/^}/s/if \(find_slot\(b, p, vals, hash\)->row != NULL\)/if (false)/
