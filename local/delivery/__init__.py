"""What AWS has and ministack lacks, run inside the daemon: pipe to bus, rule to function, mail."""
