# Texts are compared as texts.
### endpoints/my_statement.c
s/before = "CAST\(CONVERT\(";/before = "(";/
s/after = " USING utf8mb4\) AS BINARY\)";/after = ")";/
