"""What components take, from what the domain says: pure functions, one module per subject."""
