"""The policy pack: security controls as rules, which the engine enforces on every preview and deployment."""
