/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine that is audited for: this one with the Python of the pip that is meant, or another (--target linux/aarch64,
 * --target-python 3.12): its marker variables, which wheels fit it, and how pip is told of it.
 */
#ifndef WRAPPER_SOURCE_TARGET_H
#define WRAPPER_SOURCE_TARGET_H

#include "wrapper/source/source.h"

struct platform; /* a row of the table of systems */

struct target {
	const struct platform *platform;
	const char *machine; /* as wheels name it: "x86_64", "aarch64", "arm64", "amd64" */
	unsigned minor;      /* of Python 3 */
};

/* INVALID: --target or --target-python is none that is known; the error tells those that are. */
enum pipgate_status target_check(const struct source_settings *settings, struct pipgate_error *error) PIPGATE_MUST_USE;
/* The marker variables. Of this machine they are told by the files around the interpreter; no Python is started where those tell. */
enum pipgate_status target_markers(struct gathering *gathering, struct pipgate_environment *out, struct pipgate_error *error) PIPGATE_MUST_USE;
/* Was another machine or Python asked for? Then *out is it (environment: what target_markers() gave). */
bool target_is_other(const struct gathering *gathering, const struct pipgate_environment *environment, struct target *out);
/* Does a wheel of this file name fit? Any glibc or macOS release is taken as new enough. A name that is none does not fit. */
bool target_fits(const struct target *target, struct span wheel);
/* --platform …, --python-version, --only-binary :all: for pip's resolution; nothing where no other machine was asked for. */
enum pipgate_status target_pip_words(const struct source_settings *settings, struct words *words, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
