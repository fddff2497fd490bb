/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate policy …`: one function a sub-command; argv[0] is its name. */
#ifndef WRAPPER_COMMAND_POLICY_H
#define WRAPPER_COMMAND_POLICY_H

int policy_show(int argc, char **argv);
int policy_check(int argc, char **argv);
int policy_trust(int argc, char **argv);
int policy_untrust(int argc, char **argv);
int policy_test(int argc, char **argv);
int policy_simulate(int argc, char **argv);

#endif
