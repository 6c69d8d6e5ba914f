"""What the local services raise when they cannot do what was asked."""


class LocalServiceError(RuntimeError):
    """Said to the person at the terminal as it is: it names what is wrong and what to do."""
