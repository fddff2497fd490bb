# SPDX-License-Identifier: Apache-2.0
"""What the tests share. Python 3.8, standard library only."""
