# Nobody is waited for.
### endpoints/my_xa.c
/^recover\(/,/^}/s/\*ret_n = r\.n;/*ret_n = 0;/
