"""What the checks cost, what they see and miss, and whether their bounds hold: measured.

Each module is a script: ``python -m tests.benchmarks.error_bounds --help``, from a checkout.

Linear algebra runs in one thread here, so that times compare algorithms and not schedulers;
the libraries read these variables when they are first imported, which is after this file.
"""

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"
