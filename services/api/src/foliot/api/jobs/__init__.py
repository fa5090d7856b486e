"""Changes of jobs: create, edit, pause, resume, cancel, delete, run, replay."""
