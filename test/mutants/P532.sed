# Any will do.
### endpoints/my_snapshot.c
/^all_agree/,/^}/s/\*ret_agree = \*ret_agree \&\& position_equal\(ret, &p\);/*ret_agree = true;/
