# The ring lets go before the COMMIT.
### daemon/apply.c
/^apply_commit\(struct apply \*a, struct err \*err\)$/,/^}/s/assert\(!a->in_txn\);/if (a->boundary != NULL)\n		ring_ack(a->c.ring, a->boundary);\n	a->boundary = NULL;/
