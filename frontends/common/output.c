/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "cells.h"
#include "exits.h"
#include "human.h"
#include "terminal.h"

#define DRAW_EVERY_MS 150	/* a line that is read, not a film */
#define JSON_EVERY_MS 1000

static uint64_t
monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void
cli_output_init(cli_output *o, const char *program, int json, int quiet)
{
	memset(o, 0, sizeof(*o));
	o->program = program;
	o->json = json;
	o->quiet = quiet;
	o->answers = stdout;
	o->talk = stderr;
	o->terminal = isatty(STDERR_FILENO);
	pthread_mutex_init(&o->mutex, NULL);
}

void
cli_output_spare_stdout(cli_output *o)
{
	o->answers = o->talk;
}

/* ---- with the mutex held ---- */

static void
clear_line(cli_output *o)
{
	if (o->drawn == 0)
		return;
	fprintf(o->talk, "\r%*s\r", (int)o->drawn, "");
	fflush(o->talk);
	o->drawn = 0;
}

/* The new line over the old one, whose tail is blanked. One write, so that
 * it does not flicker. */
static void
draw_line(cli_output *o, const char *line)
{
	size_t width = cli_cells_width(line);
	size_t tail = o->drawn > width ? o->drawn - width : 0;
	char out[CLI_PROGRESS_LINE + 1024];
	size_t n;

	if (tail > 1000)
		tail = 1000;
	n = (size_t)snprintf(out, sizeof(out), "\r%s%*s", line, (int)tail,
	    "");
	if (n < sizeof(out))
		fwrite(out, 1, n, o->talk);
	fflush(o->talk);
	o->drawn = width;
}

/* A line, or several, with something in front. */
static void
put_text(cli_output *o, const char *front, const char *text, int lines)
{
	clear_line(o);
	fputs(front, o->talk);
	cli_cells_print(o->talk, text, lines);
	putc('\n', o->talk);
	fflush(o->talk);
}

void
cli_output_flush(cli_output *o)
{
	if (fflush(o->answers) != 0 && o->error == 0)
		o->error = errno;
}

static void
put_json(cli_output *o, const char *json)
{
	fprintf(o->answers, "%s\n", json);
	cli_output_flush(o);
}

/* ---- JSON objects ---- */

static void
add_text(json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

static void
add_number(json_object *object, const char *key, uint64_t n)
{
	json_object_object_add(object, key, json_object_new_uint64(n));
}

/* Written and released. Memory that ran out says so in JSON, too. */
static void
put_object(cli_output *o, json_object *object)
{
	const char *text = NULL;

	if (object != NULL)
		text = json_object_to_json_string_ext(object,
		    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	put_json(o, text != NULL ? text : "{\"type\":\"error\","
	    "\"code\":\"DBB_ENOMEM\",\"exit\":1,\"message\":\"out of memory\","
	    "\"hint\":\"\",\"remote\":\"\"}");
	json_object_put(object);
}

static void
put_progress(cli_output *o, const dbb_progress *p)
{
	json_object *object = json_object_new_object();

	add_text(object, "type", "progress");
	add_text(object, "phase", cli_progress_phase(p->phase));
	add_text(object, "source", p->source);
	add_text(object, "stream", p->stream);
	add_number(object, "bytes_done", p->bytes_done);
	add_number(object, "bytes_total", p->bytes_total);
	add_number(object, "bytes_stored", p->bytes_stored);
	add_number(object, "stream_bytes", p->stream_bytes);
	add_number(object, "elapsed_ms", p->elapsed_ms);
	put_object(o, object);
}

/* ---- what is said ---- */

void
cli_output_say(cli_output *o, const char *fmt, ...)
{
	va_list args;
	char *text = NULL;
	int n;

	if (o->quiet || o->json)
		return;
	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0)
		return;
	pthread_mutex_lock(&o->mutex);
	put_text(o, "", text, 0);
	pthread_mutex_unlock(&o->mutex);
	free(text);
}

void
cli_output_warn(cli_output *o, const char *text)
{
	json_object *object;

	pthread_mutex_lock(&o->mutex);
	if (o->json) {
		object = json_object_new_object();
		add_text(object, "type", "warning");
		add_text(object, "message", text);
		put_object(o, object);
	} else {
		put_text(o, "warning: ", text, 1);
	}
	pthread_mutex_unlock(&o->mutex);
}

void
cli_output_error(cli_output *o, int status, const char *message,
    const char *hint, const char *remote)
{
	json_object *object;
	char front[64];

	pthread_mutex_lock(&o->mutex);
	if (o->json) {
		object = json_object_new_object();
		add_text(object, "type", "error");
		add_text(object, "code", dbb_status_name(status));
		add_number(object, "exit", (uint64_t)cli_exit_code(status));
		add_text(object, "message", message);
		add_text(object, "hint", hint);
		add_text(object, "remote", remote);
		put_object(o, object);
	} else {
		snprintf(front, sizeof(front), "%s: ", o->program);
		put_text(o, front, message, 1);
		if (hint[0] != '\0')
			put_text(o, "hint: ", hint, 1);
	}
	pthread_mutex_unlock(&o->mutex);
}

void
cli_output_json(cli_output *o, const char *json)
{
	pthread_mutex_lock(&o->mutex);
	put_json(o, json);
	pthread_mutex_unlock(&o->mutex);
}

/* ---- what the library tells ---- */

static void
tell_on_terminal(cli_output *o, const dbb_progress *p, uint64_t now)
{
	char line[CLI_PROGRESS_LINE];

	cli_progress_note(&o->progress, p, now);
	if (p->phase == DBB_PHASE_DONE ||
	    !cli_progress_due(&o->progress, p, now, DRAW_EVERY_MS))
		return;
	/* Writing into the last column would break the line. */
	cli_progress_line(line, &o->progress, p,
	    cli_terminal_columns(STDERR_FILENO) - 1);
	draw_line(o, line);
}

static void
tell_stream(cli_output *o, const dbb_progress *p)
{
	char size[CLI_HUMAN_SIZE], text[CLI_PROGRESS_LINE];

	if (p->phase != DBB_PHASE_DONE || p->stream[0] == '\0')
		return;
	cli_human_size(size, p->stream_bytes);
	snprintf(text, sizeof(text), "%s %s: %s", p->source, p->stream, size);
	put_text(o, "", text, 0);
}

int
cli_output_progress(const dbb_progress *report, void *output)
{
	cli_output *o = output;
	uint64_t now = monotonic_ms();

	if (o->quiet)
		return 0;
	pthread_mutex_lock(&o->mutex);
	if (!o->json && o->terminal)
		tell_on_terminal(o, report, now);
	else if (!o->json)
		tell_stream(o, report);
	else if (report->phase == DBB_PHASE_DONE ||
	    cli_progress_due(&o->progress, report, now, JSON_EVERY_MS))
		put_progress(o, report);
	pthread_mutex_unlock(&o->mutex);
	return 0;
}

void
cli_output_log(int level, const char *line, void *output)
{
	cli_output *o = output;

	if (level == DBB_LOG_WARNING) {
		cli_output_warn(o, line);
		return;
	}
	pthread_mutex_lock(&o->mutex);
	put_text(o, level <= DBB_LOG_ERROR ? "error: " :
	    level >= DBB_LOG_DEBUG ? "debug: " : "", line, 1);
	pthread_mutex_unlock(&o->mutex);
}

void
cli_output_clear(cli_output *o)
{
	pthread_mutex_lock(&o->mutex);
	clear_line(o);
	pthread_mutex_unlock(&o->mutex);
}

int
cli_output_finish(cli_output *o, cli_failure *why)
{
	cli_output_flush(o);
	if (o->error != 0 || ferror(o->answers))
		return cli_fail(why, DBB_EIO, "writing to standard output: %s",
		    strerror(o->error != 0 ? o->error : EIO));
	return 0;
}
