"""Forms of values that are common in files: times, amounts, codes and labels."""
