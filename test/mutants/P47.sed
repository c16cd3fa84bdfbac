# Transactions that may yet roll back are asked for.
### endpoints/pg_stream.c
s/\(proto_version '1', publication_names/(proto_version '2', streaming 'on', publication_names/
