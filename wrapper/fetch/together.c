/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fetch/together.h"

#include <stdlib.h>

#include "matcher/base/error.h"
#include "wrapper/fetch/address.h"
#include "wrapper/fetch/confine.h"
#include "wrapper/fetch/stream.h"
#include "wrapper/fetch/transfer.h"
#include "wrapper/status.h"

#include "matcher/base/banned.h"

#define POLL_MS 1000 /* curl wakes earlier where it has something to do */

struct slot {
	struct job *job; /* NULL: free */
	struct fetch fetch;
	struct stream stream;
	struct http_taker taker;
	struct transfer *transfer;
	bool running;    /* curl has its handle */
	int64_t begins;  /* clock_ms() of the next try, where it is not running */
};

struct together {
	struct frames *out;
	FILE *in;
	CURLM *multi;
	bool more;       /* jobs may come */
	bool broken;     /* a job was malformed */
	size_t active;
	struct slot slots[TOGETHER_MAX];
};

/* ---- the end of a job ---- */

static void alarm_set(struct together *all)
{
	int64_t last = 0, now = clock_ms();

	for (size_t i = 0; i < TOGETHER_MAX; i++)
		if (all->slots[i].job && all->slots[i].fetch.deadline > last)
			last = all->slots[i].fetch.deadline;
	confine_deadline(last ? (uint64_t)(last > now ? last - now : 1) : 0);
}

static void job_free(struct job *job)
{
	job_fini(job);
	free(job);
}

/* Its frames, one after the other; the slot is free afterwards. */
static void slot_end(struct together *all, struct slot *slot, enum pipgate_status status)
{
	frames_job(all->out, slot->job->id);
	status = stream_end(&slot->stream, status);
	if (status == PIPGATE_OK)
		frames_done(all->out);
	else
		frames_fail(all->out, slot->fetch.class ? slot->fetch.class : FETCH_CLASS_JOB, slot->fetch.text);
	transfer_free(&slot->transfer);
	free(slot->fetch.room);
	job_free(slot->job);
	*slot = (struct slot){0};
	all->active--;
	alarm_set(all);
}

/* What curl says of a request: the job's end, or another try. */
static void slot_judge(struct together *all, struct slot *slot, CURLcode code)
{
	int64_t wait = 0;
	enum transfer_next next;

	if (slot->running)
		curl_multi_remove_handle(all->multi, transfer_easy(slot->transfer));
	slot->running = false;
	next = transfer_end(slot->transfer, code, &wait);
	if (next == TRANSFER_AGAIN)
		slot->begins = clock_ms() + wait;
	else
		slot_end(all, slot, next == TRANSFER_DONE ? PIPGATE_OK : PIPGATE_FAILED);
}

/* ---- the beginning ---- */

static void slot_begin(struct together *all, struct slot *slot)
{
	CURL *easy = transfer_easy(slot->transfer);
	CURLcode code = transfer_begin(slot->transfer);
	long told = strncmp(slot->job->place, "https:", 6) == 0;

	/* Wait for a connection that may turn out to carry many, instead of opening one each: TLS tells at its handshake. Without it only
	 * the first answer would, and all would wait for a server that is slow with that one. */
	if (code == CURLE_OK && (curl_easy_setopt(easy, CURLOPT_PIPEWAIT, told) != CURLE_OK ||
		curl_easy_setopt(easy, CURLOPT_PRIVATE, slot) != CURLE_OK || curl_multi_add_handle(all->multi, easy) != CURLM_OK))
		code = CURLE_OUT_OF_MEMORY;
	else if (code == CURLE_OK)
		slot->running = true;
	if (code != CURLE_OK)
		slot_judge(all, slot, code);
}

/* Takes the job, which fits the rules. */
static void slot_take(struct together *all, struct job *job)
{
	struct slot *slot = all->slots;

	while (slot->job)
		slot++;
	*slot = (struct slot){.job = job, .fetch = {.job = job, .out = all->out, .silent = true}};
	slot->fetch.deadline = clock_ms() + (int64_t)job->deadline_ms;
	slot->fetch.room = malloc(FETCH_ITEM_MAX); /* untouched pages cost nothing */
	stream_init(&slot->stream, &slot->fetch);
	slot->taker = (struct http_taker){&slot->stream, stream_take, stream_again};
	all->active++;
	alarm_set(all);
	if (!slot->fetch.room)
		fetch_fail(&slot->fetch, FETCH_CLASS_LIMIT, "no memory for an answer");
	else
		slot->transfer = transfer_new(&slot->fetch, &slot->taker, &slot->stream.answer);
	if (!slot->transfer)
		slot_end(all, slot, PIPGATE_FAILED);
}

static const char *job_fault(const struct job *job)
{
	if (!job->together)
		return "a job alone behind jobs that run together";
	if ((job->verb != JOB_GET && job->verb != JOB_QUERY) || !address_looks_so(job->place))
		return "jobs that run together get or query addresses";
	if (job->max_bytes > FETCH_ITEM_MAX) /* its frames could not wait for its end */
		return "max-bytes of a job that runs together is too large";
	return NULL;
}

static void job_refuse(struct together *all, struct job *job, const char *why)
{
	frames_job(all->out, job->id);
	frames_fail(all->out, FETCH_CLASS_JOB, why);
	job_free(job);
	all->more = false;
	all->broken = true;
}

static void job_next(struct together *all, struct job *first)
{
	struct pipgate_error error = {""};
	struct job *job = first ? first : malloc(sizeof(*job));
	enum pipgate_status status = PIPGATE_OK;

	if (!job) {
		all->more = false;
		all->broken = true;
		return;
	}
	if (!first)
		status = job_read(all->in, job, &error);
	if (status == PIPGATE_FAILED) { /* stdin has ended */
		all->more = false;
		job_free(job);
	} else if (status != PIPGATE_OK || job_fault(job)) {
		job_refuse(all, job, status != PIPGATE_OK ? error.text : job_fault(job));
	} else {
		slot_take(all, job);
	}
}

/* ---- all of them ---- */

/* Begins what is due; how long curl may sleep. */
static int slots_begin(struct together *all)
{
	int64_t now = clock_ms(), sleep = POLL_MS;

	for (size_t i = 0; i < TOGETHER_MAX; i++) {
		struct slot *slot = &all->slots[i];

		if (!slot->job || slot->running)
			continue;
		if (slot->begins <= now) {
			slot_begin(all, slot);
			sleep = slot->job && !slot->running ? 0 : sleep;
		} else if (slot->begins - now < sleep) {
			sleep = slot->begins - now;
		}
	}
	return (int)sleep;
}

static bool slots_run(struct together *all, int sleep)
{
	CURLMsg *message;
	int running, left;

	if (curl_multi_perform(all->multi, &running) != CURLM_OK)
		return false;
	while ((message = curl_multi_info_read(all->multi, &left))) {
		char *slot = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &slot);
		slot_judge(all, (struct slot *)(void *)slot, message->data.result);
		sleep = 0; /* a slot is free, or another request is due */
	}
	return curl_multi_poll(all->multi, NULL, 0, sleep, NULL) == CURLM_OK;
}

static void slots_drop(struct together *all)
{
	for (size_t i = 0; i < TOGETHER_MAX; i++) {
		struct slot *slot = &all->slots[i];

		if (!slot->job)
			continue;
		if (slot->running)
			curl_multi_remove_handle(all->multi, transfer_easy(slot->transfer));
		spool_close(&slot->stream.spool);
		transfer_free(&slot->transfer);
		free(slot->fetch.room);
		job_free(slot->job);
	}
}

int together_answer(struct frames *out, FILE *in, struct job *first)
{
	struct together *all = calloc(1, sizeof(*all));
	bool runs;

	if (!all || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(all->multi = curl_multi_init())) {
		free(all);
		job_free(first);
		return EXIT_UNDECIDED;
	}
	all->out = out;
	all->in = in;
	all->more = true;
	runs = curl_multi_setopt(all->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)TOGETHER_MAX) == CURLM_OK;
	job_next(all, first);
	while (runs && !all->broken && (all->more || all->active)) {
		/* Whoever asks sends all jobs at once: waiting for the next one waits for nobody else. */
		while (all->more && all->active < TOGETHER_MAX)
			job_next(all, NULL);
		runs = slots_run(all, slots_begin(all));
	}
	slots_drop(all);
	curl_multi_cleanup(all->multi);
	runs &= !all->broken;
	free(all);
	return runs ? EXIT_OK : EXIT_USAGE;
}
