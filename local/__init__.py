"""The embedded AWS: the emulator that the environment `local` is deployed to."""
