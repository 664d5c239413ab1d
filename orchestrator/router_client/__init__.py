"""The deployed routing Worker, as its client sees it: tasks, registrations, the journal and the scheduled run."""
