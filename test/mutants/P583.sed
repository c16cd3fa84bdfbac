# MariaDB is not asked what stood in front of its oldest file.
### endpoints/my_identity.c
s/purged \? mariadb_purged_was_applied\(s->c, applied, err\)/purged ? true/
