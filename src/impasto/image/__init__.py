"""Files to arrays and back; colour; regions; tile plans."""
