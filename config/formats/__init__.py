"""How Dockside writes dates and times per language."""
