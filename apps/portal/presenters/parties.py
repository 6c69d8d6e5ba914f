"""The two sides of an appointment by name, because both read the same words."""

from dataclasses import dataclass

from apps.accounts.actors import Side


@dataclass(frozen=True)
class Parties:
    """The shipper's name, and the recipient's as its site is called."""

    shipper: str
    recipient: str

    def name(self, side: str) -> str:
        """The name of a side; Dockside's own for what the network does by itself."""
        return {Side.SHIPPER: self.shipper, Side.RECIPIENT: self.recipient}.get(Side(side), "Dockside")

    def other(self, side: str) -> str:
        """The name of the side that answers ``side``."""
        return self.name(Side(side).other)
