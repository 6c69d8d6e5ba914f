"""What others may ask of tracking: take what vehicles report."""

from apps.tracking.services.positions import Answer, Outcome, Said, forget_positions, take_positions

__all__ = ["Answer", "Outcome", "Said", "forget_positions", "take_positions"]
