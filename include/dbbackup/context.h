/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * context: the configuration, the callbacks and the last error of one thread
 * of control. Every other call takes one.
 *
 * Threads: a context is used by one thread at a time; only
 * dbb_context_cancel may be called from another thread or a signal handler.
 */
#ifndef DBBACKUP_CONTEXT_H
#define DBBACKUP_CONTEXT_H

#include <dbbackup/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Make a context; `*out` is the caller's, to release with
 * dbb_context_free. DBB_ENOMEM or DBB_EIO leave `*out` untouched. */
DBB_API int dbb_context_new(dbb_context **out);

/* Release a context and what it holds. NULL is allowed. Results and stores
 * made with it are to be released first. */
DBB_API void dbb_context_free(dbb_context *ctx);

/* The detail of the last failed call; borrowed until the next call on this
 * context. Its code is DBB_OK when the last call did not fail. */
DBB_API const dbb_error *dbb_context_error(const dbb_context *ctx);

/*
 * Read the configuration.
 *
 * file         the INI file; NULL looks at $DBB_CONFIG, ./dbbackup.conf and
 *              /etc/dbbackup.conf, in this order, and takes the first there
 *              is (none at all is not an error: the environment may say
 *              everything). "" reads no file.
 * environment  "NAME=value" strings ended by NULL, as `environ`; NULL: the
 *              process's own.
 *
 * Values of the environment go before those of the file. Unknown keys and
 * sections are DBB_ECONFIG, and the message names the nearest known one.
 * Calling it again replaces what was read before.
 */
DBB_API int dbb_context_load(dbb_context *ctx, const char *file,
    const char *const *environment);

/*
 * Set one key, before or after dbb_context_load; it goes before file and
 * environment. `section` is "repository" or "postgres main" (kind and name),
 * `key` as in the file, `value` is copied; NULL takes the key back.
 */
DBB_API int dbb_context_set(dbb_context *ctx, const char *section,
    const char *key, const char *value);

/*
 * Is the configuration one that can work? The repository's URL is one that
 * this library can open, at least one source is there, every connection can
 * be understood and every secret be had. No server is asked. DBB_ECONFIG or
 * what the failing part says.
 */
DBB_API int dbb_config_check(dbb_context *ctx);

/*
 * Describe the configuration: every key, its value
 * (secrets hidden) and its origin. `*out` as JSON:
 * {"type":"result","verb":"config","file":…,"keys":[{"section":…,"name":…,
 * "key":…,"value":…,"origin":…}]}.
 */
DBB_API int dbb_config_show(dbb_result **out, dbb_context *ctx);

#define DBB_LOG_ERROR   1
#define DBB_LOG_WARNING 2
#define DBB_LOG_INFO    3
#define DBB_LOG_DEBUG   4

/* Take one line of the log, without a line end, borrowed. May be called from
 * a thread of the library, never from two at once. */
typedef void (*dbb_log_fn)(int level, const char *line, void *payload);

/* Send log lines up to `level` to `fn`; NULL: none (the default). */
DBB_API void dbb_context_set_log(dbb_context *ctx, int level, dbb_log_fn fn,
    void *payload);

#define DBB_PHASE_PREPARE 1	/* connecting, checking rights and versions */
#define DBB_PHASE_READ    2	/* a backup's streams are running */
#define DBB_PHASE_COMMIT  3	/* the last packs, the index, the manifest */
#define DBB_PHASE_RESTORE 4	/* streams go into the target */
#define DBB_PHASE_COMPARE 5	/* the target is counted and compared */
#define DBB_PHASE_VERIFY  6	/* stored objects are looked at or read */
#define DBB_PHASE_DONE    7	/* one stream is through */
#define DBB_PHASE_PRUNE   8	/* what no set needs is found and deleted */

/* Where long work stands. Fields may be added at the end. */
typedef struct dbb_progress {
	size_t size;		/* sizeof of what the library filled */
	uint32_t phase;		/* DBB_PHASE_… */
	uint32_t reserved;
	const char *source;	/* "main"; "" when it is about all */
	const char *stream;	/* "app.dump"; "" likewise */
	uint64_t bytes_done;	/* of plain content, of the whole operation */
	uint64_t bytes_total;	/* estimate; 0: unknown */
	uint64_t bytes_stored;	/* new bytes in the store (backup) */
	uint64_t stream_bytes;	/* of plain content, of this stream */
	uint64_t elapsed_ms;
} dbb_progress;

/* Called from the caller's thread, when a phase or stream changes and at
 * least once a second. Nonzero cancels. */
typedef int (*dbb_progress_fn)(const dbb_progress *progress, void *payload);

DBB_API void dbb_context_set_progress(dbb_context *ctx, dbb_progress_fn fn,
    void *payload);

/*
 * Ask the running call to stop. Async-signal-safe, and safe from any thread.
 * That call returns DBB_ECANCELED with nothing half-done and no child process
 * alive. It stays asked, so that a call which begins a moment later stops
 * too, until dbb_context_resume.
 */
DBB_API void dbb_context_cancel(dbb_context *ctx);

/* Take back dbb_context_cancel. */
DBB_API void dbb_context_resume(dbb_context *ctx);

#ifdef __cplusplus
}
#endif
#endif
