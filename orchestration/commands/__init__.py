"""What each task does, from the words that the user typed to the exit status."""
