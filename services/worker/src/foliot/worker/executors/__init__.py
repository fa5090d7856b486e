"""How an attempt of each job_type is carried out: one executor a job_type, the protocol is in `attempt`."""
