/* cleanup.c - `repld cleanup TASK`: lists what repld made for the task on both servers, asks, drops it. The target's tables stay. Also
 * `repld run TASK`, which only reads its words here. */
#include "daemon/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/log.h"
#include "daemon/cmdline.h"
#include "daemon/worker.h"
#include "endpoints/source.h"
#include "endpoints/target.h"

struct cleanup {
	const struct task_conf *conf;
	const struct source_ops *so;
	const struct target_ops *to;
	struct source *source;
	struct target *target;
	struct target_remains remains;
	struct source_info info;
	struct source_log log;
	struct checkpoint *groups;	/* rows of load groups; malloc'ed */
	size_t ngroups;
	bool drop_slot, drop_publication;
};

static bool
open_both(struct cleanup *c, struct stop *stop, struct err *err)
{
	struct source_params sp = { .endpoint = c->conf->source, .task = c->conf->name, .slot = c->conf->postgresql.slot, .server_id = c->conf->mysql.server_id,
		.publication = c->conf->postgresql.publication, .plugin = c->conf->postgresql.plugin, .stop = stop };
	struct target_params tp = { .endpoint = c->conf->target, .task = c->conf->name, .purpose = "cleanup", .stop = stop };
	struct owner other = { .pid = 0 };

	if ((c->target = c->to->open(&tp, err)) == NULL)
		return err_ctx(err, "target %s", c->conf->target->name);
	if (!c->to->own(c->target, &other, err)) {
		if (err->kind != ERR_NONE)
			return err_ctx(err, "target %s", c->conf->target->name);
		err_set(err, ERR_CONFIG, "the task is running: %s, pid %d", other.host, other.pid);
		return err_remedy(err, "stop it first: set enabled = false and reload, or stop the daemon");
	}
	if (!c->to->look(c->target, &c->remains, err) ||
	    (c->remains.installed && !c->to->load_groups(c->target, &c->groups, &c->ngroups, err)))
		return err_ctx(err, "target %s", c->conf->target->name);
	if ((c->source = c->so->open(&sp, err)) == NULL || !c->so->identify(c->source, &c->info, err) ||
	    !c->so->log_state(c->source, &c->log, err))
		return err_ctx(err, "source %s", c->conf->source->name);
	return true;
}

static void
close_both(struct cleanup *c)
{
	c->so->close(c->source);
	c->to->close(c->target);
	c->source = NULL;
	c->target = NULL;
	free(c->groups);
	c->groups = NULL;
	c->ngroups = 0;
}

/* The group's row names a slot that repld made on this source. */
static bool
has_slot(const struct cleanup *c, const struct checkpoint *group)
{
	return group->slot_made && group->edited[0] == '\0' && group->source.slot[0] != '\0' && strcmp(group->source.id, c->info.identity.id) == 0;
}

/* The row speaks of the slot and the publication that it names, on the source that it names. */
static void
choose(struct cleanup *c)
{
	const struct checkpoint *cp = &c->remains.cp;
	const bool same = c->remains.checkpoint && strcmp(cp->source.id, c->info.identity.id) == 0;

	c->drop_slot = same && cp->slot_made && c->log.exists && strcmp(cp->source.slot, c->conf->postgresql.slot) == 0;
	c->drop_publication = same && cp->publication_made && strcmp(cp->source.publication, c->conf->postgresql.publication) == 0;
}

static bool
list_remains(struct cleanup *c)
{
	const struct checkpoint *cp = &c->remains.cp;
	char at[POSITION_TEXT];
	bool any = c->remains.checkpoint || c->remains.table_states > 0 || c->remains.exceptions > 0;

	printf("What repld made for task %s:\n", c->conf->name);
	choose(c);
	if (c->drop_slot)
		printf("  source %s: replication slot %s\n", c->conf->source->name, c->conf->postgresql.slot);
	else if (c->log.exists)
		printf("  source %s: replication slot %s was not made by repld and stays\n", c->conf->source->name, c->conf->postgresql.slot);
	if (c->remains.checkpoint && cp->slot_made && !c->drop_slot && cp->source.slot[0] != '\0' &&
	    (strcmp(cp->source.slot, c->conf->postgresql.slot) != 0 || strcmp(cp->source.id, c->info.identity.id) != 0))
		printf("  slot %s of a former configuration (system identifier %s) stays: drop it there\n", cp->source.slot, cp->source.id);
	for (size_t i = 0; i < c->ngroups; i++)
		if (has_slot(c, &c->groups[i]))
			printf("  source %s: replication slot %s of load group %u\n", c->conf->source->name, c->groups[i].source.slot,
			    c->groups[i].group);
	if (c->drop_publication)
		printf("  source %s: publication %s\n", c->conf->source->name, c->conf->postgresql.publication);
	if (c->remains.checkpoint)
		printf("  target %s: checkpoint at %s\n", c->conf->target->name, position_text(&cp->position, at));
	if (c->remains.table_states > 0)
		printf("  target %s: states of %zu tables\n", c->conf->target->name, c->remains.table_states);
	if (c->remains.exceptions > 0)
		printf("  target %s: %zu exceptions\n", c->conf->target->name, c->remains.exceptions);
	if (!any && !c->drop_slot && c->ngroups == 0)
		puts("  nothing");
	else
		puts("The target's tables and their rows stay.");
	return any || c->drop_slot || c->ngroups > 0;
}

/* Whoever was asked took his time: the lock's session may be gone, and what is there may be another thing by now. */
static bool
look_again(struct cleanup *c, struct stop *stop, struct err *err)
{
	const bool slot = c->drop_slot, publication = c->drop_publication;

	close_both(c);
	if (!open_both(c, stop, err))
		return false;
	choose(c);
	c->drop_slot = c->drop_slot && slot;
	c->drop_publication = c->drop_publication && publication;
	return true;
}

static bool
drop_group_slots(struct cleanup *c, struct err *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < c->ngroups; i++) {
		struct source_params sp = { .endpoint = c->conf->source, .task = c->conf->name, .slot = c->groups[i].source.slot };
		struct source *s;

		if (!has_slot(c, &c->groups[i]))
			continue;
		s = c->so->open(&sp, err);
		ok = s != NULL && c->so->drop_slot(s, err);
		c->so->close(s);
	}
	return ok;
}

/* The source first: what is left of a cleanup cut short can still be told from the checkpoint row. */
static bool
drop_all(struct cleanup *c, struct err *err)
{
	if (c->drop_slot && !c->so->drop_slot(c->source, err))
		return err_ctx(err, "slot %s", c->conf->postgresql.slot);
	if (!drop_group_slots(c, err))
		return false;
	if (c->drop_publication && !c->so->drop_publication(c->source, err))
		return err_ctx(err, "publication %s", c->conf->postgresql.publication);
	return !c->remains.installed || c->to->cleanup(c->target, err);
}

static int
cleanup(struct cleanup *c, bool yes)
{
	struct err err = ERR_INIT;
	struct stop stop;
	int status = 0;

	if (!stop_init(&stop, &err))
		return cmdline_fail("cleanup", &err);
	if (!open_both(c, &stop, &err)) {
		status = cmdline_fail("cleanup", &err);
	} else if (list_remains(c)) {
		if (!yes && (status = cmdline_ask("Drop all of this?")) != 0)
			puts("Nothing is dropped.");
		else if ((!yes && !look_again(c, &stop, &err)) || !drop_all(c, &err))
			status = cmdline_fail("cleanup", &err);
		else
			puts("Dropped.");
	}
	close_both(c);
	stop_done(&stop);
	return status;
}

int
command_cleanup(const char *conf_path, int argc, char **argv)
{
	const char *task = NULL;
	bool yes = false;
	struct cmd_option options[] = { { "--yes", &yes, NULL }, { NULL, NULL, NULL } };
	struct cleanup c = { 0 };
	struct conf *conf;
	int status;

	if (!cmdline_parse("cleanup TASK [--yes]", argc, argv, options, &task, 1))
		return 2;
	if (task == NULL) {
		fprintf(stderr, "usage: repld cleanup TASK [--yes]\n");
		return 2;
	}
	log_init(LOG_LEVEL_WARNING);
	endpoint_clean_environment();
	if ((conf = cmdline_conf(conf_path, task)) == NULL)
		return 2;
	c.conf = conf_task(conf, task);
	c.so = source_ops_for(c.conf->source->kind);
	c.to = target_ops_for(c.conf->target->kind);
	status = cleanup(&c, yes);
	conf_free(conf);
	return status;
}

int
command_run(const char *conf_path, int argc, char **argv)
{
	const char *task = NULL, *until = NULL;
	struct cmd_option options[] = { { "--until", NULL, &until }, { NULL, NULL, NULL } };
	enum run_until u = RUN_FOR_EVER;
	struct conf *conf;
	int status;

	if (!cmdline_parse("run TASK [--until full_load|caught_up]", argc, argv, options, &task, 1))
		return 2;
	if (until != NULL && strcmp(until, "full_load") == 0)
		u = RUN_UNTIL_LOADED;
	else if (until != NULL && strcmp(until, "caught_up") == 0)
		u = RUN_UNTIL_CAUGHT_UP;
	if (task == NULL || (until != NULL && u == RUN_FOR_EVER)) {
		fprintf(stderr, "usage: repld run TASK [--until full_load|caught_up]\n");
		return 2;
	}
	if ((conf = cmdline_conf(conf_path, task)) == NULL)
		return 2;
	status = worker_run(conf, conf_task(conf, task), u);
	conf_free(conf);
	return status;
}
