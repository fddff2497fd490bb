#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# packaging/profiles/*.yaml as a table of texts in C, on standard output.
set -eu

echo '/* made from the files of packaging/profiles */'
echo '#include "wrapper/policy/layers.h"'
echo
echo 'const struct policy_profile policy_profiles[] = {'
for f in "$@"; do
	name=${f##*/}
	printf '\t{"%s",\n' "${name%.yaml}"
	sed 's/\\/\\\\/g; s/"/\\"/g; s/.*/\t\t"&\\n"/' "$f"
	printf '\t},\n'
done
printf '\t{NULL, NULL},\n};\n'
