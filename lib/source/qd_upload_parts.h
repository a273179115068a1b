/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qd_upload_parts: what the files behind qd_upload.h share: qd_upload.c
 * (sending), qd_upload_left.c (notes, and taking away what is left).
 */
#ifndef DBBI_QD_UPLOAD_PARTS_H
#define DBBI_QD_UPLOAD_PARTS_H

#include "source/qd_upload.h"

#define DBBI_QD_FILE_SIZE 32

/* A name for an uploaded file that nobody else has. */
int dbbi_qd_file_name(char out[DBBI_QD_FILE_SIZE], dbb_error *err);

/* Write down what is about to be made. `file` NULL: none is uploaded. */
int dbbi_qd_left_note(const dbbi_qd_site *site, const char *name,
    const char *file, dbb_error *err);

/* Delete the uploaded file, and the note of it. A failure is logged, and the
 * note stays for the next run. */
void dbbi_qd_left_file(const dbbi_qd_site *site, const char *name,
    const char *file);

/* After a failure: delete the file and, if it may be ours or has a scratch name,
 * what came to be of the collection, and the notes. Where the server may still
 * be at work (not `is_sure`) and nothing is there yet, they stay. */
void dbbi_qd_left_all(const dbbi_qd_site *site, const char *name,
    const char *file, int may_be_ours, int is_sure);

/* Nothing came to be: forget both notes. */
void dbbi_qd_left_nothing(const dbbi_qd_site *site, const char *name);

#endif
