/* gtid_bytes.c - the servers' binary forms of sets of GTIDs. Integers are little-endian.
 *   MySQL set    u64 sources, each: 16 bytes uuid, u64 intervals, each: u64 first, u64 last + 1.
 *                With tags: the first number is 1 << 56 | sources << 8 | 1, and after each uuid
 *                stand the tag's length << 1 in a byte, and the tag; a uuid comes once for each tag.
 *   MariaDB list u32 count (upper four bits: flags), each: u32 domain, u32 server, u64 number; of
 *                several in one domain the last one counts.
 * Threads: a set belongs to one thread. */
#include "cdc/gtid_intern.h"

#include <assert.h>
#include <string.h>

#define FORMAT_TAGGED	1
#define LIST_COUNT_MASK 0x0fffffff

static void
put_le64(struct buf *out, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		buf_u8(out, (uint8_t)(v >> 8 * i));
}

static uint64_t
take_le(struct rd *in, int bytes)
{
	const uint8_t *p = rd_bytes(in, (size_t)bytes);
	uint64_t v = 0;

	for (int i = bytes - 1; p != NULL && i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

static bool
has_tags(const struct gtid_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->sources[i].tag[0] != '\0')
			return true;
	return false;
}

void
gtid_set_encode(const struct gtid_set *s, struct buf *out)
{
	const bool tagged = has_tags(s);

	assert(s->flavour == GTID_MYSQL);
	put_le64(out, tagged ? UINT64_C(1) << 56 | (uint64_t)s->n << 8 | FORMAT_TAGGED : s->n);
	for (size_t i = 0; i < s->n; i++) {
		const struct gtid_source *src = &s->sources[i];
		const size_t len = strlen(src->tag);

		buf_put(out, src->uuid, sizeof(src->uuid));
		if (tagged) {
			buf_u8(out, (uint8_t)(len << 1));
			buf_put(out, src->tag, len);
		}
		put_le64(out, src->n);
		for (size_t k = 0; k < src->n; k++) {
			put_le64(out, src->iv[k].first);
			put_le64(out, src->iv[k].last + 1);
		}
	}
}

static bool
refuse_set(const struct rd *in, const char *what, struct err *err)
{
	return err_set(err, ERR_PROTOCOL, "set of GTIDs of %zu bytes: %s at byte %zu", in->n,
	    in->bad ? "cut" : what, in->off);
}

static bool
decode_tag(struct rd *in, char tag[GTID_TAG_MAX + 1])
{
	const size_t len = rd_u8(in);
	const uint8_t *p = rd_bytes(in, len >> 1);

	if (p == NULL || (len & 1) != 0 || len >> 1 > GTID_TAG_MAX)
		return false;
	for (size_t i = 0; i < len >> 1; i++) {
		if (!gtid_tag_char((char)p[i], i == 0) || (p[i] >= 'A' && p[i] <= 'Z'))
			return false;
		tag[i] = (char)p[i];
	}
	tag[len >> 1] = '\0';
	return true;
}

static bool
decode_source(struct rd *in, struct gtid_set *s, bool tagged, struct err *err)
{
	const uint8_t *uuid = rd_bytes(in, 16);
	char tag[GTID_TAG_MAX + 1] = "";
	uint64_t n;

	if (tagged && !decode_tag(in, tag))
		return refuse_set(in, "a tag that is none", err);
	n = take_le(in, 8);
	if (in->bad || n > rd_left(in) / 16)
		return refuse_set(in, "more intervals than bytes", err);
	for (; n > 0; n--) {
		const uint64_t first = take_le(in, 8), end = take_le(in, 8);

		if (first == 0 || end <= first || end - 1 > GTID_NUMBER_MAX)
			return refuse_set(in, "an interval that is none", err);
		if (!gtid_add_interval(s, uuid, tag, first, end - 1, err))
			return false;
	}
	return true;
}

static bool
decode_sources(struct rd *in, struct gtid_set *s, struct err *err)
{
	uint64_t n = take_le(in, 8);
	const bool tagged = n >> 56 == FORMAT_TAGGED;

	if (tagged) {
		if ((n & 0xff) != FORMAT_TAGGED)
			return refuse_set(in, "an unknown form", err);
		n = n >> 8 & UINT64_C(0xffffffffffff);
	}
	if (in->bad || n > rd_left(in) / 24)
		return refuse_set(in, "more sources than bytes", err);
	for (; n > 0; n--)
		if (!decode_source(in, s, tagged, err))
			return false;
	if (rd_left(in) > 0)
		return refuse_set(in, "bytes too many", err);
	return true;
}

struct gtid_set *
gtid_set_decode(const void *p, size_t n, struct err *err)
{
	struct rd in = rd_init(p, n);
	struct gtid_set *s = gtid_set_new(GTID_MYSQL, err);

	if (s == NULL || decode_sources(&in, s, err))
		return s;
	gtid_set_free(s);
	return NULL;
}

static bool
decode_list(struct rd *in, struct gtid_set *s, struct err *err)
{
	uint32_t n = (uint32_t)take_le(in, 4) & LIST_COUNT_MASK;

	if (in->bad || rd_left(in) != (size_t)n * 16)
		return err_set(err, ERR_PROTOCOL, "list of %u GTIDs in %zu bytes", n, in->n);
	for (; n > 0; n--) {
		struct gtid_domain d = { 0 };

		d.domain = (uint32_t)take_le(in, 4);
		d.server = (uint32_t)take_le(in, 4);
		d.number = take_le(in, 8);
		if (!gtid_set_domain(s, d, err))
			return false;
	}
	return true;
}

struct gtid_set *
gtid_list_decode(const void *p, size_t n, struct err *err)
{
	struct rd in = rd_init(p, n);
	struct gtid_set *s = gtid_set_new(GTID_MARIADB, err);

	if (s == NULL || decode_list(&in, s, err))
		return s;
	gtid_set_free(s);
	return NULL;
}
