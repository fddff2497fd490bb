/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XML 1.0 written piece by piece into a buf, a failure sticks in the buf. The bytes are ASCII: every other character is a
 * reference (&#x202E;), so that nothing in a file steers who looks at it; what XML 1.0 does not allow, and broken bytes, are U+FFFD.
 */
#ifndef WRAPPER_REPORT_XML_WRITER_H
#define WRAPPER_REPORT_XML_WRITER_H

#include "matcher/base/buf.h"

void xml_begin(struct buf *out);                     /* the declaration */
void xml_open(struct buf *out, const char *name);    /* <name, for attributes to follow */
void xml_attribute(struct buf *out, const char *name, struct span value);
void xml_inside(struct buf *out);                    /* > */
void xml_empty(struct buf *out);                     /* /> */
void xml_close(struct buf *out, const char *name);   /* </name> */
void xml_text(struct buf *out, struct span text);
void xml_element(struct buf *out, const char *name, struct span text); /* <name>text</name> */
void xml_number(struct buf *out, const char *name, size_t value);      /* an attribute */

#endif
