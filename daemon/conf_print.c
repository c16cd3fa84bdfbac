/* conf_print.c - struct conf -> canonical text, from the option table.
 * Invariant: the text parses back to an equal configuration. It holds no secret: a configuration
 * has none, only where they are. Left out is what may not be given: options that are not set, and
 * the TLS options where the endpoint has no use for them.
 * Threads: any; the configuration is only read. */
#include "daemon/conf_intern.h"

#include <assert.h>
#include <inttypes.h>

#include "daemon/base/num.h"

void
conf_quote(struct buf *out, const char *s)
{
	buf_u8(out, '"');
	for (; *s != '\0'; s++) {
		uint8_t c = (uint8_t)*s;

		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c == '\n')
			buf_str(out, "\\n");
		else if (c < 0x20 || c == 0x7f)
			buf_printf(out, "\\x%02x", c);
		else
			buf_u8(out, c);
	}
	buf_u8(out, '"');
}

/* Of a field that is no text: 1, 2, 4 or 8 bytes, by the option's type. */
static int64_t
field_number(const struct opt *o, const void *field)
{
	uint16_t u16;
	uint32_t u32;
	int64_t i64;

	switch (o->type) {
	case OPT_BOOL:
	case OPT_DURABILITY: return *(const bool *)field;
	case OPT_PORT: memcpy(&u16, field, sizeof(u16)); return u16;
	case OPT_SIZE:
	case OPT_RATE:
	case OPT_TIME: memcpy(&i64, field, sizeof(i64)); return i64;
	default: memcpy(&u32, field, sizeof(u32)); return u32;
	}
}

static bool
text_field(const struct opt *o, const void *field, struct buf *out)
{
	const struct endpoint *e;
	const char *s;

	if (o->type == OPT_ENDPOINT) {
		memcpy(&e, field, sizeof(e));
		s = e != NULL ? e->name : NULL;
	} else {
		memcpy(&s, field, sizeof(s));
	}
	if (s != NULL)
		conf_quote(out, s);
	return s != NULL;
}

bool
conf_opt_text(const struct opt *o, const void *obj, struct buf *out)
{
	const void *field = (const uint8_t *)obj + o->off;
	char text[NUM_TEXT];

	assert(o->type != OPT_RULES);
	switch (o->type) {
	case OPT_BOOL: buf_str(out, field_number(o, field) != 0 ? "true" : "false"); return true;
	case OPT_PORT:
	case OPT_COUNT: buf_printf(out, "%" PRId64, field_number(o, field)); return true;
	case OPT_RATE:
		if (field_number(o, field) == 0) {
			conf_quote(out, "");
			return true;
		}
		/* fall through */
	case OPT_SIZE:
		conf_quote(out, num_size_conf((uint64_t)field_number(o, field), text));
		return true;
	case OPT_TIME:
		conf_quote(out, num_duration_conf(field_number(o, field), text));
		return true;
	default:
		if (conf_words(o->type) == NULL || conf_word_is_text(o->type))
			return text_field(o, field, out);
		conf_quote(out, conf_words(o->type)[field_number(o, field)]);
		return true;
	}
}

static void
rule_option(const char *name, const char *value, struct buf *out)
{
	if (value == NULL)
		return;
	buf_printf(out, " %s = ", name);
	conf_quote(out, value);
	buf_u8(out, ';');
}

void
conf_rule_text(const struct rule *r, struct buf *out)
{
	buf_u8(out, '{');
	rule_option(r->exclude ? "exclude" : "include", r->text, out);
	rule_option("target_schema", r->target_schema, out);
	rule_option("target", r->target, out);
	rule_option("on_change", r->on_change, out);
	buf_str(out, " }");
}

static void
print_rules(const struct rules *rules, struct buf *out)
{
	buf_str(out, "\t\ttables = (\n");
	for (uint32_t i = 0; i < rules->n; i++) {
		buf_str(out, "\t\t\t");
		conf_rule_text(&rules->rules[i], out);
		buf_str(out, i + 1 < rules->n ? ",\n" : "\n");
	}
	buf_str(out, "\t\t);\n");
}

/* May this option be given, with what else the endpoint says? */
static bool
endpoint_may_give(const struct endpoint *e, const struct opt *o)
{
	if (o == &conf_opts[ID_endpoints_tls])
		return e->socket == NULL;
	if (o == &conf_opts[ID_endpoints_tls_ca])
		return e->socket == NULL && (e->tls == TLS_VERIFY_CA || e->tls == TLS_VERIFY_FULL);
	return true;
}

static void
print_options(enum opt_section section, const void *obj, const char *indent, struct buf *out)
{
	struct buf value = { 0 };

	for (size_t i = 0; i < OPT_N; i++) {
		const struct opt *o = &conf_opts[i];

		if (o->section != section || o->type == OPT_RULES ||
		    (section == SEC_endpoints && !endpoint_may_give(obj, o)))
			continue;
		buf_reset(&value);
		if (conf_opt_text(o, obj, &value) && !value.bad)
			buf_printf(out, "%s%s = %s;\n", indent, o->name, buf_cstr(&value));
	}
	out->bad |= value.bad;
	buf_done(&value);
}

static void
print_endpoint(const struct endpoint *e, struct buf *out)
{
	buf_printf(out, "\t%s:\n\t{\n", e->name);
	print_options(SEC_endpoints, e, "\t\t", out);
	buf_str(out, "\t};\n");
}

static void
print_group(const struct task_conf *t, const char *name, enum opt_section section, struct buf *out)
{
	buf_printf(out, "\t\t%s:\n\t\t{\n", name);
	print_options(section, t, "\t\t\t", out);
	buf_str(out, "\t\t};\n");
}

static void
print_task(const struct task_conf *t, struct buf *out)
{
	buf_printf(out, "\t%s:\n\t{\n", t->name);
	print_options(SEC_tasks, t, "\t\t", out);
	print_rules(&t->rules, out);
	if (t->source != NULL && t->source->kind == ENDPOINT_MYSQL)
		print_group(t, "mysql", SEC_mysql, out);
	else
		print_group(t, "postgresql", SEC_postgresql, out);
	print_group(t, "values", SEC_values, out);
	print_group(t, "full_load", SEC_full_load, out);
	print_group(t, "staging", SEC_staging, out);
	print_group(t, "apply", SEC_apply, out);
	buf_str(out, "\t};\n");
}

void
conf_print(const struct conf *c, const struct task_conf *task, struct buf *out)
{
	buf_str(out, "daemon:\n{\n");
	print_options(SEC_daemon, c, "\t", out);
	buf_str(out, "};\nendpoints:\n{\n");
	for (uint32_t i = 0; i < c->nendpoints; i++)
		if (task == NULL || c->endpoints[i] == task->source ||
		    c->endpoints[i] == task->target)
			print_endpoint(c->endpoints[i], out);
	buf_str(out, "};\ntasks:\n{\n");
	for (uint32_t i = 0; i < c->ntasks; i++)
		if (task == NULL || c->tasks[i] == task)
			print_task(c->tasks[i], out);
	buf_str(out, "};\n");
}
