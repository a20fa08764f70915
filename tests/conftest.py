"""Hypothesis profiles: GRADCHECK_PROFILE, or --hypothesis-profile, which comes after and wins."""

from __future__ import annotations

import os
import signal

from hypothesis import settings

from gradcheck.strategies import register_profiles

register_profiles()
settings.load_profile(os.environ.get("GRADCHECK_PROFILE", "student"))

# A shell without job control starts what runs in the background deaf to Ctrl-C, and so would be
# whatever the tests of it start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
