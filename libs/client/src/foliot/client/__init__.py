"""A typed client of the API: requests as data (`operations`), and two transports that send them (`aio`, `http`)."""
