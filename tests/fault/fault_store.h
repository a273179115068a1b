/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault_store: a store that wraps another and does what a script says: fail,
 * give too little, wait, lie, flip a bit, end the process, be full. Its URL
 * is "fault:" and the URL of the wrapped one.
 *
 *	struct fault_plan plan;
 *	fault_plan_init(&plan, &dbbi_store_file, NULL);
 *	fault_plan_add(&plan, &(struct fault){ .call = FAULT_PUT_COMMIT,
 *	    .nth = 3, .action = FAULT_FAIL, .code = DBB_ENOSPC });
 *	dbbi_store_registry_add(registry, &fault_store, &plan, &err);
 *	dbbi_store_open(&store, registry, "fault:file:///srv/x", 0, &err);
 */
#ifndef FAULT_STORE_H
#define FAULT_STORE_H

#include <pthread.h>

#include "store/store.h"

enum fault_call {
	FAULT_PUT_BEGIN,
	FAULT_PUT_WRITE,
	FAULT_PUT_COMMIT,
	FAULT_READ,
	FAULT_STAT,
	FAULT_LIST,
	FAULT_REMOVE,
	FAULT_ANY		/* whichever; and how many kinds there are */
};

enum fault_action {
	FAULT_FAIL,	/* with `code`; what has happened before stays */
	FAULT_SHORT,	/* a read gives half of what it has, a list every other
			   object, a write keeps half of its bytes */
	FAULT_DELAY,	/* by `delay_ms` */
	FAULT_LIE,	/* say DBB_OK and do nothing; a read gives zeros */
	FAULT_FLIP,	/* turn bit `bit` of what is read or written around */
	FAULT_KILL	/* end this process with SIGKILL */
};

struct fault {
	enum fault_call call;
	uint64_t nth;		/* of these calls, from 1; 0: by chance, */
	uint32_t one_in;	/* one in so many */
	int for_ever;		/* and all such calls after it */
	int after;		/* FAIL, DELAY, KILL: once the wrapped call has
				   been made; else instead of it, or before */
	enum fault_action action;
	int code;
	unsigned delay_ms;
	uint64_t bit;		/* counted round and round */
};

#define FAULTS_MAX 8

struct fault_plan {
	const dbb_store_driver *wrapped;
	void *payload;			/* of the wrapped */
	pthread_mutex_t mutex;		/* of all below */
	struct fault faults[FAULTS_MAX];
	size_t fault_count;
	uint64_t calls[FAULT_ANY + 1];	/* seen; the last: of all kinds */
	uint64_t struck;		/* how often a fault was at work */
	uint64_t chance;		/* the state of a generator */
	uint64_t room;			/* bytes that still can be written */
};

extern const dbb_store_driver fault_store;

void fault_plan_init(struct fault_plan *plan,
    const dbb_store_driver *wrapped, void *payload);
void fault_plan_clear(struct fault_plan *plan);

/* No faults, counting begins anew, room for all. */
void fault_plan_reset(struct fault_plan *plan);

void fault_plan_add(struct fault_plan *plan, const struct fault *fault);

/* Where the chances begin: the same seed, the same chances. */
void fault_plan_seed(struct fault_plan *plan, uint64_t seed);

/* After so many more bytes the store is full: the write that does not fit
 * puts down what does, and fails like all that follow. */
void fault_plan_room(struct fault_plan *plan, uint64_t bytes);

uint64_t fault_plan_calls(struct fault_plan *plan, enum fault_call call);
uint64_t fault_plan_struck(struct fault_plan *plan);

#endif
