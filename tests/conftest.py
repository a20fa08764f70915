"""Hypothesis profiles: GRADCHECK_PROFILE, or --hypothesis-profile, which comes after and wins."""

from __future__ import annotations

import os

from hypothesis import settings

from gradcheck.strategies import register_profiles

register_profiles()
settings.load_profile(os.environ.get("GRADCHECK_PROFILE", "student"))
