"""The subcommands of ``python -m models``, a module each."""

import os

# The matrix products of a minibatch are small: spread over cores they take longer, up to tenfold
# where other work runs. The libraries read this when NumPy is loaded, which is after this module
# is; what the user has said stands.
for _variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_variable, "1")
