/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that this project does not call, refused by the compiler. Included last in every .c file. */
#ifndef PIPGATE_BASE_BANNED_H
#define PIPGATE_BASE_BANNED_H

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok atoi atol atoll atof mktemp tmpnam tempnam system popen

#endif
