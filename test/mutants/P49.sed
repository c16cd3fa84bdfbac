# Partitions are published as their root.
### endpoints/pg_publication.c
s/publish_via_partition_root = false/publish_via_partition_root = true/
