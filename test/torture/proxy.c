/* proxy.c - stands between repld and one server, and does to their connections what networks do.
 *
 *   proxy KIND UPSTREAM DIR          KIND: postgresql | mysql (MariaDB too); UPSTREAM: a socket's path, or 127.0.0.1:PORT
 *   proxy -c DIR WORD...             a command to the one of DIR; prints the answer, exit 1 where it was refused
 *
 * It listens on 127.0.0.1, port in DIR/port, and notes what happens in DIR/events, a line each. No TLS: what is said has to be read.
 * A connection's class is the last word of the name that repld gives its session (application_name, program_name): apply, guard, load,
 * stream, source, ...; `any` means all. Commands:
 *   cut CLASS | rst CLASS            ends the connections there are: FIN to both ends, RST to both ends
 *   hole CLASS                       half open: what comes from either end is dropped by the kernel without an acknowledgement, for good
 *   mute CLASS                       silence: bytes are acknowledged, and go no further, either way, for good
 *   dark | light                     the whole path, new connections too, is a hole; and is not
 *   gate close | open                new connections wait
 *   upstream ADDRESS                 new connections go there, as behind a load balancer
 *   slow CLASS BYTES MS              no more than so many bytes each so many ms, each way; 0 0: as fast as it goes
 *   delay CLASS MS                   each byte comes so much later
 *   flip CLASS up|down any|head N    once: a bit of the Nth byte from now, of the head of the Nth message from now (up: to the server)
 *   swallow CLASS HOW END SKIP       the COMMIT after SKIP others that ends a transaction with a checkpoint; then the connection ends by
 *                                    END (cut, rst, hole) and the gate closes. HOW: happened: its answer is lost; not: it is lost itself;
 *                                    late-MS: the client's end goes at once, and the COMMIT reaches the server so much later
 *   swallow-any CLASS HOW END SKIP   the same of COMMITs of any kind: loads, states of tables, ownership
 *   swallow-none CLASS               no more
 *   list                             the classes of the connections there are; swallowed: how many COMMITs
 *
 * Events: "open N CLASS", "closed N CLASS", "swallow N CLASS HOW POSITION" (of the checkpoint that the COMMIT carried), "flipped N CLASS ...",
 * "refused N CLASS" (the server did not commit). One thread; what it holds back of a connection is bounded by HELD_MOST and QUEUE_MOST. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CONNS = 256, SETTINGS = 64, CLASS = 40, HELD_MOST = 8192, QUEUE_MOST = 256 * 1024, WORDS = 8 };
enum { UP, DOWN };			/* client to server; server to client */
enum { CLIENT, SERVER };		/* the ends; side[UP] comes from fd[CLIENT] */
enum how { HOW_NONE, HOW_HAPPENED, HOW_NOT, HOW_LATE };
enum end { END_CUT, END_RST, END_HOLE };

struct piece {
	struct piece *next;
	int64_t due;			/* usec; not before */
	size_t n, at;
	uint8_t bytes[];
};

struct side {
	struct piece *head, **tail;
	size_t queued;
	uint8_t held[HELD_MOST];	/* of the message that comes in: its head, and as much of its body as has to be seen */
	size_t n_held, want;		/* want: so many of it before it is looked at; 0: not known yet */
	uint64_t body;			/* bytes of a message that only pass */
	int64_t free_at;		/* slow: nothing before */
	bool eof, drop;			/* drop: what comes goes nowhere */
};

struct conn {
	unsigned id;			/* 0: free */
	int fd[2];			/* -1: closed */
	char class[CLASS];
	struct side side[2];
	bool opaque, started, muted;
	bool holed, for_good;		/* for_good: light does not bring it back */
	bool checkpointed, committing;	/* this transaction has written its checkpoint; its COMMIT has gone up */
	bool swallowing;		/* this COMMIT's answer will be lost */
	bool long_packet;		/* MySQL: the next packet up goes on with this one */
	char position[256];
};

/* What a class is given; the last one that fits counts. */
struct setting {
	char class[CLASS];
	enum { SET_FREE, SET_SLOW, SET_DELAY, SET_FLIP, SET_SWALLOW } what;
	int64_t a, b;
	int direction;
	bool of_heads, any_commit;
	enum how how;
	enum end end;
};

static struct conn conns[CONNS];
static struct setting settings[SETTINGS];
static const char *upstream, *dir;
static char other_upstream[128];
static int listener = -1, control = -1;
static FILE *events;
static bool postgresql, gate_closed, is_dark;
static unsigned last_id, swallowed;

static int64_t
now_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void
die(const char *what)
{
	fprintf(stderr, "proxy: %s: %s\n", what, strerror(errno));
	exit(1);
}

__attribute__((format(printf, 1, 2))) static void
event(const char *form, ...)
{
	va_list ap;

	va_start(ap, form);
	vfprintf(events, form, ap);
	va_end(ap);
	fputc('\n', events);
	fflush(events);
}

static bool
fits(const char *class, const struct conn *c)
{
	return strcmp(class, "any") == 0 || strcmp(class, c->class) == 0;
}

static struct setting *
setting_for(const struct conn *c, int what, int direction)
{
	for (int i = SETTINGS - 1; i >= 0; i--)
		if ((int)settings[i].what == what && fits(settings[i].class, c) &&
		    (direction < 0 || settings[i].direction == direction))
			return &settings[i];
	return NULL;
}

/* ---- the ends of a connection ---- */

static void
end_close(struct conn *c, int end)
{
	if (c->fd[end] >= 0)
		close(c->fd[end]);
	c->fd[end] = -1;
}

static void
end_reset(struct conn *c, int end)
{
	const struct linger now = { 1, 0 };

	if (c->fd[end] >= 0)
		(void)setsockopt(c->fd[end], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	end_close(c, end);
}

static void
side_clear(struct side *s)
{
	for (struct piece *p = s->head; p != NULL; p = s->head) {
		s->head = p->next;
		free(p);
	}
	s->tail = &s->head;
	s->queued = 0;
}

static void
conn_free(struct conn *c)
{
	event("closed %u %s", c->id, c->class);
	for (int i = 0; i < 2; i++) {
		end_close(c, i);
		side_clear(&c->side[i]);
	}
	c->id = 0;
}

/* The kernel takes no segment of it, not even to acknowledge it. A socket of another family has no segments: it is left unread. */
static void
deafen(int fd, bool deaf)
{
	struct sock_filter none = { BPF_RET | BPF_K, 0, 0, 0 };
	const struct sock_fprog program = { 1, &none };
	const int zero = 0;

	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, deaf ? SO_ATTACH_FILTER : SO_DETACH_FILTER, deaf ? (const void *)&program : &zero,
		    deaf ? (socklen_t)sizeof(program) : (socklen_t)sizeof(zero));
}

static void
conn_hole(struct conn *c)
{
	c->holed = c->muted = c->for_good = true;
	for (int i = 0; i < 2; i++)
		deafen(c->fd[i], true);
}

static void
conn_end(struct conn *c, enum end how)
{
	switch (how) {
	case END_CUT: conn_free(c); break;
	case END_RST:
		end_reset(c, CLIENT);
		end_reset(c, SERVER);
		conn_free(c);
		break;
	case END_HOLE: conn_hole(c); break;
	}
}

/* ---- bytes on their way ---- */

static void
put(struct conn *c, int direction, const uint8_t *p, size_t n, int64_t later)
{
	const struct setting *delay = setting_for(c, SET_DELAY, -1);
	struct side *s = &c->side[direction];
	struct piece *q;

	if (n == 0 || s->drop)
		return;
	if ((q = malloc(sizeof(*q) + n)) == NULL)
		die("memory");
	*q = (struct piece){ .due = now_usec() + later + (delay != NULL ? delay->a * 1000 : 0), .n = n };
	memcpy(q->bytes, p, n);
	*s->tail = q;
	s->tail = &q->next;
	s->queued += n;
}

/* True: it has been looked at, and may be changed. */
static void
flip(struct conn *c, int direction, uint8_t *p, size_t n, size_t head)
{
	struct setting *f = setting_for(c, SET_FLIP, direction);
	const size_t of = f != NULL && f->of_heads ? head : n;
	size_t at;

	if (f == NULL || of == 0)
		return;
	if (f->of_heads ? f->a-- > 0 : f->a >= (int64_t)n) {
		f->a -= f->of_heads ? 0 : (int64_t)n;
		return;
	}
	at = f->of_heads ? (size_t)random() % of : (size_t)f->a;
	p[at] ^= (uint8_t)(1u << random() % 8);
	f->what = SET_FREE;
	event("flipped %u %s %s byte %zu of %zu, message '%c'", c->id, c->class, direction == UP ? "up" : "down", at, n,
	    p[0] >= ' ' && p[0] < 127 ? p[0] : '?');
}

/* ---- COMMIT ---- */

static void
note_position(struct conn *c, const char *p, size_t n)
{
	c->checkpointed = true;
	snprintf(c->position, sizeof(c->position), "%.*s", (int)(n < sizeof(c->position) ? n : sizeof(c->position) - 1), p);
}

static void
swallow_done(struct conn *c, const struct setting *f)
{
	static const char *const names[] = { "", "happened", "not", "late" };

	gate_closed = gate_closed || f->how != HOW_LATE;	/* a COMMIT that comes late has to meet whoever is there by then */
	swallowed++;
	event("swallow %u %s %s %s", c->id, c->class, names[f->how], c->checkpointed ? c->position : "-");
	c->checkpointed = false;
}

/* A COMMIT goes up. False: it does not, and nothing behind it. */
static bool
commit_goes(struct conn *c)
{
	struct setting *f = setting_for(c, SET_SWALLOW, -1);

	if (f == NULL || (!c->checkpointed && !f->any_commit) || f->a-- > 0) {
		c->checkpointed = false;
		return true;
	}
	if (f->how != HOW_NOT)
		c->swallowing = c->committing = true;
	return f->how != HOW_NOT;
}

/* What comes down is the answer to that COMMIT. */
static void
commit_answered(struct conn *c, bool committed)
{
	struct setting *f = setting_for(c, SET_SWALLOW, -1);

	c->committing = false;
	if (f == NULL || !c->swallowing)
		return;
	c->swallowing = false;
	if (!committed) {
		c->checkpointed = false;
		event("refused %u %s", c->id, c->class);
		return;
	}
	swallow_done(c, f);
	f->what = SET_FREE;
	side_clear(&c->side[DOWN]);
	conn_end(c, f->end);
}

/* What was held back of it has been dropped. */
static void
commit_lost(struct conn *c)
{
	struct setting *f = setting_for(c, SET_SWALLOW, -1);

	swallow_done(c, f);
	f->what = SET_FREE;
	if (c->side[UP].queued == 0 || f->end == END_HOLE) {
		conn_end(c, f->end);
		return;
	}
	c->side[UP].drop = true;	/* what stands before it still arrives */
	c->side[UP].eof = true;
	if (f->end == END_RST)
		end_reset(c, CLIENT);
	else
		end_close(c, CLIENT);
}

/* Its answer would be there only later: the client has gone by then. What stands in the queue goes up, all in its time. */
static void
commit_late(struct conn *c, const uint8_t *p, size_t n)
{
	struct setting *f = setting_for(c, SET_SWALLOW, -1);

	put(c, UP, p, n, f->b * 1000);
	swallow_done(c, f);
	f->what = SET_FREE;
	c->swallowing = false;
	c->side[UP].eof = true;		/* the server hears of the client's end behind its COMMIT */
	if (f->end == END_RST)
		end_reset(c, CLIENT);
	else
		end_close(c, CLIENT);
}

/* ---- PostgreSQL ---- */

static uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void
class_of(struct conn *c, const char *name, size_t n)
{
	const char *last = memrchr(name, ' ', n);
	size_t len = last != NULL ? n - (size_t)(last + 1 - name) : n;

	if (last == NULL)
		last = name - 1;
	snprintf(c->class, sizeof(c->class), "%.*s", (int)(len < CLASS ? len : CLASS - 1), last + 1);
	event("open %u %s", c->id, c->class);
}

/* The startup packet: pairs of texts. Another first packet (TLS, a cancel request) makes the rest unreadable. */
static void
pg_startup(struct conn *c, const uint8_t *p, size_t n)
{
	const char *at = (const char *)p + 8, *end = (const char *)p + n;

	c->started = true;
	if (n < 9 || be32(p + 4) >> 16 != 3) {
		c->opaque = true;
		class_of(c, "cancel", 6);
		return;
	}
	while (at < end && *at != '\0') {
		const char *value = at + strnlen(at, (size_t)(end - at)) + 1;

		if (value >= end)
			break;
		if (strcmp(at, "application_name") == 0)
			class_of(c, value, strnlen(value, (size_t)(end - value)));
		at = value + strnlen(value, (size_t)(end - value)) + 1;
	}
}

/* The text of a parameter of a Bind. */
static bool
pg_bound(const uint8_t *p, size_t n, const char *statement, unsigned number, const char **ret, size_t *ret_n)
{
	const uint8_t *at = p + 5, *end = p + n;

	at += strnlen((const char *)at, (size_t)(end - at)) + 1;	/* portal */
	if (at >= end || strncmp((const char *)at, statement, (size_t)(end - at)) != 0)
		return false;
	at += strlen(statement) + 1;
	if (end - at < 2)
		return false;
	at += 2 + 2 * (at[0] << 8 | at[1]);
	if (end - at < 2)
		return false;
	at += 2;
	for (unsigned i = 1; end - at >= 4; i++) {
		const uint32_t len = be32(at);

		at += 4;
		if (i == number && len <= (uint32_t)(end - at)) {
			*ret = (const char *)at;
			*ret_n = len;
			return true;
		}
		at += len == UINT32_MAX ? 0 : len;
	}
	return false;
}

/* False: it goes no further. */
static bool
pg_up(struct conn *c, const uint8_t *p, size_t n)
{
	const char *sql = (const char *)p + 5, *value;
	size_t len;

	if (p[0] == 'B' && pg_bound(p, n, "repld_checkpoint", 4, &value, &len))
		note_position(c, value, len);
	if (p[0] == 'P')
		sql += strnlen(sql, n - 5) + 1;
	if (p[0] == 'B' || (size_t)(sql - (const char *)p) + 7 > n || memcmp(sql, "COMMIT", 7) != 0)
		return true;
	return commit_goes(c);
}

static void
pg_down(struct conn *c, const uint8_t *p, size_t n)
{
	if (!c->committing)
		return;
	if (p[0] == 'C' && n >= 12 && memcmp(p + 5, "COMMIT", 7) == 0)
		commit_answered(c, true);
	else if (p[0] == 'E' || (p[0] == 'C' && n >= 14 && memcmp(p + 5, "ROLLBACK", 9) == 0))
		commit_answered(c, false);
}

/* ---- MySQL, MariaDB ---- */

static void
my_login(struct conn *c, const uint8_t *p, size_t n)
{
	static const char key[] = "program_name";
	const uint8_t *at = memmem(p, n, key, sizeof(key) - 1);

	c->started = true;
	c->opaque = n >= 8 && (p[5] & 0x08) != 0;		/* CLIENT_SSL */
	if (at != NULL && (size_t)(at - p) + sizeof(key) < n && (size_t)(at - p) + sizeof(key) + at[sizeof(key) - 1] <= n)
		class_of(c, (const char *)at + sizeof(key), at[sizeof(key) - 1]);
	else
		class_of(c, "unnamed", 7);
}

static bool
my_up(struct conn *c, const uint8_t *p, size_t n)
{
	static const char checkpoint[] = "UPDATE repld.checkpoint SET position = '";
	const char *sql = (const char *)p + 5;
	const bool command = p[3] == 0 && !c->long_packet;

	c->long_packet = (p[0] | p[1] << 8 | p[2] << 16) == 0xffffff;
	if (!command || n < 6 || p[4] != 3)
		return true;
	n -= 5;
	if (n > sizeof(checkpoint) && memcmp(sql, checkpoint, sizeof(checkpoint) - 1) == 0) {
		const char *value = sql + sizeof(checkpoint) - 1, *end = memchr(value, '\'', n - sizeof(checkpoint) + 1);

		if (end != NULL)
			note_position(c, value, (size_t)(end - value));
	}
	return n != 6 || memcmp(sql, "COMMIT", 6) != 0 || commit_goes(c);
}

static void
my_down(struct conn *c, const uint8_t *p, size_t n)
{
	if (c->committing && n >= 5)
		commit_answered(c, p[4] == 0);
}

/* ---- messages ---- */

/* How many bytes of the message have to be here before it is looked at; *ret_whole: how long it is. Where they are not enough to know: false. */
static bool
message_size(const struct conn *c, int direction, const struct side *s, size_t *ret_want, uint64_t *ret_whole, size_t *ret_head)
{
	const uint8_t *p = s->held;
	bool looked_at;

	if (postgresql && !c->started && direction == UP) {
		if (s->n_held < 4)
			return false;
		*ret_whole = be32(p);
		*ret_head = 4;
		looked_at = true;
	} else if (postgresql) {
		if (s->n_held < 5)
			return false;
		*ret_whole = (uint64_t)be32(p + 1) + 1;
		*ret_head = 5;
		looked_at = direction == UP ? p[0] == 'B' || p[0] == 'P' || p[0] == 'Q' : p[0] == 'C' || p[0] == 'E';
	} else {
		if (s->n_held < 4)
			return false;
		*ret_whole = (uint64_t)(p[0] | p[1] << 8 | p[2] << 16) + 4;
		*ret_head = 4;
		looked_at = direction == UP || c->committing;
	}
	*ret_want = *ret_head;
	if (looked_at)
		*ret_want = *ret_whole < HELD_MOST ? (size_t)*ret_whole : HELD_MOST;
	if (*ret_whole < *ret_head)	/* of a peer that has lost its way */
		*ret_whole = *ret_want = *ret_head;
	return true;
}

/* A message's beginning is here, as much as has to be looked at. False: the connection has ended, or goes no further. */
static bool
message_seen(struct conn *c, int direction, size_t head)
{
	struct side *s = &c->side[direction];
	const unsigned id = c->id;
	uint8_t *p = s->held;
	bool goes = true;

	if (direction == UP && !c->started)
		(postgresql ? pg_startup : my_login)(c, p, s->n_held);
	else if (direction == UP)
		goes = (postgresql ? pg_up : my_up)(c, p, s->n_held);
	else
		(postgresql ? pg_down : my_down)(c, p, s->n_held);
	if (c->id != id || c->holed)
		return false;
	if (!goes) {
		commit_lost(c);
		return false;
	}
	if (direction == UP && c->swallowing && setting_for(c, SET_SWALLOW, -1)->how == HOW_LATE) {
		commit_late(c, p, s->n_held);
		return true;		/* the rest of what is here follows it */
	}
	flip(c, direction, p, s->n_held, head);
	put(c, direction, p, s->n_held, 0);
	return true;
}

static void
feed(struct conn *c, int direction, uint8_t *p, size_t n)
{
	struct side *s = &c->side[direction];
	size_t want = 0, head = 0, take;
	uint64_t whole = 0;

	while (n > 0) {
		if (c->opaque) {
			put(c, direction, p, n, 0);
			return;
		}
		if (s->body > 0) {
			take = n < s->body ? n : (size_t)s->body;
			flip(c, direction, p, take, 0);
			put(c, direction, p, take, 0);
			s->body -= take;
			p += take;
			n -= take;
			continue;
		}
		s->held[s->n_held++] = *p++;
		n--;
		if (s->want == 0 && message_size(c, direction, s, &want, &whole, &head)) {
			s->want = want;
			s->body = 0;
		}
		if (s->want > s->n_held) {
			take = s->want - s->n_held < n ? s->want - s->n_held : n;
			memcpy(s->held + s->n_held, p, take);
			s->n_held += take;
			p += take;
			n -= take;
		}
		if (s->want == 0 || s->n_held < s->want)
			continue;
		(void)message_size(c, direction, s, &want, &whole, &head);
		if (!message_seen(c, direction, head))
			return;
		s->body = whole - s->n_held;
		s->n_held = s->want = 0;
	}
}

/* ---- connections ---- */

static int
dial(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const bool path = upstream[0] == '/';
	const int fd = socket(path ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int rc;

	if (fd < 0)
		die("socket");
	if (path) {
		snprintf(un.sun_path, sizeof(un.sun_path), "%s", upstream);
		rc = connect(fd, (struct sockaddr *)&un, sizeof(un));
	} else {
		in.sin_port = htons((uint16_t)strtoul(strrchr(upstream, ':') + 1, NULL, 10));
		rc = connect(fd, (struct sockaddr *)&in, sizeof(in));
	}
	if (rc != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void
conn_open(void)
{
	struct conn *c = NULL;
	const int one = 1, fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	for (int i = 0; i < CONNS && c == NULL; i++)
		if (conns[i].id == 0)
			c = &conns[i];
	if (fd < 0)
		return;
	if (c == NULL) {
		event("full");
		close(fd);
		return;
	}
	memset(c, 0, sizeof(*c));
	c->fd[CLIENT] = fd;
	c->fd[SERVER] = dial();
	for (int i = 0; i < 2; i++)
		c->side[i].tail = &c->side[i].head;
	snprintf(c->class, sizeof(c->class), "new");
	c->id = ++last_id;
	if (c->fd[SERVER] < 0) {
		end_reset(c, CLIENT);
		conn_free(c);
		return;
	}
	(void)fcntl(c->fd[SERVER], F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 2; i++)
		(void)setsockopt(c->fd[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static bool
wants_to_read(const struct conn *c, int direction)
{
	const struct side *s = &c->side[direction];

	return c->fd[direction] >= 0 && !c->muted && !s->eof && s->queued < QUEUE_MOST;
}

/* When its next bytes may go: usec; -1: there are none. */
static int64_t
due(const struct conn *c, int direction)
{
	const struct side *s = &c->side[direction];

	if (c->muted || s->head == NULL || c->fd[1 - direction] < 0)
		return -1;
	return s->head->due > s->free_at ? s->head->due : s->free_at;
}

static void
side_read(struct conn *c, int direction)
{
	uint8_t p[65536];
	const ssize_t n = read(c->fd[direction], p, sizeof(p));

	if (n > 0)
		feed(c, direction, p, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		c->side[direction].eof = true;
}

static void
side_write(struct conn *c, int direction)
{
	struct side *s = &c->side[direction];
	const struct setting *slow = setting_for(c, SET_SLOW, -1);
	struct piece *p = s->head;
	size_t n = p->n - p->at;
	ssize_t sent;

	if (slow != NULL && slow->a > 0) {
		n = n < (size_t)slow->a ? n : (size_t)slow->a;
		s->free_at = now_usec() + slow->b * 1000;
	}
	sent = send(c->fd[1 - direction], p->bytes + p->at, n, MSG_NOSIGNAL);
	if (sent < 0) {
		if (errno != EAGAIN && errno != EINTR)
			side_clear(s);
		return;
	}
	p->at += (size_t)sent;
	s->queued -= (size_t)sent;
	if (p->at < p->n)
		return;
	s->head = p->next;
	if (s->head == NULL)
		s->tail = &s->head;
	free(p);
}

/* An end that is gone is told to the other when all that it said before has arrived. */
static void
conn_settle(struct conn *c)
{
	if (c->id == 0 || c->muted)
		return;
	for (int d = 0; d < 2; d++)
		if (c->side[d].eof && c->side[d].head == NULL) {
			conn_free(c);
			return;
		}
}

/* ---- commands ---- */

static bool
set(int what, const char *class, int64_t a, int64_t b, struct setting **ret)
{
	struct setting *free_one = NULL;

	for (int i = 0; i < SETTINGS; i++) {
		if ((int)settings[i].what == what && strcmp(settings[i].class, class) == 0)
			settings[i].what = SET_FREE;
		if (settings[i].what == SET_FREE && free_one == NULL)
			free_one = &settings[i];
	}
	if (free_one == NULL)
		return false;
	*free_one = (struct setting){ .what = what, .a = a, .b = b };
	snprintf(free_one->class, sizeof(free_one->class), "%s", class);
	*ret = free_one;
	return true;
}

static int
do_ends(const char *verb, const char *class)
{
	int n = 0;

	for (int i = 0; i < CONNS; i++) {
		struct conn *c = &conns[i];

		if (c->id == 0 || c->muted || !fits(class, c))
			continue;
		n++;
		if (strcmp(verb, "mute") == 0)
			c->muted = true;
		else
			conn_end(c, strcmp(verb, "cut") == 0 ? END_CUT : strcmp(verb, "rst") == 0 ? END_RST : END_HOLE);
	}
	return n;
}

static void
do_dark(bool on)
{
	is_dark = on;
	deafen(listener, on);
	for (int i = 0; i < CONNS; i++) {
		struct conn *c = &conns[i];

		if (c->id == 0 || c->for_good || c->holed == on)
			continue;
		c->holed = c->muted = on;
		deafen(c->fd[CLIENT], on);
		deafen(c->fd[SERVER], on);
	}
}

static bool
do_swallow(char **word)
{
	struct setting *f;
	enum how how = strcmp(word[2], "happened") == 0 ? HOW_HAPPENED
	    : strcmp(word[2], "not") == 0		? HOW_NOT
	    : strncmp(word[2], "late-", 5) == 0		? HOW_LATE
							: HOW_NONE;

	if (how == HOW_NONE || !set(SET_SWALLOW, word[1], strtol(word[4], NULL, 10), how == HOW_LATE ? strtol(word[2] + 5, NULL, 10) : 0, &f))
		return false;
	f->how = how;
	f->any_commit = strcmp(word[0], "swallow-any") == 0;
	f->end = strcmp(word[3], "rst") == 0 ? END_RST : strcmp(word[3], "hole") == 0 ? END_HOLE : END_CUT;
	return true;
}

static bool
do_flip(char **word)
{
	struct setting *f;

	if (!set(SET_FLIP, word[1], strtol(word[4], NULL, 10), 0, &f))
		return false;
	f->direction = strcmp(word[2], "up") == 0 ? UP : DOWN;
	f->of_heads = strcmp(word[3], "head") == 0;
	return true;
}

static void
do_list(FILE *out)
{
	for (int i = 0; i < CONNS; i++)
		if (conns[i].id != 0 && !conns[i].muted)
			fprintf(out, "%s\n", conns[i].class);
}

static void
do_upstream(const char *address)
{
	snprintf(other_upstream, sizeof(other_upstream), "%s", address);
	upstream = other_upstream;
}

static bool
command(int n, char **word, FILE *out)
{
	struct setting *ignored;
	const char *verb = n > 0 ? word[0] : "";

	if (n == 2 && (strcmp(verb, "cut") == 0 || strcmp(verb, "rst") == 0 || strcmp(verb, "hole") == 0 || strcmp(verb, "mute") == 0))
		fprintf(out, "%d\n", do_ends(verb, word[1]));
	else if (n == 1 && (strcmp(verb, "dark") == 0 || strcmp(verb, "light") == 0))
		do_dark(verb[0] == 'd');
	else if (n == 2 && strcmp(verb, "gate") == 0)
		gate_closed = strcmp(word[1], "close") == 0;
	else if (n == 2 && strcmp(verb, "upstream") == 0)
		do_upstream(word[1]);
	else if (n == 4 && strcmp(verb, "slow") == 0)
		return set(SET_SLOW, word[1], strtol(word[2], NULL, 10), strtol(word[3], NULL, 10), &ignored);
	else if (n == 3 && strcmp(verb, "delay") == 0)
		return set(SET_DELAY, word[1], strtol(word[2], NULL, 10), 0, &ignored);
	else if (n == 5 && strcmp(verb, "flip") == 0)
		return do_flip(word);
	else if (n == 5 && strncmp(verb, "swallow", 7) == 0)
		return do_swallow(word);
	else if (n == 2 && strcmp(verb, "swallow-none") == 0)
		return set(SET_SWALLOW, word[1], INT64_MAX, 0, &ignored);
	else if (n == 1 && strcmp(verb, "list") == 0)
		do_list(out);
	else if (n == 1 && strcmp(verb, "swallowed") == 0)
		fprintf(out, "%u\n", swallowed);
	else
		return false;
	return true;
}

static void
control_serve(void)
{
	char line[1024], *word[WORDS], *rest = line;
	const int fd = accept4(control, NULL, NULL, SOCK_CLOEXEC);
	ssize_t got = 0;
	FILE *out;
	int n = 0;

	if (fd < 0)
		return;
	if ((got = read(fd, line, sizeof(line) - 1)) <= 0 || (out = fdopen(fd, "w")) == NULL) {
		close(fd);
		return;
	}
	line[got] = '\0';
	line[strcspn(line, "\n")] = '\0';
	while (n < WORDS && (word[n] = strsep(&rest, " ")) != NULL)
		n++;
	fputs(command(n, word, out) ? "ok\n" : "refused\n", out);
	fclose(out);
}

/* ---- main ---- */

static int
listen_unix(const char *path, bool client)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/proxy", path);
	if (fd < 0)
		die("socket");
	if (client) {
		if (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
			die(a.sun_path);
		return fd;
	}
	unlink(a.sun_path);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(fd, 16) != 0)
		die(a.sun_path);
	return fd;
}

static int
client(int argc, char **argv)
{
	const int fd = listen_unix(argv[2], true);
	char line[1024] = "", last[1024] = "";
	size_t n = 0;
	FILE *f = NULL;

	for (int i = 3; i < argc && n < sizeof(line); i++)
		n += (size_t)snprintf(line + n, sizeof(line) - n, "%s%s", argv[i], i + 1 < argc ? " " : "\n");
	if (n >= sizeof(line) || write(fd, line, n) != (ssize_t)n || (f = fdopen(fd, "r")) == NULL)
		die("control");
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strcmp(line, "ok\n") != 0 && strcmp(line, "refused\n") != 0)
			fputs(line, stdout);
		memcpy(last, line, sizeof(last));
	}
	return strcmp(last, "ok\n") == 0 ? 0 : 1;
}

static void
start_listening(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	char path[512], ready[520];
	FILE *f = NULL;

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(listener, 128) != 0 ||
	    getsockname(listener, (struct sockaddr *)&a, &n) != 0)
		die("listen");
	snprintf(path, sizeof(path), "%s/events", dir);
	if ((events = fopen(path, "ae")) == NULL)
		die(path);
	snprintf(path, sizeof(path), "%s/port.new", dir);
	snprintf(ready, sizeof(ready), "%s/port", dir);
	if ((f = fopen(path, "we")) == NULL || fprintf(f, "%u\n", ntohs(a.sin_port)) < 0 || fclose(f) != 0 || rename(path, ready) != 0)
		die(path);
}

static int
poll_all(struct pollfd *fds, struct conn **whose)
{
	const int64_t now = now_usec();
	int64_t wait = 1000000;
	int n = 0;

	fds[n++] = (struct pollfd){ .fd = control, .events = POLLIN };
	fds[n++] = (struct pollfd){ .fd = gate_closed || is_dark ? -1 : listener, .events = POLLIN };
	for (int i = 0; i < CONNS; i++) {
		struct conn *c = &conns[i];

		if (c->id == 0)
			continue;
		for (int end = 0; end < 2; end++) {
			const int64_t at = due(c, 1 - end);
			short want = wants_to_read(c, end) ? POLLIN : 0;

			if (at >= 0 && at <= now)
				want |= POLLOUT;
			else if (at >= 0 && at - now < wait)
				wait = at - now;
			whose[n] = c;
			fds[n++] = (struct pollfd){ .fd = want != 0 ? c->fd[end] : -1, .events = want };
		}
	}
	if (ppoll(fds, (nfds_t)n, &(struct timespec){ wait / 1000000, wait % 1000000 * 1000 }, NULL) < 0 && errno != EINTR)
		die("poll");
	return n;
}

static void
serve(void)
{
	static struct pollfd fds[2 + 2 * CONNS];
	static struct conn *whose[2 + 2 * CONNS];
	const int n = poll_all(fds, whose);

	for (int i = 2; i < n; i++) {
		struct conn *c = whose[i];
		const int end = i % 2;

		if (c->id != 0 && (fds[i].revents & (POLLIN | POLLERR | POLLHUP)) && wants_to_read(c, end))
			side_read(c, end);
		if (c->id != 0 && (fds[i].revents & POLLOUT) && due(c, 1 - end) >= 0)
			side_write(c, 1 - end);
		else if (c->id != 0 && (fds[i].revents & (POLLERR | POLLHUP)) && !c->muted)
			c->side[end].eof = c->side[end].eof || !wants_to_read(c, end);
		conn_settle(c);
	}
	if (fds[1].revents & POLLIN)
		conn_open();
	if (fds[0].revents & POLLIN)
		control_serve();
}

int
main(int argc, char **argv)
{
	if (argc > 3 && strcmp(argv[1], "-c") == 0)
		return client(argc, argv);
	if (argc != 4) {
		fputs("usage: proxy postgresql|mysql UPSTREAM DIR; proxy -c DIR WORD...\n", stderr);
		return 2;
	}
	postgresql = strcmp(argv[1], "postgresql") == 0;
	upstream = argv[2];
	dir = argv[3];
	signal(SIGPIPE, SIG_IGN);
	srandom((unsigned)now_usec());
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		die(dir);
	start_listening();
	control = listen_unix(dir, false);
	for (;;)
		serve();
}
