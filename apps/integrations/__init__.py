"""What partners' systems speak to: keys for them, and the EPCIS 2.0 capture and query interface."""
