"""What the account holds, and the rules that the real system enforces; no wire format here."""
