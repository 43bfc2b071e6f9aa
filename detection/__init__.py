"""Rules, models and their evaluation. Needs no AWS."""
