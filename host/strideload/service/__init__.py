"""Running a host at home: as a service of the system, backed up and restored."""
