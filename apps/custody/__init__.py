"""A shipper's custody log: events, Merkle tree, checkpoints, bundles that prove themselves offline."""
