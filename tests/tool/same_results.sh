#!/usr/bin/env bash
# Two tools give the same results: same_results.sh OLD_TOOL NEW_TOOL [--quick] [--jobs N] [--only TEXT] [--baseline DIR] [--keep DIR]
# Runs both over the model zoo (NUQ_MODEL_ZOO) and compares exit codes, both outputs and every written file byte for byte;
# times alone may differ. One line per difference and a closing count; exit 0 none, 1 some, 2 wrong usage, 77 no zoo.
set -euo pipefail
command -v python3 > /dev/null || { echo "same_results.sh: needs python3" >&2; exit 2; }
exec python3 "$(dirname "$0")/same_results.py" "$@"
