# The checkpoint's file has to be there.
### endpoints/my_identity.c
s/place_is_there\(s, p, true, &purged, err\)/place_is_there(s, p, false, &purged, err)/
