"""How often a law draws: as many examples as it asks for, or as the user's profile does where that is fewer."""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def usual(examples: int) -> settings:
    """Settings for a law that builds modules: no deadline unless the user's profile changes the default one."""
    default = settings()
    deadline = default.deadline if default.deadline != settings.get_profile("default").deadline else None
    most = min(examples, default.max_examples)
    return settings(max_examples=most, deadline=deadline, database=None, suppress_health_check=list(HealthCheck))
