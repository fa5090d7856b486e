"""What the API does to jobs: create, edit, pause, resume, cancel, run, replay."""
