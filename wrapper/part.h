/* SPDX-License-Identifier: Apache-2.0 */
/* The program's other parts (pipgate-fetch, the hook, the starter set): beside the program itself, else where it was installed;
 * never by PATH or environment. */
#ifndef WRAPPER_PART_H
#define WRAPPER_PART_H

#include <limits.h>
#include <stdbool.h>

bool part_find(char path[PATH_MAX], const char *name); /* false: in neither place; path is the second */

#endif
