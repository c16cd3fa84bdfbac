/* http.c - /metrics and /healthz over evhttp, on a local address. Reads the shared blocks,
 * changes nothing. An answer goes out in chunks that are made when the one before has been sent,
 * so a slow reader holds a part of it only. */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/arena.h"
#include "daemon/base/log.h"
#include "daemon/base/num.h"
#include "daemon/supervisor_int.h"

#define HTTP_SECONDS 10

struct http {
	struct supervisor *s;
	struct evhttp *evhttp;
	struct event *retry;
	struct scrape *scrapes;		/* answers under way */
};

struct scrape {
	struct http *http;
	struct scrape *next, **link;
	struct evhttp_request *req;
	struct report *report;
	bool last;			/* the last chunk is on its way */
};

/* ---- /metrics ---- */

static void
scrape_free(struct scrape *sc)
{
	*sc->link = sc->next;
	if (sc->next != NULL)
		sc->next->link = sc->link;
	report_free(sc->report);
	free(sc);
}

/* The client has gone. evhttp frees the requests of a connection, but not one that it has taken
 * off it because we were writing. */
static void
on_close(struct evhttp_connection *conn, void *arg)
{
	struct scrape *sc = arg;

	(void)conn;
	if (evhttp_request_get_connection(sc->req) == NULL)
		evhttp_request_free(sc->req);
	scrape_free(sc);
}

static void
scrape_end(struct scrape *sc)
{
	struct evhttp_request *req = sc->req;

	evhttp_connection_set_closecb(evhttp_request_get_connection(req), NULL, NULL);
	scrape_free(sc);
	evhttp_send_reply_end(req);
}

/* The chunk before has been sent. */
static void
on_sent(struct evhttp_connection *conn, void *arg)
{
	struct scrape *sc = arg;
	struct evbuffer *chunk = evbuffer_new();
	struct buf part = { 0 };

	(void)conn;
	if (sc->last || chunk == NULL) {
		if (chunk != NULL)
			evbuffer_free(chunk);
		scrape_end(sc);
		return;
	}
	do {
		sc->last = !report_next(sc->report, &part);
	} while (!sc->last && part.n == 0);
	if (evbuffer_add(chunk, part.p, part.n) < 0)
		sc->last = true;
	buf_done(&part);
	evhttp_send_reply_chunk_with_cb(sc->req, chunk, on_sent, sc);
	evbuffer_free(chunk);
}

static void
send_metrics(struct http *h, struct evhttp_request *req)
{
	struct report_source src = supervisor_report(h->s);
	struct scrape *sc = xzalloc(sizeof(*sc));

	sc->http = h;
	sc->req = req;
	sc->report = report_new(&src, &report_metrics, NULL, true);
	sc->link = &h->scrapes;
	if ((sc->next = h->scrapes) != NULL)
		sc->next->link = &sc->next;
	h->scrapes = sc;
	evhttp_connection_set_closecb(evhttp_request_get_connection(req), on_close, sc);
	evhttp_send_reply_start(req, 200, "OK");
	on_sent(NULL, sc);
}

/* ---- /healthz ---- */

static void
send_health(struct http *h, struct evhttp_request *req)
{
	struct evbuffer *body = evbuffer_new();
	bool well = true;

	for (size_t i = 0; body != NULL && i < h->s->nkeepers; i++) {
		struct status_task st;

		keeper_status(h->s->keepers[i], &st);
		if (st.state != TASK_ERROR)
			continue;
		well = false;
		evbuffer_add_printf(body, "task %s: error\n", h->s->keepers[i]->name);
	}
	if (well && body != NULL)
		evbuffer_add_printf(body, "ok\n");
	evhttp_send_reply(req, well ? 200 : 503, well ? "OK" : "Service Unavailable", body);
	if (body != NULL)
		evbuffer_free(body);
}

/* ---- requests ---- */

static void
header(struct evhttp_request *req, const char *name, const char *value)
{
	if (evhttp_add_header(evhttp_request_get_output_headers(req), name, value) < 0)
		log_debug("http: no memory for a header");
}

static void
on_request(struct evhttp_request *req, void *arg)
{
	static const char openmetrics[] =
	    "application/openmetrics-text; version=1.0.0; charset=utf-8";
	struct http *h = arg;
	enum evhttp_cmd_type method = evhttp_request_get_command(req);
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
	const char *path = uri != NULL ? evhttp_uri_get_path(uri) : NULL;
	bool metrics = path != NULL && strcmp(path, "/metrics") == 0,
	     health = path != NULL && strcmp(path, "/healthz") == 0;

	header(req, "Content-Type", metrics ? openmetrics : "text/plain; charset=utf-8");
	if (method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD) {
		header(req, "Allow", "GET, HEAD");
		evhttp_send_reply(req, 405, "Method Not Allowed", NULL);
	} else if (health) {
		send_health(h, req);
	} else if (!metrics) {
		evhttp_send_reply(req, 404, "Not Found", NULL);
	} else if (method == EVHTTP_REQ_HEAD) {
		evhttp_send_reply(req, 200, "OK", NULL);
	} else {
		send_metrics(h, req);
	}
}

/* ---- the listener ---- */

static void
on_accept_error(struct evconnlistener *l, void *arg)
{
	const struct timeval second = { 1, 0 };
	struct http *h = arg;

	log_warning("http: a connection could not be accepted; next try in 1 s");
	evconnlistener_disable(l);
	event_add(h->retry, &second);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	evconnlistener_enable(arg);
}

/* "ADDRESS:PORT"; an IPv6 address in brackets. */
static bool
split_address(const char *listen, char host[64], int64_t *ret_port, struct err *err)
{
	const char *colon = strrchr(listen, ':');
	size_t n = colon != NULL ? (size_t)(colon - listen) : 0;

	if (colon == NULL || n == 0 || n >= 64 || !num_int(colon + 1, 1, 65535, ret_port, err))
		return err_set(err, ERR_CONFIG,
		    "http_listen: expected an address such as \"127.0.0.1:9786\", got \"%.100s\"",
		    listen);
	if (listen[0] == '[' && listen[n - 1] == ']') {
		listen++;
		n -= 2;
	}
	memcpy(host, listen, n);
	host[n] = '\0';
	return true;
}

static bool
bind_to(struct http *h, const char *listen, struct err *err)
{
	struct evhttp_bound_socket *bound;
	struct evconnlistener *l;
	char host[64];
	int64_t port;

	if (!split_address(listen, host, &port, err))
		return false;
	if ((bound = evhttp_bind_socket_with_handle(h->evhttp, host, (ev_uint16_t)port)) == NULL)
		return err_errno(err, evutil_socket_geterror(-1), "http_listen %s", listen);
	l = evhttp_bound_socket_get_listener(bound);
	h->retry = event_new(h->s->base, -1, 0, on_retry, l);
	if (h->retry == NULL)
		return err_set(err, ERR_SYSTEM, "http_listen %s: no memory", listen);
	evconnlistener_set_error_cb(l, on_accept_error);
	return true;
}

struct http *
http_new(struct supervisor *s, const char *listen, struct err *err)
{
	struct http *h = xzalloc(sizeof(*h));

	h->s = s;
	if ((h->evhttp = evhttp_new(s->base)) == NULL) {
		err_set(err, ERR_SYSTEM, "http: no memory");
		http_free(h);
		return NULL;
	}
	evhttp_set_timeout(h->evhttp, HTTP_SECONDS);
	evhttp_set_max_headers_size(h->evhttp, 16384);
	evhttp_set_max_body_size(h->evhttp, 1024);
	evhttp_set_default_content_type(h->evhttp, NULL);
	evhttp_set_allowed_methods(h->evhttp, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
						  EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
						  EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE |
						  EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH);
	evhttp_set_gencb(h->evhttp, on_request, h);
	if (!bind_to(h, listen, err)) {
		http_free(h);
		return NULL;
	}
	return h;
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	while (h->scrapes != NULL) {
		struct scrape *sc = h->scrapes;

		evhttp_connection_set_closecb(evhttp_request_get_connection(sc->req), NULL, NULL);
		scrape_free(sc);
	}
	if (h->retry != NULL)
		event_free(h->retry);
	if (h->evhttp != NULL)
		evhttp_free(h->evhttp);
	free(h);
}
