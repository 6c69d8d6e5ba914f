"""The network's own log: what every shipper's log had become on each day, without telling whose is what."""
