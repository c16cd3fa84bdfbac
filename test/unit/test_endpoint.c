/* test_endpoint.c - passwords from a file, a credential and a variable; the environment; findings. */
#include "endpoints/endpoint.c"

#include "test/unit/unit.h"

static char folder[64];

static const char *
put_file(const char *name, const char *text, size_t n, mode_t mode)
{
	static char path[160];
	int fd;

	snprintf(folder, sizeof(folder), "/tmp/repld-endpoint-%d", (int)getpid());
	mkdir(folder, 0700);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	ck_assert(fd >= 0 && write(fd, text, n) == (ssize_t)n);
	ck_assert(fchmod(fd, mode) == 0 && close(fd) == 0);
	return path;
}

static void
remove_folder(void)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", folder);
	ck_assert(system(cmd) == 0);
}

START_TEST(endpoint_password_is_empty_without_an_option)
{
	struct endpoint ep = { .name = "shop" };
	struct err err = ERR_INIT;
	char out[PASSWORD_MAX] = "old";

	ck_ok(endpoint_password(&ep, out, &err), &err);
	ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(endpoint_password_file_loses_one_newline)
{
	struct endpoint ep = { .name = "shop" };
	struct err err = ERR_INIT;
	char out[PASSWORD_MAX];

	ep.password_file = put_file("a", " s3 cret\n", 9, 0600);
	ck_ok(endpoint_password(&ep, out, &err), &err);
	ck_assert_str_eq(out, " s3 cret");
	ep.password_file = put_file("a", "x\n\n", 3, 0400);
	ck_ok(endpoint_password(&ep, out, &err), &err);
	ck_assert_str_eq(out, "x\n");
	remove_folder();
}
END_TEST

START_TEST(endpoint_password_file_open_to_others_is_refused)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0602, 0644, 0601 };
	struct endpoint ep = { .name = "shop" };
	struct err err = ERR_INIT;
	char out[PASSWORD_MAX];

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		ep.password_file = put_file("a", "x", 1, modes[i]);
		ck_fails(endpoint_password(&ep, out, &err), &err, ERR_CONFIG);
		ck_assert(strstr(err.remedy, "chmod 600") != NULL);
		ck_assert(strstr(err.msg, "shop") != NULL);
		ck_assert_str_eq(out, "");
	}
	remove_folder();
}
END_TEST

START_TEST(endpoint_password_file_must_be_a_regular_file)
{
	struct endpoint ep = { .name = "shop" };
	struct err err = ERR_INIT;
	char out[PASSWORD_MAX], link_path[160], fifo[160];

	ep.password_file = put_file("a", "x", 1, 0600);
	snprintf(link_path, sizeof(link_path), "%s/link", folder);
	ck_assert(symlink(ep.password_file, link_path) == 0);
	ep.password_file = link_path;
	ck_fails(endpoint_password(&ep, out, &err), &err, ERR_CONFIG);
	snprintf(fifo, sizeof(fifo), "%s/fifo", folder);
	ck_assert(mkfifo(fifo, 0600) == 0);
	ep.password_file = fifo;	/* must not wait for a writer either */
	ck_fails(endpoint_password(&ep, out, &err), &err, ERR_CONFIG);
	ep.password_file = folder;
	ck_fails(endpoint_password(&ep, out, &err), &err, ERR_CONFIG);
	ep.password_file = "/nonexistent/file";
	ck_fails(endpoint_password(&ep, out, &err), &err, ERR_CONFIG);
	remove_folder();
}
END_TEST

START_TEST(endpoint_password_has_a_length)
{
	struct endpoint ep = { .name = "shop" };
	struct err err = ERR_INIT;
	char out[PASSWORD_MAX], text[PASSWORD_MAX + 10];

	memset(text, 'p', sizeof(text));
	ep.password_file = put_file("a", text, PASSWORD_MAX - 1, 0600);
	ck_ok(endpoint_password(&ep, out, &err), &err);
	ck_assert_uint_eq(strlen(out), PASSWORD_MAX - 1);
	text[PASSWORD_MAX - 1] = '\n';
	ep.password_file = put_file("a", text, PASSWORD_MAX, 0600);
	ck_ok(endpoint_password(&ep, out, &err), &err);
	ep.password_file = put_file("a", text, PASSWORD_MAX + 10, 0600);
	ck_fails(endpoint_password(&ep, out, &err), &err, ERR_CONFIG);
	ck_assert(strstr(err.msg, "1023") != NULL);
	ep.password_file = put_file("a", "\n", 1, 0600);
	ck_fails(endpoint_password(&ep, out, &err), &err, ERR_CONFIG);
	ep.password_file = put_file("a", "a\0b", 3, 0600);
	ck_fails(endpoint_password(&ep, out, &err), &err, ERR_CONFIG);
	remove_folder();
}
END_TEST

START_TEST(endpoint_password_is_read_again_each_time)
{
	struct endpoint ep = { .name = "shop" };
	struct err err = ERR_INIT;
	char out[PASSWORD_MAX];

	ep.password_file = put_file("a", "first", 5, 0600);
	ck_ok(endpoint_password(&ep, out, &err), &err);
	put_file("a", "second", 6, 0600);
	ck_ok(endpoint_password(&ep, out, &err), &err);
	ck_assert_str_eq(out, "second");
	remove_folder();
}
END_TEST

START_TEST(endpoint_credential_comes_from_systemds_folder)
{
	struct endpoint ep = { .name = "shop", .password_credential = "shop" };
	struct err err = ERR_INIT;
	char out[PASSWORD_MAX];

	unsetenv("CREDENTIALS_DIRECTORY");
	ck_fails(endpoint_password(&ep, out, &err), &err, ERR_CONFIG);
	put_file("shop", "cred\n", 5, 0440);
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	ck_ok(endpoint_password(&ep, out, &err), &err);
	ck_assert_str_eq(out, "cred");
	put_file("shop", "cred\n", 5, 0444);
	ck_fails(endpoint_password(&ep, out, &err), &err, ERR_CONFIG);
	ep.password_credential = "../shop";
	ck_fails(endpoint_password(&ep, out, &err), &err, ERR_CONFIG);
	ep.password_credential = "..";
	ck_fails(endpoint_password(&ep, out, &err), &err, ERR_CONFIG);
	remove_folder();
}
END_TEST

START_TEST(endpoint_password_env_is_the_only_variable_that_counts)
{
	struct endpoint ep = { .name = "shop", .password_env = "SHOP_PASSWORD" };
	struct err err = ERR_INIT;
	char out[PASSWORD_MAX];

	unsetenv("SHOP_PASSWORD");
	ck_fails(endpoint_password(&ep, out, &err), &err, ERR_CONFIG);
	setenv("SHOP_PASSWORD", "from env", 1);
	ck_ok(endpoint_password(&ep, out, &err), &err);
	ck_assert_str_eq(out, "from env");
	setenv("PGPASSWORD", "x", 1);
	ep.password_env = "PGPASSWORD";
	ck_fails(endpoint_password(&ep, out, &err), &err, ERR_CONFIG);
}
END_TEST

START_TEST(endpoint_environment_loses_what_client_libraries_read)
{
	setenv("PGHOST", "elsewhere", 1);
	setenv("PGSERVICE", "s", 1);
	setenv("PGSSLMODE", "disable", 1);
	setenv("MYSQL_PWD", "x", 1);
	setenv("MARIADB_HOST", "x", 1);
	setenv("REPLD_SOCKET", "kept", 1);
	setenv("APGHOST", "kept", 1);
	endpoint_clean_environment();
	ck_assert_ptr_null(getenv("PGHOST"));
	ck_assert_ptr_null(getenv("PGSERVICE"));
	ck_assert_ptr_null(getenv("PGSSLMODE"));
	ck_assert_ptr_null(getenv("MYSQL_PWD"));
	ck_assert_ptr_null(getenv("MARIADB_HOST"));
	ck_assert_str_eq(getenv("REPLD_SOCKET"), "kept");
	ck_assert_str_eq(getenv("APGHOST"), "kept");
	ck_assert_str_eq(getenv("HOME"), "/nonexistent");
}
END_TEST

START_TEST(endpoint_findings_count_and_first_blocker_decides)
{
	struct findings f = { 0 };
	struct err err = ERR_INIT, look = ERR_INIT;

	finding_add(&f, FINDING_INFO, ERR_NONE, NULL, NULL, "note %d", 1);
	finding_add(&f, FINDING_RISK, ERR_NONE, "s.t", "do it", "risk");
	ck_ok(findings_verdict(&f, &err), &err);
	finding_add(&f, FINDING_BLOCKER, ERR_SCHEMA, "s.t", "ALTER TABLE", "no key");
	ck_fails(findings_verdict(&f, &err), &err, ERR_SCHEMA);
	ck_assert_str_eq(err.msg, "s.t: no key");
	ck_assert_str_eq(err.remedy, "ALTER TABLE");
	ck_assert_str_eq(err.table, "s.t");
	err_set(&look, ERR_RETRY, "refused");
	finding_add_err(&f, "source", &look);
	ck_fails(findings_verdict(&f, &err), &err, ERR_SCHEMA);
	ck_assert_str_eq(err.msg, "s.t: no key (and 1 more: see repld check)");
	ck_assert_uint_eq(findings_count(&f, FINDING_BLOCKER), 2);
	ck_assert_uint_eq(findings_count(&f, FINDING_RISK), 1);
	ck_assert_str_eq(f.rows[3].what, "source: refused");
	ck_assert_int_eq(f.rows[3].kind, ERR_RETRY);
	ck_assert_str_eq(f.rows[0].fix, "");
	ck_assert_str_eq(severity_name(FINDING_RISK), "risk");
	findings_done(&f);
	ck_assert_uint_eq(f.n, 0);
}
END_TEST

UNIT_MAIN("endpoint", endpoint_password_is_empty_without_an_option,
    endpoint_password_file_loses_one_newline, endpoint_password_file_open_to_others_is_refused,
    endpoint_password_file_must_be_a_regular_file, endpoint_password_has_a_length,
    endpoint_password_is_read_again_each_time, endpoint_credential_comes_from_systemds_folder,
    endpoint_password_env_is_the_only_variable_that_counts,
    endpoint_environment_loses_what_client_libraries_read,
    endpoint_findings_count_and_first_blocker_decides)
