# The slot of a load group stays.
### daemon/group.c
/^end_group/,/^}/s/if \(row->slot_made && /if (false \&\& /
