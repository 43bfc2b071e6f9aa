"""What on-call engineers look at and repair in a deployed pipeline."""
