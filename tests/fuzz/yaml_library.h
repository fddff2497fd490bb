/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libfyaml 0.7 keeps the room of a quoted scalar of many parts (its issue 233). Leaks of memory that libfyaml took are not
 * told here, so an event or parser that we forget is not either: valgrind over the unit tests looks for those.
 */
#ifndef TESTS_FUZZ_YAML_LIBRARY_H
#define TESTS_FUZZ_YAML_LIBRARY_H

const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml.so\n";
}

#endif
