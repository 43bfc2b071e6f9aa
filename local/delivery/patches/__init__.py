"""Changes to ministack at run time, one module per subject. No other code in the repository modifies it."""
