"""What the tasks of rules show to users; what rules are and mean is detection's and the fraud function's."""
