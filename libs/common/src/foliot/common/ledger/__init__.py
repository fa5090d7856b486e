"""PostgreSQL: every statement that changes what a job or an attempt is, beside the SQL it runs."""
